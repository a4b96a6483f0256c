-- People on virtual wards: how many people had a stay. One row a stay; the engine counts the distinct people of every level.
--
-- Reads   virtual_ward_stay  merged stays, one row each
--         period             the months, and the year, to fill
-- $as_of  the instant the figures speak for: an admission after it has not happened yet

SELECT
  'live' AS basis, s.provider, s.icb, s.lcp, s.pcn, s.ward, p.period,

  s.person,
  s.source_rank,

  1                                                AS count_stays,
  CASE WHEN s.tech_enabled THEN 1 ELSE 0 END       AS count_tech_enabled,

  CASE WHEN s.person IS NULL THEN 1 ELSE 0 END     AS flag_no_person
FROM virtual_ward_stay s
JOIN period p
  ON s.admitted_at < p.ends_at
 AND (s.discharged_at IS NULL OR s.discharged_at > p.starts_at OR s.admitted_at >= p.starts_at)
WHERE p.grain IN ('month', 'window')
  AND s.admitted_at <= $as_of
