-- Community contacts: how many contacts took place, whoever attended.
--
-- Reads   csds_contact  one row a contact, newest CSDS knowledge only
--         period        the days and months to fill; starts_at <= instant < ends_at
-- $as_of  the instant the figures speak for: a contact after it has not happened yet

SELECT
  'published' AS basis, c.provider, c.icb, c.lcp, c.pcn, p.period,

  count(*) FILTER (WHERE c.contact_at <= $as_of)                                       AS numerator,
  CAST(NULL AS BIGINT)                                                                 AS denominator,
  min(c.source_rank)                                                                   AS source_rank,

  count(*) FILTER (WHERE c.contact_at <= $as_of AND c.two_hour)                        AS count_two_hour,
  count(*) FILTER (WHERE c.contact_at <= $as_of AND c.attendance IN ('5', '6'))        AS count_attended,
  count(*) FILTER (WHERE c.contact_at <= $as_of AND c.attendance IN ('3', '7'))        AS count_did_not_attend,
  count(*) FILTER (WHERE c.contact_at <= $as_of AND c.attendance IN ('2', '4'))        AS count_cancelled,
  count(*) FILTER (WHERE c.contact_at <= $as_of
                     AND (c.attendance IS NULL OR c.attendance NOT IN ('2', '3', '4', '5', '6', '7')))
                                                                                      AS count_attendance_unknown,

  count(*) FILTER (WHERE c.contact_at <= $as_of AND c.contact_time_missing)            AS flag_time_missing,
  count(*) FILTER (WHERE c.contact_at > $as_of)                                        AS flag_future_contact,
  count(*) FILTER (WHERE c.contact_at <= $as_of AND c.person_moved)                    AS flag_moved_person
FROM csds_contact c
JOIN period p
  ON c.contact_at >= p.starts_at AND c.contact_at < p.ends_at
WHERE p.grain IN ('day', 'month')
GROUP BY c.provider, c.icb, c.lcp, c.pcn, p.period
