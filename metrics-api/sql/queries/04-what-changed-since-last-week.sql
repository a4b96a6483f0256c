-- title: What changed since last week, and why
-- question: Which monthly published rates changed in the last seven days, from what to what, and why?
-- read: One row a change. Before is empty for a month that was first shown in these days. The reason counts records: "14 clocks
--   gained an RTT end in the Refresh". Under a public policy the reason is left out.
WITH month AS (
  SELECT area, area_name, period, numerator, denominator, value, known_at, replaced_at, because
  FROM outcomes.figures_history
  WHERE indicator = 'ucr-two-hour-response'
    AND basis = 'published'
    AND level = 'provider'
    AND period_kind = 'month'
)
SELECT new.area AS provider,
       new.period AS month,
       old.numerator AS in_time_before,
       old.denominator AS all_before,
       new.numerator AS in_time_now,
       new.denominator AS all_now,
       new.known_at AS changed_at,
       new.because
FROM month new
LEFT JOIN month old
  ON old.area = new.area AND old.period = new.period AND old.replaced_at = new.known_at
CROSS JOIN meta.freshness f
WHERE new.known_at > f.as_of - INTERVAL '7 days'
ORDER BY new.known_at, new.area, new.period;
