-- Samples whose label is not that of most of their ten nearest neighbours, weighted by similarity.
WITH votes AS (
  SELECT n.query AS id, s.{label} AS label, sum(greatest(n.score, 0.0)) AS weight
  FROM nearest(embeddings, embeddings, 10) n JOIN samples s ON s.id = n.id
  WHERE s.{label} IS NOT NULL GROUP BY n.query, s.{label}
), best AS (
  SELECT id, first_value(label ORDER BY weight DESC, label) AS neighbours, max(weight) / sum(weight) AS share
  FROM votes GROUP BY id HAVING sum(weight) > 0
)
SELECT s.id, s.{label} AS label, b.neighbours, b.share
FROM best b JOIN samples s ON s.id = b.id
WHERE s.{label} IS NOT NULL AND s.{label} <> b.neighbours
