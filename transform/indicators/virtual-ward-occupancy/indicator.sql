-- Virtual ward occupancy: patients at 08:00 over beds at 08:00, each morning that has come.
--
-- Reads   virtual_ward_stay      merged stays: admitted_at <= instant < discharged_at, or open
--         virtual_ward_capacity  beds of each ward, each row until valid_until
--         period                 the days and months to fill
-- $as_of  the instant the figures speak for: an 08:00 after it has not come
--
-- A day is VW-OCC-SNAP at its 08:00, a month VW-OCC-MEAN: sum of patients over sum of beds.

WITH

morning AS (
  SELECT period, at
  FROM (
    SELECT p.period, unnest(local_hours(p.starts_at, p.ends_at, 8)) AS at
    FROM period p
    WHERE p.grain IN ('day', 'month')
  )
  WHERE at <= $as_of
),

each AS (
  SELECT DISTINCT at FROM morning
),

every AS (
  SELECT array_agg(at) AS mornings FROM each
),

ward AS (
  SELECT provider, ward, profile(admitted_at, left_at) AS patients
  FROM virtual_ward_stay
  GROUP BY provider, ward
),

step AS (
  SELECT w.provider, w.ward, unnest(profile_at_each(w.patients, e.mornings)) AS step
  FROM ward w
  CROSS JOIN every e
),

patient AS (
  SELECT provider, ward, step['at'] AS at, step['count'] AS patients
  FROM step
  WHERE step['count'] > 0
),

stale AS (   -- rule 7
  SELECT s.provider, s.ward, e.at, count(*) AS stays
  FROM virtual_ward_stay s
  JOIN each e
    ON s.admitted_at <= e.at AND s.recorded_at + INTERVAL '30 days' <= e.at
  WHERE s.discharged_at IS NULL
  GROUP BY s.provider, s.ward, e.at
),

bed AS (
  SELECT b.provider, b.ward, e.at, b.icb, b.pathway, b.beds
  FROM virtual_ward_capacity b
  JOIN each e
    ON b.valid_from <= e.at AND (b.valid_until IS NULL OR b.valid_until > e.at)
),

census AS (
  SELECT
    coalesce(p.provider, b.provider)  AS provider,
    coalesce(p.ward, b.ward)          AS ward,
    coalesce(p.at, b.at)              AS at,
    b.icb,
    coalesce(b.pathway, 'unknown')    AS pathway,
    coalesce(p.patients, 0)           AS patients,
    b.beds
  FROM patient p
  FULL JOIN bed b
    ON b.provider = p.provider AND b.ward = p.ward AND b.at = p.at
)

SELECT
  'live' AS basis, c.provider, c.icb, CAST(NULL AS VARCHAR) AS lcp, CAST(NULL AS VARCHAR) AS pcn,
  c.ward, c.pathway, m.period,

  sum(c.patients)                                                       AS numerator,
  sum(c.beds)                                                           AS denominator,
  1                                                                     AS source_rank,

  sum(CASE WHEN c.beds > 0 AND c.patients > c.beds THEN 1 ELSE 0 END)   AS flag_over_capacity,
  sum(CASE WHEN c.beds > 0 THEN 0 ELSE c.patients END)                  AS flag_no_beds,
  sum(coalesce(s.stays, 0))                                             AS flag_stale_open
FROM census c
JOIN morning m ON m.at = c.at
LEFT JOIN stale s ON s.provider = c.provider AND s.ward = c.ward AND s.at = c.at
GROUP BY c.provider, c.icb, c.ward, c.pathway, m.period
