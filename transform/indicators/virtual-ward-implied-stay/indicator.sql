-- Virtual ward stay that occupancy implies: time on the wards over admissions (Little's law), beside the stay that was measured.
--
-- Reads   virtual_ward_stay  merged stays: admitted_at <= instant < discharged_at, or open
--         period             the months to fill
-- $as_of  the instant the figures speak for: days that are not over by then do not count
--
-- A ward has a gap when the two are more than {gap_percent}% of the measured one apart; without admissions or discharges there is nothing
-- to compare.

WITH

midnight AS (   -- those that end a day of the period
  SELECT p.period, p.starts_at, unnest(local_hours(p.starts_at, p.ends_at + INTERVAL '1 hour', 0)) AS at
  FROM period p
  WHERE p.grain = 'month'
),

whole AS (
  SELECT period, starts_at, max(at) AS until
  FROM midnight
  WHERE at > starts_at AND at <= $as_of
  GROUP BY period, starts_at
),

stay AS (
  SELECT
    s.provider, s.icb, s.lcp, s.pcn, s.ward, w.period, s.source_rank,
    span_seconds(span(greatest(s.admitted_at, w.starts_at), least(s.left_at, w.until)))   AS occupied,
    CASE WHEN s.admitted_at >= w.starts_at THEN 1 ELSE 0 END                              AS admitted,
    CASE WHEN s.discharged_at < w.until THEN 1 ELSE 0 END                                 AS closed,
    CASE
      WHEN s.discharged_at < w.until THEN span_nights(span(local_date(s.admitted_at), local_date(s.discharged_at)))
      ELSE 0
    END                                                                                   AS nights
  FROM virtual_ward_stay s
  JOIN whole w
    ON s.admitted_at < w.until AND (s.discharged_at IS NULL OR s.discharged_at >= w.starts_at)
),

ward AS (
  SELECT provider, ward, period, sum(occupied) AS occupied, sum(admitted) AS admitted, sum(closed) AS closed, sum(nights) AS nights
  FROM stay
  GROUP BY provider, ward, period
),

gap AS (
  SELECT provider, ward, period
  FROM ward
  WHERE admitted > 0 AND closed > 0
    AND 100 * abs(occupied * closed - nights * 86400 * admitted) > {gap_percent} * nights * 86400 * admitted
)

SELECT
  'live' AS basis, s.provider, s.icb, s.lcp, s.pcn, s.ward, s.period,

  sum(s.occupied)                                                    AS numerator,
  86400 * sum(s.admitted)                                            AS denominator,
  min(s.source_rank)                                                 AS source_rank,

  sum(s.admitted)                                                    AS count_admissions,
  sum(s.closed)                                                      AS count_closed,
  sum(s.nights)                                                      AS count_nights,

  sum(CASE WHEN g.ward IS NULL THEN 0 ELSE s.admitted END)           AS flag_stay_gap
FROM stay s
LEFT JOIN gap g ON g.provider = s.provider AND g.ward = s.ward AND g.period = s.period
GROUP BY s.provider, s.icb, s.lcp, s.pcn, s.ward, s.period
