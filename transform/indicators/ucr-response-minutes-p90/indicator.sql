-- UCR response minutes: how long people waited from the clock's start to its end. One row a clock; the engine takes the
-- percentile of every level of area by itself.
--
-- Reads   csds_clock  one row a clock, newest CSDS knowledge only
--         live_clock  one row a clock, CSDS over live events, live where CSDS is silent
--         period      the months and windows to fill; starts_at <= instant < ends_at
-- $as_of  the instant the figures speak for: an end after it has not come yet (E18)
--
-- The clocks are those that ucr-two-hour-response counts as stopped, in the period of their end. Open clocks have no wait
-- yet and are not here: while people wait longer than those who were seen, this figure says too little.
-- E1 to E22 are the edge rules of the handbook, ucr.md section 4. Minutes have their seconds dropped already (E2).

WITH

-- 1. The official cohort (UCR-OFF), as ucr-two-hour-response has it: from 1 April 2023 the waiting type alone decides;
--    before, type 05 or 07 of the old UCR teams (E13). 2023-03-31 23:00 UTC is midnight of 1 April 2023 in London.
official_clock AS (
  SELECT *
  FROM csds_clock
  WHERE stopped_at <= $as_of
    AND ((stopped_at >= TIMESTAMP '2023-03-31 23:00:00' AND waiting_type = '05')
      OR (stopped_at <  TIMESTAMP '2023-03-31 23:00:00' AND waiting_type IN ('05', '07') AND pre_2023_ucr_team))
),

-- 2. The bases side by side: which clocks, which minutes.
stopped AS (
  SELECT 'published' AS basis, provider, icb, lcp, pcn, source_rank, stopped_at, clock_change, naive_minutes AS minutes
  FROM official_clock

  UNION ALL
  SELECT 'true' AS basis, provider, icb, lcp, pcn, source_rank, stopped_at, clock_change, true_minutes AS minutes
  FROM official_clock

  UNION ALL
  -- E12: a clock that a 07 clock with the same start took the place of is not one of ours
  SELECT 'live' AS basis, provider, icb, lcp, pcn, source_rank, stopped_at, clock_change, true_minutes AS minutes
  FROM live_clock
  WHERE waiting_type = '05'
    AND stopped_at <= $as_of
    AND NOT (superseded AND (reclassified_at IS NULL OR reclassified_at <= $as_of))
)

-- 3. One row a clock and period. A wait that is negative (E5) or whose times are missing (E3) has no measure: it is left out
--    of the percentile and flagged.
SELECT
  s.basis, s.provider, s.icb, s.lcp, s.pcn, p.period,

  CASE WHEN s.minutes >= 0 THEN s.minutes END                      AS measure,
  s.source_rank,

  CASE WHEN s.minutes < 0 THEN 1 ELSE 0 END                        AS flag_negative_wait,
  CASE WHEN s.minutes IS NULL THEN 1 ELSE 0 END                    AS flag_unassessable,
  CASE WHEN s.minutes > 30 * 24 * 60 THEN 1 ELSE 0 END             AS flag_over_30_days,
  CASE WHEN s.minutes >= 0 AND s.clock_change THEN 1 ELSE 0 END    AS flag_clock_change
FROM stopped s
JOIN period p
  ON s.stopped_at >= p.starts_at AND s.stopped_at < p.ends_at
WHERE p.grain = 'month' OR p.period IN ('window:7d', 'window:28d')
