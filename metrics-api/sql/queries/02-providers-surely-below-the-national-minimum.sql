-- title: Providers surely below the national minimum
-- question: Which providers were below the national 70% in the last 28 days, beyond what chance explains?
-- read: Only providers whose whole 95% interval lies under the national line are listed. An empty answer means that no provider is
--   surely below, not that all are above.
SELECT f.area AS provider,
       f.area_name AS name,
       f.numerator AS seen_in_time,
       f.denominator AS due,
       f.value AS rate,
       f.upper AS at_best,
       t.value AS national_minimum
FROM outcomes.ucr_two_hour_response f
JOIN meta.targets t
  ON t.indicator = f.indicator
 AND t.target = 'national'
 AND t.valid_from <= f.first_day
 AND (t.valid_to IS NULL OR f.first_day < t.valid_to)
WHERE f.basis = 'live'
  AND f.level = 'provider'
  AND f.period_kind = 'window'
  AND f.period = '28d'
  AND f.shown = 'shown'
  AND f.upper < t.value
ORDER BY f.value, f.area;
