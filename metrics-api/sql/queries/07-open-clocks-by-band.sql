-- title: Open clocks by band
-- question: How many people are waiting at this moment, and how many of them are close to two hours or past it?
-- read: One row a provider. Due within 30 minutes is the band 90_to_120m. Past two hours means breached, no visit recorded: the
--   visit may have happened and not be written up yet. The figures age by themselves while no message comes.
SELECT f.area AS provider,
       SUM(f.numerator) AS waiting,
       SUM(CASE WHEN f.band IN ('0_to_60m', '60_to_90m') THEN f.numerator ELSE 0 END) AS under_90_minutes,
       SUM(CASE WHEN f.band = '90_to_120m' THEN f.numerator ELSE 0 END) AS due_within_30_minutes,
       SUM(CASE WHEN f.band = 'over_120m' THEN f.numerator ELSE 0 END) AS past_two_hours,
       MAX(f.as_of) AS as_of
FROM outcomes.ucr_open_clocks f
WHERE f.basis = 'live'
  AND f.level = 'provider'
  AND f.period_kind = 'now'
GROUP BY f.area
ORDER BY past_two_hours DESC, provider;
