-- title: Months of an integrated care board
-- question: How did Devon's published two-hour rate go over the months, and which of them may still change?
-- read: A month whose status is provisional or live will still move. The two targets are data with a source: draw both.
SELECT f.period AS month,
       f.numerator AS in_time,
       f.denominator AS all_clocks,
       f.value AS rate,
       f.lower,
       f.upper,
       f.status,
       local.value AS local_target,
       national.value AS national_minimum
FROM outcomes.ucr_two_hour_response f
LEFT JOIN meta.targets local
  ON local.indicator = f.indicator AND local.target = 'local'
 AND local.valid_from <= f.first_day AND (local.valid_to IS NULL OR f.first_day < local.valid_to)
LEFT JOIN meta.targets national
  ON national.indicator = f.indicator AND national.target = 'national'
 AND national.valid_from <= f.first_day AND (national.valid_to IS NULL OR f.first_day < national.valid_to)
WHERE f.basis = 'published'
  AND f.level = 'icb'
  AND f.area = 'QJK'
  AND f.period_kind = 'month'
ORDER BY f.period;
