-- Community people contacted: how many people had a contact, whoever attended. One row a contact; the engine counts the
-- distinct people of every level of area by itself.
--
-- Reads   csds_contact  one row a contact, newest CSDS knowledge only
--         period        the months to fill; starts_at <= instant < ends_at
-- $as_of  the instant the figures speak for: a contact after it has not happened yet
--
-- A person is the pseudonym of the NHS number, which is the same at every provider; without one it is "provider|own id".
-- It is the person of the contact's own submission (D4).

SELECT
  'published' AS basis, c.provider, c.icb, c.lcp, c.pcn, p.period,

  c.person,
  c.source_rank,

  1                                                               AS count_contacts,
  CASE WHEN c.attendance IN ('5', '6') THEN 1 ELSE 0 END          AS count_attended,

  CASE WHEN c.person LIKE '%|%' THEN 1 ELSE 0 END                 AS flag_local_person,
  CASE WHEN c.person IS NULL THEN 1 ELSE 0 END                    AS flag_no_person,
  CASE WHEN c.person_moved THEN 1 ELSE 0 END                      AS flag_moved_person
FROM csds_contact c
JOIN period p
  ON c.contact_at >= p.starts_at AND c.contact_at < p.ends_at
WHERE p.grain = 'month'
  AND c.contact_at <= $as_of
