-- Share of nights {where}.
--
-- Reads   person_night_span  nights of people in one state: from_day <= night < until_day; people at home all along are one row
--         period             the months to fill
-- $as_of  the instant the figures speak for: a night counts when its day is over, and the view holds no other

WITH

night AS (
  SELECT
    n.provider, n.icb, n.lcp, n.pcn, p.period, n.state, n.reason, n.care_home, n.source_rank,
    n.people * span_nights(span(
      greatest(n.from_day, local_date(p.starts_at)),
      least(n.until_day, local_date(p.ends_at)))) AS nights
  FROM person_night_span n
  JOIN period p
    ON n.from_day < local_date(p.ends_at) AND n.until_day > local_date(p.starts_at)
  WHERE p.grain = 'month' AND n.from_day < local_date($as_of)
)

SELECT
  'live' AS basis, provider, icb, lcp, pcn, period,

  coalesce(sum(nights) FILTER (WHERE state = '{state}'), 0) AS numerator,
  coalesce(sum(nights) FILTER (WHERE state IN ('away_hospital', 'away_short_term', 'home_virtual_ward', 'home')), 0) AS denominator,
  min(source_rank) AS source_rank
FROM night
GROUP BY provider, icb, lcp, pcn, period
