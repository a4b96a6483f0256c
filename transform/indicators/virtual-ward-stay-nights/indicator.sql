-- Virtual ward nights a stay: nights of the stays that were closed in the period.
--
-- Reads   virtual_ward_stay  merged stays, one row each
--         period             the months to fill
-- $as_of  the instant the figures speak for: a discharge after it has not happened yet

SELECT
  'live' AS basis, s.provider, s.icb, s.lcp, s.pcn,
  s.ward, coalesce(s.pathway, 'unknown') AS pathway, coalesce(s.route, 'unknown') AS route, p.period,

  sum(span_nights(span(local_date(s.admitted_at), local_date(s.discharged_at))))       AS numerator,
  count(*)                                                                              AS denominator,
  min(s.source_rank)                                                                    AS source_rank,

  count(*) FILTER (WHERE span_nights(span(local_date(s.admitted_at), local_date(s.discharged_at))) > 14)
                                                                                        AS count_over_14_nights,

  count(*) FILTER (WHERE s.merged_stays > 1)                                            AS flag_overlapping
FROM virtual_ward_stay s
JOIN period p
  ON s.discharged_at >= p.starts_at AND s.discharged_at < p.ends_at
WHERE p.grain = 'month'
  AND s.discharged_at <= $as_of
GROUP BY s.provider, s.icb, s.lcp, s.pcn, s.ward, coalesce(s.pathway, 'unknown'), coalesce(s.route, 'unknown'), p.period
