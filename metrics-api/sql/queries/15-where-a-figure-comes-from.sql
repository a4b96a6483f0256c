-- title: Where a figure comes from
-- question: Which definition, in which version, made the figure of Devon, who answers for it, and how fresh is it?
-- read: The checksum names the exact SQL; meta.definitions holds its text. The note of the basis says what is counted. A figure is
--   as fresh as as_of; status says how final it is.
SELECT f.indicator,
       f.version,
       d.sql_sha256,
       i.owner,
       i.checker,
       i.next_review,
       f.basis,
       b.note AS what_is_counted,
       f.numerator,
       f.denominator,
       f.status,
       f.release,
       p.statement,
       f.as_of,
       s.age_seconds
FROM outcomes.figures f
JOIN meta.definitions d ON d.indicator = f.indicator AND d.version = f.version
JOIN meta.indicators i ON i.indicator = f.indicator
JOIN meta.bases b ON b.indicator = f.indicator AND b.basis = f.basis
JOIN meta.policies p ON p.release = f.release
CROSS JOIN meta.freshness s
WHERE f.indicator = 'ucr-two-hour-response'
  AND f.basis = 'published'
  AND f.level = 'icb'
  AND f.area = 'QJK'
  AND f.period_kind = 'month'
ORDER BY f.period;
