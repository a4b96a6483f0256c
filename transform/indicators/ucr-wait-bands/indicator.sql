-- UCR waits in bands: how long the clocks ran that stopped.
--
-- Reads   csds_clock  one row a clock, newest CSDS knowledge only
--         live_clock  one row a clock, CSDS over live events
--         period      the days and months to fill; starts_at <= instant < ends_at
-- $as_of  the instant the figures speak for: an end after it is held back (E18)

WITH

-- 1. Stopped clocks: the cohorts of ucr-two-hour-response.
stopped AS (
  SELECT 'published' AS basis, provider, icb, lcp, pcn, source_rank, stopped_at, naive_minutes AS minutes
  FROM csds_clock
  WHERE stopped_at <= $as_of
    AND ((stopped_at >= TIMESTAMP '2023-03-31 23:00:00' AND waiting_type = '05')
      OR (stopped_at <  TIMESTAMP '2023-03-31 23:00:00' AND waiting_type IN ('05', '07') AND pre_2023_ucr_team))

  UNION ALL
  SELECT 'live' AS basis, provider, icb, lcp, pcn, source_rank, stopped_at, true_minutes AS minutes
  FROM live_clock
  WHERE stopped_at <= $as_of
    AND waiting_type = '05'
    AND NOT (superseded AND (reclassified_at IS NULL OR reclassified_at <= $as_of))
),

-- 2. Their bands.
banded AS (
  SELECT
    *,
    CASE
      WHEN minutes IS NULL OR minutes < 0 THEN 'Unknown'
      WHEN minutes <= 15                  THEN '0-15'
      WHEN minutes <= 30                  THEN '15-30'
      WHEN minutes <= 45                  THEN '30-45'
      WHEN minutes <= 60                  THEN '45-60'
      WHEN minutes <= 75                  THEN '60-75'
      WHEN minutes <= 90                  THEN '75-90'
      WHEN minutes <= 105                 THEN '90-105'
      WHEN minutes <= 120                 THEN '105-120'
      ELSE                                     'Over 120'
    END AS band
  FROM stopped
)

-- 3. Cells.
SELECT
  b.basis, b.provider, b.icb, b.lcp, b.pcn, b.band, p.period,
  count(*)              AS numerator,
  CAST(NULL AS BIGINT)  AS denominator,
  min(b.source_rank)    AS source_rank
FROM banded b
JOIN period p
  ON b.stopped_at >= p.starts_at AND b.stopped_at < p.ends_at
WHERE p.grain IN ('day', 'month')
GROUP BY b.basis, b.provider, b.icb, b.lcp, b.pcn, b.band, p.period
