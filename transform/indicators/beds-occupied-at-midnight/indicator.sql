-- Beds occupied at midnight by people on the lists: those who are away over the midnight that ends a day.
--
-- Reads   person_night_span  nights of people in one state: from_day <= night < until_day; people at home all along are one row
--         period             the days to fill
-- $as_of  the instant the figures speak for: a day that is not over has no midnight yet

WITH

away AS (
  SELECT provider, icb, lcp, pcn, state, profile(from_day, until_day) AS beds, min(source_rank) AS source_rank
  FROM person_night_span
  WHERE state IN ('away_hospital', 'away_short_term') AND people = 1   -- whoever is away has rows of their own
  GROUP BY provider, icb, lcp, pcn, state
),

midnight AS (
  SELECT a.provider, a.icb, a.lcp, a.pcn, a.state, a.source_rank, p.period, profile_at(a.beds, local_date(p.starts_at)) AS beds
  FROM away a
  CROSS JOIN period p
  WHERE p.grain = 'day' AND local_date(p.starts_at) < local_date($as_of)
)

SELECT
  'live' AS basis, provider, icb, lcp, pcn, period,

  sum(beds) AS numerator,
  CAST(NULL AS BIGINT) AS denominator,
  min(source_rank) AS source_rank,
  coalesce(sum(beds) FILTER (WHERE state = 'away_short_term'), 0) AS count_short_term_beds
FROM midnight
GROUP BY provider, icb, lcp, pcn, period
