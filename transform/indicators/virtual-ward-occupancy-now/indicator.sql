-- Virtual ward occupancy now: patients over beds at this instant.
--
-- Reads   virtual_ward_stay      merged stays: admitted_at <= instant < discharged_at, or open
--         virtual_ward_capacity  beds of each ward, each row until valid_until
--         period                 only the period 'now'
-- $as_of  the instant the figures speak for

WITH

patient AS (
  SELECT
    provider, ward, count(*) AS patients,
    count(*) FILTER (WHERE discharged_at IS NULL AND recorded_at + INTERVAL '30 days' <= $as_of) AS stale   -- rule 7
  FROM virtual_ward_stay
  WHERE admitted_at <= $as_of AND (discharged_at IS NULL OR discharged_at > $as_of)
  GROUP BY provider, ward
),

bed AS (
  SELECT provider, ward, icb, pathway, beds
  FROM virtual_ward_capacity
  WHERE valid_from <= $as_of AND (valid_until IS NULL OR valid_until > $as_of)
),

census AS (
  SELECT
    coalesce(p.provider, b.provider)  AS provider,
    coalesce(p.ward, b.ward)          AS ward,
    b.icb,
    coalesce(b.pathway, 'unknown')    AS pathway,
    coalesce(p.patients, 0)           AS patients,
    coalesce(p.stale, 0)              AS stale,
    b.beds
  FROM patient p
  FULL JOIN bed b
    ON b.provider = p.provider AND b.ward = p.ward
)

SELECT
  'live' AS basis, c.provider, c.icb, CAST(NULL AS VARCHAR) AS lcp, CAST(NULL AS VARCHAR) AS pcn,
  c.ward, c.pathway, p.period,

  sum(c.patients)                                                       AS numerator,
  sum(c.beds)                                                           AS denominator,
  1                                                                     AS source_rank,

  sum(CASE WHEN c.beds > 0 AND c.patients > c.beds THEN 1 ELSE 0 END)   AS flag_over_capacity,
  sum(CASE WHEN c.beds > 0 THEN 0 ELSE c.patients END)                  AS flag_no_beds,
  sum(c.stale)                                                          AS flag_stale_open
FROM census c
CROSS JOIN period p
WHERE p.grain = 'now'
GROUP BY c.provider, c.icb, c.ward, c.pathway, p.period
