-- Community days to first contact: how long people waited from the referral to the first contact that they attended. One
-- row a referral; the engine takes the percentile of every level of area by itself.
--
-- Reads   csds_referral  one row a referral, newest CSDS knowledge only
--         period         the months to fill; starts_at <= instant < ends_at
-- $as_of  the instant the figures speak for: a first contact after it has not happened yet
--
-- Days are the plain difference of local dates: the same day is 0 (csds.md section 6). A referral that nobody was seen for
-- has no wait yet and is not here: while many wait longer than those who were seen, this figure says too little.

SELECT
  'published' AS basis, r.provider, r.icb, r.lcp, r.pcn, p.period,

  -- A contact before the referral has no measure. CSDS refuses a referral without a day of receipt.
  CASE WHEN r.first_contact_days >= 0 THEN r.first_contact_days END   AS measure,
  r.source_rank,

  CASE WHEN r.two_hour THEN 1 ELSE 0 END                              AS count_two_hour,

  CASE WHEN r.first_contact_days < 0 THEN 1 ELSE 0 END                AS flag_negative_days
FROM csds_referral r
JOIN period p
  ON r.first_contact_at >= p.starts_at AND r.first_contact_at < p.ends_at
WHERE p.grain = 'month'
  AND r.first_contact_at <= $as_of
