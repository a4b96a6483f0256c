-- title: An area of your own
-- question: What is the two-hour rate of the Northern and Eastern partnerships together, month by month?
-- read: Numerators and denominators are added over the areas and divided once; the average of their rates would be wrong. Partnerships
--   do not overlap, so nobody counts twice. Under a policy that rounds or suppresses, the sum of rounded counts is not the rounded sum.
SELECT f.period AS month,
       SUM(f.numerator) AS in_time,
       SUM(f.denominator) AS due,
       CAST(SUM(f.numerator) AS double precision) / NULLIF(SUM(f.denominator), 0) AS rate,
       SUM(CASE WHEN f.shown = 'suppressed' THEN 1 ELSE 0 END) AS suppressed_parts
FROM outcomes.ucr_two_hour_response f
WHERE f.basis = 'live'
  AND f.level = 'lcp'
  AND f.area IN ('Northern', 'Eastern')
  AND f.period_kind = 'month'
GROUP BY f.period
ORDER BY f.period;
