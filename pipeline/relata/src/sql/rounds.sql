WITH asked AS (
  SELECT round, string_agg(DISTINCT strategy, ', ' ORDER BY strategy) AS strategies,
         count(*) AS questions, sum(array_length(candidates)) AS pairs
  FROM questions GROUP BY round
), answered AS (
  SELECT q.round, sum(CAST(a.cost AS DOUBLE)) AS spent,
         count(a.related) FILTER (WHERE a.undoes IS NULL AND u.undoes IS NULL) AS answers,
         count(*) FILTER (WHERE a.related AND a.undoes IS NULL AND u.undoes IS NULL) AS yes,
         count(*) FILTER (WHERE a.related IS NULL AND a.undoes IS NULL AND u.undoes IS NULL) AS passes
  FROM questions q JOIN answers a ON a.question = q.question
  LEFT JOIN (SELECT DISTINCT undoes FROM answers) u ON u.undoes = a.sequence
  GROUP BY q.round
), measured AS (
  SELECT round,
         max(value) FILTER (WHERE name = 'ask.predicted')
           / nullif(max(value) FILTER (WHERE name = 'ask.answers'), 0) AS predicted,
         max(value) FILTER (WHERE name = 'ask.contradictions') AS contradictions,
         max(value) FILTER (WHERE name = 'ask.known_positives') AS known_positives,
         max(value) FILTER (WHERE name = 'ask.known_negatives') AS known_negatives,
         max(value) FILTER (WHERE name = 'ask.components') AS components,
         max(value) FILTER (WHERE name = 'ask.bridges') AS bridges
  FROM metrics WHERE name LIKE 'ask.%' GROUP BY round
)
SELECT q.round, q.strategies, q.questions, q.pairs, coalesce(a.spent, 0) AS spent, coalesce(a.answers, 0) AS answers,
       coalesce(a.yes, 0) AS yes, coalesce(a.passes, 0) AS passes, m.predicted, m.contradictions,
       m.known_positives, m.known_negatives, m.components, m.bridges
FROM asked q LEFT JOIN answered a ON a.round = q.round LEFT JOIN measured m ON m.round = q.round
ORDER BY q.round
