-- Virtual ward beds, 100,000 times, at the last 08:00 of the month that has come; divided by the people on the lists of the
-- area, which no view holds.
--
-- Reads   virtual_ward_capacity  beds of each ward, each row until valid_until
--         period                 the months to fill
-- $as_of  the instant the figures speak for: an 08:00 after it has not come

WITH

reference AS (
  SELECT period, max(at) AS at
  FROM (
    SELECT p.period, unnest(local_hours(p.starts_at, p.ends_at, 8)) AS at
    FROM period p
    WHERE p.grain = 'month'
  )
  WHERE at <= $as_of
  GROUP BY period
)

SELECT
  'live' AS basis, b.provider, b.icb, CAST(NULL AS VARCHAR) AS lcp, CAST(NULL AS VARCHAR) AS pcn, r.period,

  100000 * sum(coalesce(b.beds, 0))         AS numerator,
  CAST(NULL AS BIGINT)                      AS denominator,
  1                                         AS source_rank,

  sum(coalesce(b.beds, 0))                  AS count_beds,

  count(*) FILTER (WHERE b.beds IS NULL)    AS flag_not_told
FROM virtual_ward_capacity b
JOIN reference r
  ON b.valid_from <= r.at AND (b.valid_until IS NULL OR b.valid_until > r.at)
GROUP BY b.provider, b.icb, r.period
