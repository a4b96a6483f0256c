-- title: What is amiss in submissions
-- question: Which faults do the submissions that count carry, month by month, and how many rows does each touch?
-- read: Newest month first, the largest number first. Refused and cascaded rows are in no figure; the others count. The feedback of a
--   submission names each row and how to mend it (homeward submission feedback). Empty under a publication tick.
SELECT q.period AS month,
       q.provider,
       q.measure,
       q.numerator AS rows_touched,
       q.meaning
FROM outcomes.data_quality q
WHERE q.measure IN ('refused_rows', 'cascaded_rows', 'orphans', 'duplicates', 'negative_waits', 'placeholder_ids')
  AND q.numerator > 0
ORDER BY q.period DESC, q.numerator DESC, q.provider, q.measure;
