-- Community referrals: how many referrals were received, whatever for.
--
-- Reads   csds_referral  one row a referral, newest CSDS knowledge only
--         period         the days and months to fill; starts_at <= instant < ends_at
-- $as_of  the instant the figures speak for

SELECT
  'published' AS basis, r.provider, r.icb, r.lcp, r.pcn, p.period,

  count(*)                                                        AS numerator,
  CAST(NULL AS BIGINT)                                            AS denominator,
  min(r.source_rank)                                              AS source_rank,

  count(*) FILTER (WHERE r.rejected_at <= $as_of)                 AS count_rejected,
  count(*) FILTER (WHERE r.two_hour)                              AS count_two_hour,
  count(*) FILTER (WHERE r.team_types LIKE '%,%')                 AS count_several_teams
FROM csds_referral r
JOIN period p
  ON r.received_at >= p.starts_at AND r.received_at < p.ends_at
WHERE p.grain IN ('day', 'month')
  AND r.received_at <= $as_of
GROUP BY r.provider, r.icb, r.lcp, r.pcn, p.period
