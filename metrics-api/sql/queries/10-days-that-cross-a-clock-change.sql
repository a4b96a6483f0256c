-- title: Days that cross a clock change
-- question: On which days do the published and the true rate differ because the clocks went forward or back?
-- read: The published basis subtracts wall-clock times, the true basis counts minutes that passed. They differ on two nights a year.
--   The flag clock_change counts the waits concerned; it is not shown under a public policy.
SELECT p.area AS provider,
       p.first_day AS day,
       p.numerator AS in_time_by_the_wall_clock,
       t.numerator AS in_time_by_minutes_passed,
       p.denominator AS all_clocks,
       p.flags
FROM outcomes.ucr_two_hour_response p
JOIN outcomes.ucr_two_hour_response t
  ON t.area = p.area AND t.period = p.period
WHERE p.basis = 'published' AND p.level = 'provider' AND p.period_kind = 'day'
  AND t.basis = 'true' AND t.level = 'provider' AND t.period_kind = 'day'
  AND (p.flags LIKE '%clock_change%' OR p.numerator <> t.numerator)
ORDER BY p.first_day, p.area;
