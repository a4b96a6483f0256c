-- Virtual ward occupancy as published: patients over beds at 08:00 on the month's reference Thursday.
--
-- Reads   virtual_ward_stay      merged stays: admitted_at <= instant < discharged_at, or open
--         virtual_ward_capacity  beds of each ward, each row until valid_until
--         period                 the months to fill
-- $as_of  the instant the figures speak for: a reference morning after it has not come

WITH

reference AS (
  SELECT period, at, before
  FROM (
    SELECT
      period,
      reference_morning(local_date(starts_at))                      AS at,
      reference_morning(local_date(starts_at - INTERVAL '1 hour'))  AS before
    FROM period
    WHERE grain = 'month'
  )
  WHERE at <= $as_of
),

patient AS (
  SELECT
    r.period, s.provider, s.ward,
    count(*) FILTER (WHERE s.admitted_at <= r.at AND (s.discharged_at IS NULL OR s.discharged_at > r.at))          AS patients,
    count(*) FILTER (WHERE s.admitted_at <= r.before AND (s.discharged_at IS NULL OR s.discharged_at > r.before))  AS before
  FROM virtual_ward_stay s
  JOIN reference r
    ON s.admitted_at <= r.at AND (s.discharged_at IS NULL OR s.discharged_at > r.before)
  GROUP BY r.period, s.provider, s.ward
),

provider AS (
  SELECT period, provider, sum(patients) AS patients, sum(before) AS before
  FROM patient
  GROUP BY period, provider
),

bed AS (
  SELECT r.period, b.provider, b.ward, b.icb, b.pathway, b.beds
  FROM virtual_ward_capacity b
  JOIN reference r
    ON b.valid_from <= r.at AND (b.valid_until IS NULL OR b.valid_until > r.at)
),

census AS (
  SELECT
    coalesce(p.period, b.period)      AS period,
    coalesce(p.provider, b.provider)  AS provider,
    coalesce(p.ward, b.ward)          AS ward,
    b.icb,
    coalesce(b.pathway, 'unknown')    AS pathway,
    coalesce(p.patients, 0)           AS patients,
    b.beds
  FROM patient p
  FULL JOIN bed b
    ON b.period = p.period AND b.provider = p.provider AND b.ward = p.ward
)

SELECT
  'live' AS basis, c.provider, c.icb, CAST(NULL AS VARCHAR) AS lcp, CAST(NULL AS VARCHAR) AS pcn,
  c.ward, c.pathway, c.period,

  sum(c.patients)                                                       AS numerator,
  sum(c.beds)                                                           AS denominator,
  1                                                                     AS source_rank,

  sum(CASE WHEN c.beds > 0 AND c.patients > c.beds THEN 1 ELSE 0 END)   AS flag_over_capacity,
  sum(CASE WHEN c.beds > 0 THEN 0 ELSE c.patients END)                  AS flag_no_beds,
  -- rule 4: the whole provider tells of no patient, and did the month before
  sum(CASE WHEN c.beds > 0 AND t.patients = 0 AND t.before > 0 THEN 1 ELSE 0 END)
                                                                        AS flag_suspect_zero
FROM census c
LEFT JOIN provider t ON t.period = c.period AND t.provider = c.provider
GROUP BY c.provider, c.icb, c.ward, c.pathway, c.period
