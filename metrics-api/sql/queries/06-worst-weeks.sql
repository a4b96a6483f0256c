-- title: Worst weeks
-- question: In which weeks did each integrated care board see the smallest share of people in time?
-- read: Days are added up to weeks from Monday: counts first, then one division. Weeks with fewer than 20 clocks are left out,
--   because their rates say little. Under a policy that rounds, sums of rounded days drift: read months instead.
SELECT f.area AS icb,
       CAST(date_trunc('week', f.first_day) AS date) AS week_from,
       SUM(f.numerator) AS in_time,
       SUM(f.denominator) AS due,
       CAST(SUM(f.numerator) AS double precision) / SUM(f.denominator) AS rate
FROM outcomes.ucr_two_hour_response f
WHERE f.basis = 'live'
  AND f.level = 'icb'
  AND f.period_kind = 'day'
  AND f.shown = 'shown'
GROUP BY f.area, CAST(date_trunc('week', f.first_day) AS date)
HAVING SUM(f.denominator) >= 20
ORDER BY rate, icb, week_from
LIMIT 10;
