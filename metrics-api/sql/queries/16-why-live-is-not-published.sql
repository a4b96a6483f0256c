-- title: Why the live figure is not the published one
-- question: Which causes lie between live events, the Primary, the Refresh and the published figure, and how much does each weigh?
-- read: One row a step and cause over all providers and months. Numerator and denominator are changes: a cause below zero takes
--   clocks away. For one provider and month the rows of outcomes.reconciliation add up from each stage to the next.
SELECT r.from_stage,
       r.stage,
       r.cause,
       r.meaning,
       SUM(r.clocks) AS clocks,
       SUM(r.numerator) AS numerator,
       SUM(r.denominator) AS denominator
FROM outcomes.reconciliation r
WHERE r.entry = 'cause'
GROUP BY r.from_stage, r.stage, r.cause, r.meaning
ORDER BY r.from_stage, r.stage, SUM(r.clocks) DESC, r.cause;
