-- Community contacts not attended: of the contacts that were kept or missed, how many were missed.
--
-- Reads   csds_contact  one row a contact, newest CSDS knowledge only
--         period        the days and months to fill; starts_at <= instant < ends_at
-- $as_of  the instant the figures speak for: a contact after it has not happened yet

SELECT
  'published' AS basis, c.provider, c.icb, c.lcp, c.pcn, p.period,

  count(*) FILTER (WHERE c.attendance IN ('3', '7'))                  AS numerator,
  count(*) FILTER (WHERE c.attendance IN ('3', '5', '6', '7'))        AS denominator,
  min(c.source_rank)                                                  AS source_rank,

  count(*) FILTER (WHERE c.attendance IN ('2', '4'))                  AS count_cancelled,
  count(*) FILTER (WHERE c.attendance IS NULL
                      OR c.attendance NOT IN ('2', '3', '4', '5', '6', '7'))
                                                                      AS count_attendance_unknown
FROM csds_contact c
JOIN period p
  ON c.contact_at >= p.starts_at AND c.contact_at < p.ends_at
WHERE p.grain IN ('day', 'month')
  AND c.contact_at <= $as_of
GROUP BY c.provider, c.icb, c.lcp, c.pcn, p.period
