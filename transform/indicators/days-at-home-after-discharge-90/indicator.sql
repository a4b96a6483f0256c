-- Days at home in the {nights} nights from the day on which a person is followed.
--
-- Reads   cohort_member      people by the day from which they are followed
--         person_night_span  their nights in one state: from_day <= night < until_day
--         period             the months to fill, by the index day
-- $as_of  the instant the figures speak for: members whose {nights} nights are not over do not count yet
--
-- The text serves every cohort and number of nights; indicator.toml says which.

WITH

member AS (
  SELECT
    m.provider, m.icb, m.lcp, m.pcn, m.person, m.index_day, m.source_rank, p.period,
    m.index_day + INTERVAL '{nights} days' AS until_day,
    coalesce(span_nights(span(greatest(m.died_on, m.index_day), m.index_day + INTERVAL '{nights} days')), 0)
      * CASE WHEN m.died_on IS NULL THEN 0 ELSE 1 END AS dead
  FROM cohort_member m
  JOIN period p
    ON m.index_day >= local_date(p.starts_at) AND m.index_day < local_date(p.ends_at)
  WHERE p.grain = 'month'
    AND m.cohort = '{cohort}'
    AND m.index_day + INTERVAL '{nights} days' <= local_date($as_of)
),

night AS (
  SELECT
    m.provider, m.icb, m.lcp, m.pcn, m.person, m.index_day, m.source_rank, m.period, m.dead, n.state,
    span_nights(span(greatest(n.from_day, m.index_day), least(n.until_day, m.until_day))) AS nights
  FROM member m
  JOIN person_night_span n
    ON n.person = m.person AND n.from_day < m.until_day AND n.until_day > m.index_day
),

followed AS (   -- a member each
  SELECT
    provider, icb, lcp, pcn, person, index_day, period, dead, min(source_rank) AS source_rank,
    coalesce(sum(nights) FILTER (WHERE state IN ('home', 'home_virtual_ward')), 0) AS home,
    coalesce(sum(nights) FILTER (WHERE state = 'home_virtual_ward'), 0) AS virtual_ward,
    coalesce(sum(nights) FILTER (WHERE state IN ('away_hospital', 'away_short_term')), 0) AS away
  FROM night
  GROUP BY provider, icb, lcp, pcn, person, index_day, period, dead
),

each AS (       -- a person each, with the members that were observed throughout
  SELECT
    provider, icb, lcp, pcn, person, period, min(source_rank) AS source_rank,
    count(*) FILTER (WHERE home + away + dead = {nights})                                   AS members,
    coalesce(sum(home) FILTER (WHERE home + away + dead = {nights}), 0)                     AS home,
    coalesce(sum(virtual_ward) FILTER (WHERE home + away + dead = {nights}), 0)             AS virtual_ward,
    coalesce(sum(away) FILTER (WHERE home + away + dead = {nights}), 0)                     AS away,
    count(*) FILTER (WHERE dead > 0 AND home + away + dead = {nights})                      AS died,
    coalesce(sum(home) FILTER (WHERE dead = 0 AND home + away = {nights}), 0)               AS benchmark,
    count(*) FILTER (WHERE home + away + dead < {nights})                                   AS excluded
  FROM followed
  GROUP BY provider, icb, lcp, pcn, person, period
)

SELECT
  'live' AS basis, provider, icb, lcp, pcn, period,

  sum(home)                              AS numerator,
  sum(members)                           AS denominator,
  min(source_rank)                       AS source_rank,

  sum(virtual_ward)                      AS count_virtual_ward_nights,
  sum(away)                              AS count_away_nights,
  sum(died)                              AS count_died,
  sum(members - died)                    AS count_alive,
  sum(benchmark)                         AS count_home_nights_benchmark,
  sum(excluded)                          AS count_excluded,

  count(*) FILTER (WHERE members > 0)    AS count_people,
  sum(home * home)                       AS count_numerator_squared,
  sum(home * members)                    AS count_product,
  sum(members * members)                 AS count_denominator_squared
FROM each
GROUP BY provider, icb, lcp, pcn, period
