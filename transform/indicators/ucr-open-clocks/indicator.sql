-- Open UCR clocks: who is waiting at this instant, by how long.
--
-- Reads   live_clock  one row a clock, CSDS over live events
--         period      only the period 'now'
-- $as_of  the instant the figures speak for; the bands move with it although no message comes
--
-- A clock is on the list while it is known from the live feed, of type 05, started, and neither stopped, closed, rejected
-- nor reclassified. Bands are by true minutes since the start, lower bound inclusive: a clock that falls due exactly at
-- $as_of is over_120m. 90_to_120m is "due within 30 minutes", over_120m is "breached and open".

WITH

waiting AS (
  SELECT
    provider, icb, lcp, pcn, source_rank,
    CASE
      WHEN due_at                         <= $as_of THEN 'over_120m'
      WHEN due_at - INTERVAL '30 minutes' <= $as_of THEN '90_to_120m'
      WHEN due_at - INTERVAL '60 minutes' <= $as_of THEN '60_to_90m'
      ELSE                                               '0_to_60m'
    END AS band
  FROM live_clock
  WHERE on_feed
    AND waiting_type = '05'
    AND rtt_start_at <= $as_of
    AND (stopped_at  IS NULL OR stopped_at  > $as_of)   -- E18: an end in the future has not come
    AND (rejected_at IS NULL OR rejected_at > $as_of)   -- E10
    AND (closed_at   IS NULL OR closed_at   > $as_of)   -- E16
    AND NOT (superseded AND (reclassified_at IS NULL OR reclassified_at <= $as_of))   -- E12
)

SELECT
  'live' AS basis, w.provider, w.icb, w.lcp, w.pcn, w.band, p.period,
  count(*)              AS numerator,
  CAST(NULL AS BIGINT)  AS denominator,
  min(w.source_rank)    AS source_rank
FROM waiting w
CROSS JOIN period p
WHERE p.period = 'now'
GROUP BY w.provider, w.icb, w.lcp, w.pcn, w.band, p.period
