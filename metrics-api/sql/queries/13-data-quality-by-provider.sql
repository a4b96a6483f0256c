-- title: Data quality by provider
-- question: Which data-quality flags does each provider's newest month carry, and what should be done about them?
-- read: flags holds the number of records after each name. A flag does not make a figure wrong; it says what to ask the provider.
--   Not shown under a public policy.
WITH month AS (
  SELECT area, period, flags, indicator,
         ROW_NUMBER() OVER (PARTITION BY area ORDER BY period DESC) AS newest
  FROM outcomes.figures
  WHERE indicator = 'ucr-two-hour-response'
    AND basis = 'published'
    AND level = 'provider'
    AND period_kind = 'month'
)
SELECT m.area AS provider,
       m.period AS month,
       g.flag,
       m.flags,
       g.meaning
FROM month m
JOIN meta.flags g ON g.indicator = m.indicator
WHERE m.newest = 1
  AND STRPOS(CONCAT(';', m.flags), CONCAT(';', g.flag, ':')) > 0
ORDER BY m.area, g.flag;
