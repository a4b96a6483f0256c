-- title: Can the target still be reached this month?
-- question: In which areas can the 80% no longer be reached by the referrals received so far, even if every open clock is met?
-- read: The best basis counts every open clock that is not yet due as if it will be met: an upper limit, not an estimate. Below the
--   target the month is lost for the referrals received so far. late_left says how many more late responses the month could bear.
SELECT b.level,
       b.area,
       b.numerator AS at_best_in_time,
       b.denominator AS all_clocks,
       b.value AS best_case,
       t.value AS target,
       CAST(FLOOR((1 - t.value) * b.denominator) AS bigint) - (b.denominator - b.numerator) AS late_left
FROM outcomes.ucr_two_hour_response b
JOIN meta.targets t
  ON t.indicator = b.indicator AND t.target = 'local'
 AND t.valid_from <= b.first_day AND (t.valid_to IS NULL OR b.first_day < t.valid_to)
WHERE b.basis = 'best'
  AND b.level IN ('icb', 'lcp')
  AND b.period_kind = 'window'
  AND b.period = 'mtd'
  AND b.value < t.value
ORDER BY b.value, b.level, b.area;
