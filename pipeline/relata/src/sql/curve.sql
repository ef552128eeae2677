WITH spent AS (
  SELECT round, max(value) AS spent FROM metrics WHERE name = 'ask.spent' GROUP BY round
), measured AS (
  SELECT name AS metric, round, last_value(value ORDER BY step, at) AS value
  FROM metrics
  WHERE name NOT IN ('loss', 'learning_rate', 'stall') AND name NOT LIKE 'loss.%'
    AND name NOT LIKE 'ask.%' AND name NOT LIKE 'raw.%'
  GROUP BY name, round
), points AS (
  SELECT m.metric, m.round, coalesce(s.spent, 0) AS spent, m.value
  FROM measured m LEFT JOIN spent s ON s.round = m.round
), steps AS (
  SELECT *, lag(value) OVER (PARTITION BY metric ORDER BY round) AS before,
         spent - lag(spent) OVER (PARTITION BY metric ORDER BY round) AS paid
  FROM points
)
SELECT metric, round, spent, value, before,
       CASE WHEN paid > 0 THEN (value - before) / paid END AS gain_per_unit
FROM steps ORDER BY metric, round
