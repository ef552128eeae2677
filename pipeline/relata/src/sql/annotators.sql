WITH given AS (
  SELECT a.*, u.undoes IS NOT NULL AS undone,
         least(a.anchor, a.candidate) AS low, greatest(a.anchor, a.candidate) AS high
  FROM answers a LEFT JOIN (SELECT DISTINCT undoes FROM answers) u ON u.undoes = a.sequence
  WHERE a.undoes IS NULL
), latest AS (
  SELECT low, high, annotator, last_value(related ORDER BY sequence) AS related
  FROM given WHERE NOT undone GROUP BY low, high, annotator
), pairs AS (
  SELECT low, high, count(related) AS said, count(*) FILTER (WHERE related) AS yes
  FROM latest GROUP BY low, high
), agreement AS (
  SELECT l.annotator, sum(p.said) - count(*) AS compared,
         sum(CASE WHEN l.related THEN p.yes ELSE p.said - p.yes END) - count(*) AS agreed
  FROM latest l JOIN pairs p ON p.low = l.low AND p.high = l.high
  WHERE l.related IS NOT NULL GROUP BY l.annotator
)
SELECT g.annotator, string_agg(DISTINCT g.oracle, ', ' ORDER BY g.oracle) AS oracles,
       count(g.related) FILTER (WHERE NOT g.undone) AS answers,
       count(*) FILTER (WHERE g.related AND NOT g.undone) AS yes,
       count(*) FILTER (WHERE g.related IS NULL AND NOT g.undone) AS passes,
       count(*) FILTER (WHERE g.undone) AS undone,
       sum(CAST(g.cost AS DOUBLE)) AS cost,
       coalesce(max(a.compared), 0) AS compared,
       max(CAST(a.agreed AS DOUBLE) / nullif(a.compared, 0)) AS agreement
FROM given g LEFT JOIN agreement a ON a.annotator = g.annotator
GROUP BY g.annotator ORDER BY g.annotator
