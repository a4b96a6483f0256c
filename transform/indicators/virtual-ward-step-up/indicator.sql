-- Virtual ward step-up share: admissions from home among all admissions.
--
-- Reads   virtual_ward_stay  merged stays, one row each
--         period             the months to fill
-- $as_of  the instant the figures speak for: an admission after it has not happened yet

SELECT
  'live' AS basis, s.provider, s.icb, s.lcp, s.pcn,
  s.ward, coalesce(s.pathway, 'unknown') AS pathway, p.period,

  count(*) FILTER (WHERE s.route = 'step_up')  AS numerator,
  count(*)                                     AS denominator,
  min(s.source_rank)                           AS source_rank,

  count(*) FILTER (WHERE s.route IS NULL)      AS flag_no_route
FROM virtual_ward_stay s
JOIN period p
  ON s.admitted_at >= p.starts_at AND s.admitted_at < p.ends_at
WHERE p.grain IN ('month')
  AND s.admitted_at <= $as_of
GROUP BY s.provider, s.icb, s.lcp, s.pcn, s.ward, coalesce(s.pathway, 'unknown'), p.period
