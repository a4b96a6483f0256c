-- Days at home a year: nights at home of the people on the lists, of nights alive and observed.
--
-- Reads   person_night_span  nights of people in one state: from_day <= night < until_day
--         period             the months to fill
-- $as_of  the instant the figures speak for: a night counts when its day is over, and the view holds no other

WITH

night AS (
  SELECT
    n.provider, n.icb, n.lcp, n.pcn, p.period, n.state, n.reason, n.care_home, n.source_rank,
    span_nights(span(
      greatest(n.from_day, local_date(p.starts_at)),
      least(n.until_day, local_date(p.ends_at)))) AS nights
  FROM person_night_span n
  JOIN period p
    ON n.from_day < local_date(p.ends_at) AND n.until_day > local_date(p.starts_at)
  WHERE p.grain = 'month' AND n.from_day < local_date($as_of)
)

SELECT
  'live' AS basis, provider, icb, lcp, pcn, period,

  365 * coalesce(sum(nights) FILTER (WHERE state IN ('home', 'home_virtual_ward')), 0) AS numerator,
  coalesce(sum(nights) FILTER (WHERE state IN ('away_hospital', 'away_short_term', 'home_virtual_ward', 'home')), 0) AS denominator,
  min(source_rank) AS source_rank,
  coalesce(sum(nights) FILTER (WHERE state = 'home'), 0) AS count_home_nights,
  coalesce(sum(nights) FILTER (WHERE state = 'home_virtual_ward'), 0) AS count_virtual_ward_nights,
  coalesce(sum(nights) FILTER (WHERE state = 'away_hospital'), 0) AS count_hospital_nights,
  coalesce(sum(nights) FILTER (WHERE state = 'away_short_term'), 0) AS count_short_term_nights,
  coalesce(sum(nights) FILTER (WHERE state IN ('home', 'home_virtual_ward') AND care_home IS NOT TRUE), 0) AS count_own_home_nights,
  coalesce(sum(nights) FILTER (WHERE state LIKE 'away%' AND reason = 'open'), 0) AS flag_open_stay,
  coalesce(sum(nights) FILTER (WHERE reason = 'unsupported'), 0) AS flag_unsupported,
  coalesce(sum(nights) FILTER (WHERE reason = 'opted_out'), 0) AS flag_opted_out,
  coalesce(sum(nights) FILTER (WHERE state = 'dead'), 0) AS flag_after_death
FROM night
GROUP BY provider, icb, lcp, pcn, period
