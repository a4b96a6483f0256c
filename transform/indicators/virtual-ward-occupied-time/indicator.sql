-- Virtual ward occupied time: seconds in which beds were occupied over seconds in which they were to be had.
--
-- Reads   virtual_ward_stay      merged stays: admitted_at <= instant < discharged_at, or open
--         virtual_ward_capacity  beds of each ward, each row until valid_until
--         period                 the days and months to fill
-- $as_of  the instant the figures speak for: days that are not over by then do not count
--
-- On the UTC line: a day on which the clocks change has 23 or 25 hours.

WITH

midnight AS (   -- those that end a day of the period
  SELECT p.period, p.starts_at, unnest(local_hours(p.starts_at, p.ends_at + INTERVAL '1 hour', 0)) AS at
  FROM period p
  WHERE p.grain IN ('day', 'month')
),

whole AS (
  SELECT period, starts_at, max(at) AS until
  FROM midnight
  WHERE at > starts_at AND at <= $as_of
  GROUP BY period, starts_at
),

ward AS (
  SELECT provider, ward, profile(admitted_at, left_at) AS patients
  FROM virtual_ward_stay
  GROUP BY provider, ward
),

total AS (
  SELECT w.period, a.provider, a.ward, profile_seconds(a.patients, w.starts_at, w.until) AS occupied
  FROM ward a
  CROSS JOIN whole w
),

piece AS (   -- a row of beds inside a period
  SELECT
    w.period, b.provider, b.ward, b.icb, b.pathway, b.beds,
    greatest(b.valid_from, w.starts_at)                    AS since,
    least(coalesce(b.valid_until, w.until), w.until)       AS until
  FROM virtual_ward_capacity b
  JOIN whole w
    ON b.valid_from < w.until AND (b.valid_until IS NULL OR b.valid_until > w.starts_at)
),

inside AS (
  SELECT
    i.period, i.provider, i.ward, i.icb, coalesce(i.pathway, 'unknown') AS pathway,
    coalesce(profile_seconds(a.patients, i.since, i.until), 0)          AS occupied,
    i.beds * span_seconds(span(i.since, i.until))                       AS available,
    CASE WHEN i.beds > 0 THEN 0 ELSE 1 END                              AS without_beds
  FROM piece i
  LEFT JOIN ward a ON a.provider = i.provider AND a.ward = i.ward
),

covered AS (
  SELECT period, provider, ward, sum(occupied) AS occupied
  FROM inside
  GROUP BY period, provider, ward
),

part AS (
  SELECT period, provider, ward, icb, pathway, occupied, available, without_beds FROM inside
  UNION ALL
  -- what no row of beds covers
  SELECT
    t.period, t.provider, t.ward, CAST(NULL AS VARCHAR), 'unknown',
    t.occupied - coalesce(c.occupied, 0), CAST(NULL AS BIGINT), 1
  FROM total t
  LEFT JOIN covered c ON c.period = t.period AND c.provider = t.provider AND c.ward = t.ward
)

SELECT
  'live' AS basis, provider, icb, CAST(NULL AS VARCHAR) AS lcp, CAST(NULL AS VARCHAR) AS pcn,
  ward, pathway, period,

  sum(occupied)                 AS numerator,
  sum(available)                AS denominator,
  1                             AS source_rank,

  sum(occupied * without_beds)  AS flag_no_beds
FROM part
GROUP BY provider, icb, ward, pathway, period
