-- title: How complete items are
-- question: How complete is each item in each provider's newest month, and how does that differ from the month known before it?
-- read: value is the share of rows that have the item, of the submissions that count; change is in the same unit, from 0 to 1.
--   A provider that stopped submitting keeps its last month here: look at month first. Empty under a publication tick.
WITH shares AS (
  SELECT provider, period, measure, meaning, numerator, denominator, value,
         value - LAG(value) OVER (PARTITION BY provider, measure ORDER BY period) AS change,
         ROW_NUMBER() OVER (PARTITION BY provider, measure ORDER BY period DESC) AS newest
  FROM outcomes.data_quality
  WHERE value IS NOT NULL
)
SELECT provider,
       period AS month,
       measure,
       numerator AS with_item,
       denominator AS could_have_it,
       ROUND(value, 4) AS share,
       ROUND(change, 4) AS change,
       meaning
FROM shares
WHERE newest = 1
ORDER BY provider, measure;
