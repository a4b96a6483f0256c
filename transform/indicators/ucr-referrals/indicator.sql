-- UCR two-hour referrals: how many referrals subject to the two-hour standard were received.
--
-- Reads   csds_clock  one row a clock, newest CSDS knowledge only
--         live_clock  one row a clock, CSDS over live events
--         period      the days, months and windows to fill; starts_at <= instant < ends_at
-- $as_of  the instant the figures speak for
--
-- The period is that of the day the request was received, not of the clock's end: these referrals and the clocks of
-- ucr-two-hour-response are different cohorts and do not divide into one another.

WITH

-- 1. Clocks that make a referral a two-hour referral.
--    From 1 April 2023 type 05 alone; before, type 05 or 07 of the old UCR teams (E13). 2023-03-31 23:00 UTC is midnight in
--    London. A clock that was reclassified to 07 no longer does (E11, E12).
two_hour_clock AS (
  SELECT 'published' AS basis, *
  FROM csds_clock
  WHERE NOT superseded
    AND received_at <= $as_of
    AND ((received_at >= TIMESTAMP '2023-03-31 23:00:00' AND waiting_type = '05')
      OR (received_at <  TIMESTAMP '2023-03-31 23:00:00' AND waiting_type IN ('05', '07') AND pre_2023_ucr_team))

  UNION ALL
  SELECT 'live' AS basis, *
  FROM live_clock
  WHERE NOT (superseded AND (reclassified_at IS NULL OR reclassified_at <= $as_of))
    AND received_at <= $as_of
    AND waiting_type = '05'
),

-- 2. One row a referral: two clocks on one referral (E8) are one referral.
--    The later start (E17) is that of its first clock.
referral AS (
  SELECT
    basis, provider, service_request_id, icb, lcp, pcn, received_at,
    min(source_rank)                                     AS source_rank,
    min(rtt_start_at)                                    AS first_start_at,
    bool_or(rejected_at IS NOT NULL AND rejected_at <= $as_of) AS rejected
  FROM two_hour_clock
  GROUP BY basis, provider, service_request_id, icb, lcp, pcn, received_at
)

-- 3. Cells.
SELECT
  r.basis, r.provider, r.icb, r.lcp, r.pcn, p.period,

  count(*)                                                        AS numerator,
  CAST(NULL AS BIGINT)                                            AS denominator,
  min(r.source_rank)                                              AS source_rank,

  count(*) FILTER (WHERE r.rejected)                              AS count_rejected,
  count(*) FILTER (WHERE r.first_start_at > r.received_at)        AS count_started_later,

  count(*) FILTER (WHERE r.first_start_at < r.received_at)        AS flag_started_before_receipt
FROM referral r
JOIN period p
  ON r.received_at >= p.starts_at AND r.received_at < p.ends_at
WHERE p.grain IN ('day', 'month', 'window')
GROUP BY r.basis, r.provider, r.icb, r.lcp, r.pcn, p.period
