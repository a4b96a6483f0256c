-- title: Two-hour response by local care partnership, this month
-- question: How many people in a crisis were seen within two hours in each partnership since the month began, and is that below the target?
-- read: rate is a ratio from 0 to 1; lower and upper are its 95% interval. Below target means surely below: the whole interval
--   lies under the line. Where it says too few to be sure, the difference could be chance. Never average the rates: add the counts.
SELECT f.area_name AS partnership,
       f.numerator AS seen_in_time,
       f.denominator AS due,
       f.value AS rate,
       f.lower,
       f.upper,
       t.value AS target,
       CASE WHEN f.shown <> 'shown' THEN f.shown
            WHEN f.upper < t.value THEN 'below target'
            WHEN f.value < t.value THEN 'below, too few to be sure'
            ELSE 'at or above target' END AS verdict,
       f.as_of
FROM outcomes.ucr_two_hour_response f
JOIN meta.targets t
  ON t.indicator = f.indicator
 AND t.target = 'local'
 AND t.valid_from <= f.first_day
 AND (t.valid_to IS NULL OR f.first_day < t.valid_to)
WHERE f.basis = 'live'
  AND f.level = 'lcp'
  AND f.period_kind = 'window'
  AND f.period = 'mtd'
ORDER BY f.value NULLS LAST, f.area_name;
