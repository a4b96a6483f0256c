-- Virtual ward admissions: stays that began in the period, by route.
--
-- Reads   virtual_ward_stay  merged stays, one row each
--         period             the days and months to fill
-- $as_of  the instant the figures speak for: an admission after it has not happened yet

SELECT
  'live' AS basis, s.provider, s.icb, s.lcp, s.pcn,
  s.ward, coalesce(s.pathway, 'unknown') AS pathway, coalesce(s.route, 'unknown') AS route, p.period,

  count(*)                                     AS numerator,
  CAST(NULL AS BIGINT)                         AS denominator,
  min(s.source_rank)                           AS source_rank,

  count(*) FILTER (WHERE s.tech_enabled)       AS count_tech_enabled,

  count(*) FILTER (WHERE s.route IS NULL)      AS flag_no_route,
  count(*) FILTER (WHERE s.person IS NULL)     AS flag_no_person,
  count(*) FILTER (WHERE s.merged_stays > 1)   AS flag_overlapping
FROM virtual_ward_stay s
JOIN period p
  ON s.admitted_at >= p.starts_at AND s.admitted_at < p.ends_at
WHERE p.grain IN ('day', 'month')
  AND s.admitted_at <= $as_of
GROUP BY s.provider, s.icb, s.lcp, s.pcn, s.ward, coalesce(s.pathway, 'unknown'), coalesce(s.route, 'unknown'), p.period
