-- UCR two-hour response: how many two-hour referrals were answered within 120 minutes.
--
-- Reads   csds_clock  one row a clock, newest CSDS knowledge only
--         live_clock  one row a clock, CSDS over live events, live where CSDS is silent
--         period      the days, months and windows to fill; starts_at <= instant < ends_at
-- $as_of  the instant the figures speak for: what lies after it has not happened yet
--
-- Each clock gets ONE outcome and ONE instant (counted_at) that puts it into a period:
--   stopped               its end
--   breached and open     the instant it was due
--   everything else       its start
-- E1 to E22 are the edge rules of the handbook, ucr.md section 4. Minutes have their seconds dropped already (E2).

WITH

-- 1. The official cohort (UCR-OFF): clocks with an end date.
--    From 1 April 2023 the waiting type alone decides; before, type 05 or 07 of the old UCR teams (E13).
--    2023-03-31 23:00 UTC is midnight of 1 April 2023 in London.
official_clock AS (
  SELECT *
  FROM csds_clock
  WHERE (stopped_at >= TIMESTAMP '2023-03-31 23:00:00' AND waiting_type = '05')
     OR (stopped_at <  TIMESTAMP '2023-03-31 23:00:00' AND waiting_type IN ('05', '07') AND pre_2023_ucr_team)
),

-- 2. Their outcomes, by the wall clock (naive) and by true elapsed minutes.
--    A missing time leaves the minutes empty: in the denominator, not met (E3). A negative wait is not met (E5).
--    An end after $as_of is held back until it is reached (E18).
official_outcome AS (
  SELECT
    provider, icb, lcp, pcn, source_rank,
    rtt_start_at, due_at, stopped_at, rejected_at, reclassified_at, superseded,
    naive_minutes, true_minutes, clock_change,
    CASE
      WHEN stopped_at > $as_of              THEN 'held back'
      WHEN naive_minutes BETWEEN 0 AND 120  THEN 'met'
      ELSE                                       'late'
    END AS naive_outcome,
    CASE
      WHEN stopped_at > $as_of              THEN 'held back'
      WHEN true_minutes BETWEEN 0 AND 120   THEN 'met'
      ELSE                                       'late'
    END AS true_outcome,
    CASE WHEN stopped_at > $as_of THEN rtt_start_at ELSE stopped_at END AS counted_at
  FROM official_clock
),

-- 3. The operational cohort (UCR-OPS): every type 05 clock that has started, stopped or not. The order of the lines matters.
live_outcome AS (
  SELECT
    provider, icb, lcp, pcn, source_rank,
    rtt_start_at, due_at, stopped_at, rejected_at, reclassified_at, superseded,
    naive_minutes, true_minutes, clock_change,
    CASE
      -- E12: a 07 clock with the same start took its place
      WHEN superseded AND (reclassified_at IS NULL OR reclassified_at <= $as_of)   THEN 'excluded'
      WHEN stopped_at <= $as_of AND true_minutes BETWEEN 0 AND 120                 THEN 'met'
      WHEN stopped_at <= $as_of                                                    THEN 'late'
      -- E10: rejected or redirected before any contact
      WHEN rejected_at <= $as_of                                                   THEN 'excluded'
      -- E16: withdrawn, died, admitted, refused before it was due. A treatment was given, so its end is only missing.
      WHEN closed_at <= $as_of AND closed_at < due_at
           AND closure_group IS DISTINCT FROM 'treatment_completed'                THEN 'excluded'
      WHEN due_at <= $as_of                                                        THEN 'breached'
      ELSE                                                                              'open'
    END AS outcome
  FROM live_clock
  WHERE waiting_type = '05'
    AND (rtt_start_at <= $as_of OR stopped_at <= $as_of)
),

live_placed AS (
  SELECT
    *,
    CASE
      WHEN outcome IN ('met', 'late') THEN stopped_at
      WHEN outcome = 'breached'       THEN due_at
      ELSE                                 rtt_start_at
    END AS counted_at
  FROM live_outcome
),

