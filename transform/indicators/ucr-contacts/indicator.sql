-- UCR contacts: how many contacts the referrals to urgent community response had.
--
-- Reads   csds_contact  one row a contact, newest CSDS knowledge only
--         live_contact  one row a contact, CSDS over live events
--         period        the days and months to fill; starts_at <= instant < ends_at
-- $as_of  the instant the figures speak for: a contact after it has not happened yet
--
-- Table 3 of the workbook: contacts of type 05 or 07 referrals, by the contact's own date (D12), whoever attended.

WITH

contact AS (
  SELECT 'published' AS basis, * FROM csds_contact
  UNION ALL
  SELECT 'live' AS basis, * FROM live_contact
),

-- From 1 April 2023 the waiting type alone decides; before, the old UCR teams (E13). 2023-03-31 23:00 UTC is midnight in London.
two_hour_contact AS (
  SELECT *
  FROM contact
  WHERE two_hour
    AND (contact_at >= TIMESTAMP '2023-03-31 23:00:00' OR pre_2023_ucr_team)
)

SELECT
  c.basis, c.provider, c.icb, c.lcp, c.pcn, p.period,

  count(*) FILTER (WHERE c.contact_at <= $as_of)                                       AS numerator,
  CAST(NULL AS BIGINT)                                                                 AS denominator,
  min(c.source_rank)                                                                   AS source_rank,

  count(*) FILTER (WHERE c.contact_at <= $as_of AND c.attendance IN ('5', '6'))        AS count_attended,
  count(*) FILTER (WHERE c.contact_at <= $as_of AND c.attendance IN ('3', '7'))        AS count_did_not_attend,
  count(*) FILTER (WHERE c.contact_at <= $as_of AND c.attendance IN ('2', '4'))        AS count_cancelled,
  count(*) FILTER (WHERE c.contact_at <= $as_of
                     AND (c.attendance IS NULL OR c.attendance NOT IN ('2', '3', '4', '5', '6', '7')))
                                                                                      AS count_attendance_unknown,

  count(*) FILTER (WHERE c.contact_at <= $as_of AND c.contact_time_missing)            AS flag_time_missing,
  count(*) FILTER (WHERE c.contact_at > $as_of)                                        AS flag_future_contact,
  count(*) FILTER (WHERE c.contact_at <= $as_of AND c.person_moved)                    AS flag_moved_person
FROM two_hour_contact c
JOIN period p
  ON c.contact_at >= p.starts_at AND c.contact_at < p.ends_at
WHERE p.grain IN ('day', 'month')
GROUP BY c.basis, c.provider, c.icb, c.lcp, c.pcn, p.period
