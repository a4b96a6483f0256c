-- Community caseload: how many referrals are open at a month's end.
--
-- Reads   csds_referral  one row a referral, newest CSDS knowledge only
--         period         the months to fill
-- $as_of  the instant the figures speak for: of the month under way, what is open then

SELECT
  'published' AS basis, r.provider, r.icb, r.lcp, r.pcn, p.period,

  count(*)                                                        AS numerator,
  CAST(NULL AS BIGINT)                                            AS denominator,
  -- A submission for a later month knew of this one and says the same.
  min(CASE WHEN r.sent_until > p.ends_at THEN 3 ELSE r.source_rank END)
                                                                  AS source_rank,

  count(*) FILTER (WHERE r.two_hour)                              AS count_two_hour,
  count(*) FILTER (WHERE r.not_resent_since < p.ends_at)          AS count_not_resent
FROM csds_referral r
JOIN period p
  ON r.received_at < p.ends_at
 AND (r.ended_at IS NULL OR r.ended_at >= p.ends_at OR r.ended_at > $as_of)
WHERE p.grain = 'month'
  AND r.received_at <= $as_of
GROUP BY r.provider, r.icb, r.lcp, r.pcn, p.period
