-- title: Coverage: who is reporting
-- question: Which areas' figures rest on fewer providers than usual, because one has stopped sending?
-- read: Providers is "3 of 4 reporting". When one stops sending, a rate may improve for no good reason: ask it before the figure is
--   used. Silent names those that told of nothing in the 24 hours before as_of.
SELECT c.level,
       c.area,
       COUNT(*) AS providers,
       SUM(CASE WHEN c.reporting THEN 1 ELSE 0 END) AS reporting,
       STRING_AGG(CASE WHEN c.reporting THEN NULL ELSE c.provider END, ', ') AS silent
FROM meta.coverage c
WHERE c.level IN ('icb', 'lcp')
GROUP BY c.level, c.area
HAVING SUM(CASE WHEN c.reporting THEN 1 ELSE 0 END) < COUNT(*)
ORDER BY c.level, c.area;