-- 4. The bases side by side: which minutes, which outcome.
counted AS (
  SELECT 'published' AS basis,
         provider, icb, lcp, pcn, source_rank, rtt_start_at, due_at, stopped_at, rejected_at, reclassified_at, superseded,
         clock_change, naive_minutes AS minutes, naive_outcome AS outcome, counted_at
  FROM official_outcome

  UNION ALL
  -- E3, variant: without the clocks that cannot be assessed
  SELECT 'published-assessable' AS basis,
         provider, icb, lcp, pcn, source_rank, rtt_start_at, due_at, stopped_at, rejected_at, reclassified_at, superseded,
         clock_change, naive_minutes AS minutes, naive_outcome AS outcome, counted_at
  FROM official_outcome
  WHERE naive_minutes IS NOT NULL

  UNION ALL
  SELECT 'true' AS basis,
         provider, icb, lcp, pcn, source_rank, rtt_start_at, due_at, stopped_at, rejected_at, reclassified_at, superseded,
         clock_change, true_minutes AS minutes, true_outcome AS outcome, counted_at
  FROM official_outcome

  UNION ALL
  SELECT 'live' AS basis,
         provider, icb, lcp, pcn, source_rank, rtt_start_at, due_at, stopped_at, rejected_at, reclassified_at, superseded,
         clock_change, true_minutes AS minutes, outcome, counted_at
  FROM live_placed

  UNION ALL
  -- UCR-BEST: the same clocks, as if every one that still can be met will be
  SELECT 'best' AS basis,
         provider, icb, lcp, pcn, source_rank, rtt_start_at, due_at, stopped_at, rejected_at, reclassified_at, superseded,
         clock_change, true_minutes AS minutes, outcome, counted_at
  FROM live_placed
)

-- 5. Cells. Everything adds up over cells; ratios are made last, outside.
SELECT
  c.basis, c.provider, c.icb, c.lcp, c.pcn, p.period,

  count(*) FILTER (WHERE c.outcome = 'met'
                      OR (c.outcome = 'open' AND c.basis = 'best'))                AS numerator,
  count(*) FILTER (WHERE c.outcome IN ('met', 'late', 'breached')
                      OR (c.outcome = 'open' AND c.basis = 'best'))                AS denominator,
  min(c.source_rank)                                                               AS source_rank,

  count(*) FILTER (WHERE c.outcome = 'open')                                       AS count_open,
  count(*) FILTER (WHERE c.outcome = 'excluded')                                   AS count_excluded,
  count(*) FILTER (WHERE c.outcome = 'breached')                                   AS count_breached_open,
  count(*) FILTER (WHERE c.outcome IN ('met', 'late') AND c.minutes IS NULL)       AS count_unassessable,

  count(*) FILTER (WHERE c.outcome = 'late' AND c.minutes < 0)                     AS flag_negative_wait,
  count(*) FILTER (WHERE c.outcome = 'late' AND c.minutes > 30 * 24 * 60)          AS flag_over_30_days,
  count(*) FILTER (WHERE c.outcome IN ('met', 'late') AND c.clock_change)          AS flag_clock_change,
  count(*) FILTER (WHERE c.stopped_at > $as_of)                                    AS flag_future_end,
  count(*) FILTER (WHERE c.outcome IN ('met', 'late') AND c.minutes IS NULL)       AS flag_unassessable,
  count(*) FILTER (WHERE c.outcome = 'excluded' AND c.rejected_at > c.due_at)      AS flag_late_rejection,
  count(*) FILTER (WHERE c.outcome = 'excluded' AND c.superseded
                     AND c.reclassified_at > c.due_at)                             AS flag_reclassified_after_breach
FROM counted c
JOIN period p
  ON c.counted_at >= p.starts_at AND c.counted_at < p.ends_at
WHERE p.grain IN ('day', 'month', 'window')
GROUP BY c.basis, c.provider, c.icb, c.lcp, c.pcn, p.period
