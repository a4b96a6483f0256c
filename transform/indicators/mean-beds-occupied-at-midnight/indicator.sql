-- Mean number of beds that people on the lists occupy at midnight: nights away, divided last by the nights of the month.
--
-- Reads   person_night_span  nights of people in one state: from_day <= night < until_day; people at home all along are one row
--         period             the months to fill
-- $as_of  the instant the figures speak for: a night counts when its day is over, and the view holds no other

WITH

night AS (
  SELECT
    n.provider, n.icb, n.lcp, n.pcn, p.period, n.state, n.source_rank,
    span_nights(span(
      greatest(n.from_day, local_date(p.starts_at)),
      least(n.until_day, local_date(p.ends_at)))) AS nights
  FROM person_night_span n
  JOIN period p
    ON n.from_day < local_date(p.ends_at) AND n.until_day > local_date(p.starts_at)
  WHERE p.grain = 'month' AND n.from_day < local_date($as_of)
    AND n.state IN ('away_hospital', 'away_short_term') AND n.people = 1   -- whoever is away has rows of their own
)

SELECT
  'live' AS basis, provider, icb, lcp, pcn, period,

  sum(nights) AS numerator,
  CAST(NULL AS BIGINT) AS denominator,
  min(source_rank) AS source_rank,
  coalesce(sum(nights) FILTER (WHERE state = 'away_short_term'), 0) AS count_short_term_nights
FROM night
GROUP BY provider, icb, lcp, pcn, period
