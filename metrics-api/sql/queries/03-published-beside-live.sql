-- title: Published beside live
-- question: How far does the rate that NHS England publishes lie from the live rate of the same months, provider by provider?
-- read: The published basis counts only what CSDS has, by the month of the clock's end; the live basis also counts clocks that are
--   past two hours and still open. A gap closes as submissions arrive; one that stays is worth a question. The two never mix.
SELECT p.area AS provider,
       p.period AS month,
       p.numerator AS published_in_time,
       p.denominator AS published_all,
       p.value AS published_rate,
       p.status AS published_status,
       l.numerator AS live_in_time,
       l.denominator AS live_all,
       l.value AS live_rate,
       l.denominator - p.denominator AS not_yet_in_csds
FROM outcomes.ucr_two_hour_response p
JOIN outcomes.ucr_two_hour_response l
  ON l.area = p.area AND l.period = p.period
WHERE p.basis = 'published' AND p.level = 'provider' AND p.period_kind = 'month'
  AND l.basis = 'live' AND l.level = 'provider' AND l.period_kind = 'month'
ORDER BY p.area, p.period;
