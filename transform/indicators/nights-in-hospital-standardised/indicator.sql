-- Nights in hospital by the age of whoever spends them; the rate to the people on the lists of the area, standardised by age,
-- is made of them last.
--
-- Reads   person_night_span  nights of people in one state: from_day <= night < until_day; people at home all along are one row
--         period             the months to fill
-- $as_of  the instant the figures speak for: a night counts when its day is over, and the view holds no other
--
-- The text serves every age: indicator.toml says from which age on nights count. A row without an age has no night in hospital
-- that is standardised.

WITH

night AS (
  SELECT
    n.provider, n.icb, n.lcp, n.pcn, p.period, n.person, n.source_rank,
    n.state = 'away_hospital'                                      AS away,
    CASE WHEN n.state = 'away_hospital' AND n.age_years >= {youngest} THEN n.age_years END AS age_years,
    n.state = 'away_hospital' AND n.age_years IS NULL              AS ageless,
    n.state LIKE 'away%' OR n.state LIKE 'home%'                   AS observed,
    n.people * span_nights(span(
      greatest(n.from_day, local_date(p.starts_at)),
      least(n.until_day, local_date(p.ends_at))))                  AS nights
  FROM person_night_span n
  JOIN period p
    ON n.from_day < local_date(p.ends_at) AND n.until_day > local_date(p.starts_at)
  WHERE p.grain = 'month' AND n.from_day < local_date($as_of)
),

each AS (   -- a person each, at one age: nights of one person are not independent
  SELECT
    provider, icb, lcp, pcn, period, person, age_years, min(source_rank) AS source_rank,
    coalesce(sum(nights) FILTER (WHERE away), 0)      AS away,
    coalesce(sum(nights) FILTER (WHERE ageless), 0)   AS ageless,
    coalesce(sum(nights) FILTER (WHERE observed), 0)  AS observed
  FROM night
  GROUP BY provider, icb, lcp, pcn, period, person, age_years
)

SELECT
  'live' AS basis, provider, icb, lcp, pcn, period, age_years,

  sum(away)                                                    AS numerator,
  sum(away * away)                                             AS numerator_squared,
  min(source_rank)                                             AS source_rank,

  count(*) FILTER (WHERE away > 0 AND age_years IS NOT NULL)   AS count_people_away,
  sum(observed)                                                AS count_observed_nights,

  sum(ageless)                                                 AS flag_age_unknown
FROM each
GROUP BY provider, icb, lcp, pcn, period, age_years
