-- Days at home a year: nights at home of the people on the lists, of nights alive and observed.
--
-- Reads   person_night_span  nights of people in one state: from_day <= night < until_day; people at home all along are one row
--         period             the months to fill
-- $as_of  the instant the figures speak for: a night counts when its day is over, and the view holds no other
--
-- The text serves several figures: indicator.toml says whose nights count, which of them are at home, and of whom it is not
-- told whether theirs count: their observed nights are in a flag and nowhere else.

WITH

night AS (
  SELECT
    n.provider, n.icb, n.lcp, n.pcn, p.period, n.person, n.people, n.reason, n.care_home, n.source_rank,
    CASE WHEN {whose} THEN n.state ELSE 'untold' END AS state,
    span_nights(span(
      greatest(n.from_day, local_date(p.starts_at)),
      least(n.until_day, local_date(p.ends_at)))) AS nights
  FROM person_night_span n
  JOIN period p
    ON n.from_day < local_date(p.ends_at) AND n.until_day > local_date(p.starts_at)
  WHERE p.grain = 'month' AND n.from_day < local_date($as_of)
    AND ({whose} OR {untold} AND (n.state LIKE 'away%' OR n.state LIKE 'home%'))
),

each AS (   -- a person each, or people with the same nights; those who opted out have no name, and no observed night
  SELECT
    provider, icb, lcp, pcn, period, person, people, min(source_rank) AS source_rank,
    coalesce(sum(nights) FILTER (WHERE state = 'home'), 0)              AS home,
    coalesce(sum(nights) FILTER (WHERE state = 'home_virtual_ward'), 0) AS virtual_ward,
    coalesce(sum(nights) FILTER (WHERE state = 'away_hospital'), 0)     AS hospital,
    coalesce(sum(nights) FILTER (WHERE state = 'away_short_term'), 0)   AS short_term,
    coalesce(sum(nights) FILTER (WHERE state IN ('home', 'home_virtual_ward') AND care_home IS NOT TRUE), 0) AS own_home,
    coalesce(sum(nights) FILTER (WHERE state LIKE 'away%' AND reason = 'open'), 0) AS open_stay,
    coalesce(sum(nights) FILTER (WHERE reason = 'unsupported'), 0)      AS unsupported,
    coalesce(sum(nights) FILTER (WHERE reason = 'opted_out'), 0)        AS opted_out,
    coalesce(sum(nights) FILTER (WHERE state = 'dead'), 0)              AS after_death,
    coalesce(sum(nights) FILTER (WHERE state = 'untold'), 0)            AS untold
  FROM night
  GROUP BY provider, icb, lcp, pcn, period, person, people
),

part AS (
  SELECT *, 365 * ({at_home}) AS x, home + virtual_ward + hospital + short_term AS y
  FROM each
)

SELECT
  'live' AS basis, provider, icb, lcp, pcn, period,

  sum(people * x)                                      AS numerator,
  sum(people * y)                                      AS denominator,
  min(source_rank)                                     AS source_rank,

  sum(people * home)                                   AS count_home_nights,
  sum(people * virtual_ward)                           AS count_virtual_ward_nights,
  sum(people * hospital)                               AS count_hospital_nights,
  sum(people * short_term)                             AS count_short_term_nights,
  sum(people * own_home)                               AS count_own_home_nights,

  coalesce(sum(people) FILTER (WHERE y > 0), 0)        AS count_people,
  sum(people * x * x)                                  AS count_numerator_squared,
  sum(people * x * y)                                  AS count_product,
  sum(people * y * y)                                  AS count_denominator_squared,

  sum(people * open_stay)                              AS flag_open_stay,
  sum(people * unsupported)                            AS flag_unsupported,
  sum(people * opted_out)                              AS flag_opted_out,
  sum(people * after_death)                            AS flag_after_death{untold_as}
FROM part
GROUP BY provider, icb, lcp, pcn, period
