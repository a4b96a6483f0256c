-- title: Are referrals growing?
-- question: How many people are referred for a two-hour response each month, and how does that compare with the month before?
-- read: Referrals, clocks and contacts are three different cohorts: do not divide this count into the rate's. The month under way is
--   not over and looks small: leave it out of a comparison.
SELECT f.area AS icb,
       f.period AS month,
       f.value AS referrals,
       f.value - LAG(f.value) OVER (PARTITION BY f.area ORDER BY f.period) AS more_than_the_month_before,
       f.rejected,
       f.period_end > f.as_of AS under_way
FROM outcomes.ucr_referrals f
WHERE f.basis = 'live'
  AND f.level = 'icb'
  AND f.period_kind = 'month'
ORDER BY f.area, f.period;
