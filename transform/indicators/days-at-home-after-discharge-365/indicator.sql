-- Days at home in the 365 nights after discharge from hospital.
--
-- Reads   cohort_member      people by the day from which they are followed
--         person_night_span  their nights in one state: from_day <= night < until_day
--         period             the months to fill, by the index day
-- $as_of  the instant the figures speak for: members whose 365 nights are not over do not count yet

WITH

member AS (
  SELECT
    m.provider, m.icb, m.lcp, m.pcn, m.person, m.index_day, m.source_rank, p.period,
    m.index_day + INTERVAL '365 days' AS until_day,
    coalesce(span_nights(span(greatest(m.died_on, m.index_day), m.index_day + INTERVAL '365 days')), 0)
      * CASE WHEN m.died_on IS NULL THEN 0 ELSE 1 END AS dead
  FROM cohort_member m
  JOIN period p
    ON m.index_day >= local_date(p.starts_at) AND m.index_day < local_date(p.ends_at)
  WHERE p.grain = 'month'
    AND m.cohort = 'discharge'
    AND m.index_day + INTERVAL '365 days' <= local_date($as_of)
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
)

SELECT
  'live' AS basis, provider, icb, lcp, pcn, period,

  coalesce(sum(home) FILTER (WHERE home + away + dead = 365), 0)         AS numerator,
  count(*) FILTER (WHERE home + away + dead = 365)                       AS denominator,
  min(source_rank)                                                      AS source_rank,

  coalesce(sum(virtual_ward) FILTER (WHERE home + away + dead = 365), 0) AS count_virtual_ward_nights,
  coalesce(sum(away) FILTER (WHERE home + away + dead = 365), 0)         AS count_away_nights,
  count(*) FILTER (WHERE dead > 0 AND home + away + dead = 365)          AS count_died,
  count(*) FILTER (WHERE dead = 0 AND home + away + dead = 365)          AS count_alive,
  coalesce(sum(home) FILTER (WHERE dead = 0 AND home + away = 365), 0)   AS count_home_nights_benchmark,

  count(*) FILTER (WHERE home + away + dead < 365)                       AS flag_excluded
FROM followed
GROUP BY provider, icb, lcp, pcn, period
