-- title: As known on a day
-- question: What did the published monthly rates of each provider look like on the morning of 1 May 2025?
-- read: The figures as they were shown at that instant, whatever has changed since. Days and months have such a past; rolling
--   windows and open clocks do not. Put any instant in place of this one, with its offset from Greenwich.
SELECT h.area AS provider,
       h.period AS month,
       h.numerator AS in_time,
       h.denominator AS all_clocks,
       h.value AS rate,
       h.status,
       h.known_at,
       h.replaced_at
FROM outcomes.figures_history h
WHERE h.indicator = 'ucr-two-hour-response'
  AND h.basis = 'published'
  AND h.level = 'provider'
  AND h.period_kind = 'month'
  AND h.known_at <= TIMESTAMP WITH TIME ZONE '2025-05-01 08:00:00+01'
  AND (h.replaced_at IS NULL OR h.replaced_at > TIMESTAMP WITH TIME ZONE '2025-05-01 08:00:00+01')
ORDER BY h.area, h.period;
