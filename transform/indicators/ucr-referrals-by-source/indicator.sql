-- UCR two-hour referrals by source: who referred.
--
-- Reads   csds_clock, live_clock        which referrals are two-hour referrals, as ucr-referrals counts them
--         csds_referral, live_referral  the code of the source as CSDS sends it
--         period                        the days and months to fill; starts_at <= instant < ends_at
-- $as_of  the instant the figures speak for

WITH

-- 1. Clocks that make a referral a two-hour referral: word for word those of ucr-referrals (E11, E12, E13).
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

-- 2. One row a referral, however many clocks it has (E8).
referral AS (
  SELECT
    basis, provider, service_request_id, icb, lcp, pcn, received_at,
    min(source_rank)  AS source_rank,
    min(source_group) AS source_group
  FROM two_hour_clock
  GROUP BY basis, provider, service_request_id, icb, lcp, pcn, received_at
),

-- 3. The code of the source, for want of a group.
coded AS (
  SELECT 'published' AS basis, provider, service_request_id, source_of_referral FROM csds_referral
  UNION ALL
  SELECT 'live' AS basis, provider, service_request_id, source_of_referral FROM live_referral
),

sourced AS (
  SELECT
    r.*,
    CASE
      WHEN r.source_group IS NOT NULL       THEN r.source_group
      WHEN c.source_of_referral IS NOT NULL THEN 'not mapped'
      ELSE                                       'unknown'
    END AS source
  FROM referral r
  LEFT JOIN coded c
    ON c.basis = r.basis AND c.provider = r.provider AND c.service_request_id = r.service_request_id
)

-- 4. Cells.
SELECT
  s.basis, s.provider, s.icb, s.lcp, s.pcn, s.source, p.period,
  count(*)              AS numerator,
  CAST(NULL AS BIGINT)  AS denominator,
  min(s.source_rank)    AS source_rank
FROM sourced s
JOIN period p
  ON s.received_at >= p.starts_at AND s.received_at < p.ends_at
WHERE p.grain IN ('day', 'month')
GROUP BY s.basis, s.provider, s.icb, s.lcp, s.pcn, s.source, p.period
