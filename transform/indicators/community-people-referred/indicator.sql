-- Community people referred: how many people had a referral received, whatever for. One row a referral; the engine counts
-- the distinct people of every level of area by itself.
--
-- Reads   csds_referral  one row a referral, newest CSDS knowledge only
--         period         the months to fill; starts_at <= instant < ends_at
-- $as_of  the instant the figures speak for
--
-- A person is the pseudonym of the NHS number, which is the same at every provider; without one it is "provider|own id".

SELECT
  'published' AS basis, r.provider, r.icb, r.lcp, r.pcn, p.period,

  r.person,
  r.source_rank,

  1                                                               AS count_referrals,

  CASE WHEN r.person LIKE '%|%' THEN 1 ELSE 0 END                 AS flag_local_person
FROM csds_referral r
JOIN period p
  ON r.received_at >= p.starts_at AND r.received_at < p.ends_at
WHERE p.grain = 'month'
  AND r.received_at <= $as_of
