-- Nights in hospital, 1,000 times; divided by the people on the lists of the area, which no view holds.
--
-- Reads   person_night_span  nights of people in one state: from_day <= night < until_day; people at home all along are one row
--         period             the months to fill
-- $as_of  the instant the figures speak for: a night counts when its day is over, and the view holds no other
--
-- The text serves every age: indicator.toml says whose nights count.

WITH

night AS (
  SELECT
    n.provider, n.icb, n.lcp, n.pcn, p.period, n.person, n.state, n.source_rank,
    n.state = 'away_hospital' AND {whose}                          AS counts,
    n.state = 'away_hospital' AND n.age_years IS NULL              AS ageless,
    n.state LIKE 'away%' OR n.state LIKE 'home%'                   AS observed,
    n.people * span_nights(span(
      greatest(n.from_day, local_date(p.starts_at)),
      least(n.until_day, local_date(p.ends_at))))                  AS nights
  FROM person_night_span n
  JOIN period p
    ON n.from_day < local_date(p.ends_at) AND n.until_day > local_date(p.starts_at)
  WHERE p.grain = 'month' AND n.from_day < local_date($as_of)
)

SELECT
  'live' AS basis, provider, icb, lcp, pcn, period,

  1000 * coalesce(sum(nights) FILTER (WHERE counts), 0)      AS numerator,
  CAST(NULL AS BIGINT)                                       AS denominator,
  min(source_rank)                                           AS source_rank,

  count(DISTINCT CASE WHEN counts THEN person END)           AS count_people_away,
  coalesce(sum(nights) FILTER (WHERE observed), 0)           AS count_observed_nights,

  coalesce(sum(nights) FILTER (WHERE ageless), 0)            AS flag_age_unknown
FROM night
GROUP BY provider, icb, lcp, pcn, period
