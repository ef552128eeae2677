WITH asked AS (
  SELECT DISTINCT least(anchor, candidate) AS low, greatest(anchor, candidate) AS high
  FROM (SELECT anchor, unnest(candidates) AS candidate FROM questions)
), latest AS (
  SELECT a.oracle, a.annotator, least(a.anchor, a.candidate) AS low, greatest(a.anchor, a.candidate) AS high,
         last_value(a.related ORDER BY a.sequence) AS related
  FROM answers a LEFT JOIN (SELECT DISTINCT undoes FROM answers) u ON u.undoes = a.sequence
  WHERE a.undoes IS NULL AND u.undoes IS NULL
  GROUP BY a.oracle, a.annotator, least(a.anchor, a.candidate), greatest(a.anchor, a.candidate)
), voices AS (
  SELECT oracle, true AS active, low, high, avg(CASE WHEN related THEN 1.0 ELSE -1.0 END) AS lean
  FROM latest WHERE related IS NOT NULL GROUP BY oracle, low, high
  UNION ALL
  SELECT e.oracle, false AS active, a.low, a.high, CAST(e.weight AS DOUBLE) AS lean
  FROM asked a
  JOIN (SELECT src, dst, weight, unnest(string_to_array(rel, ',')) AS oracle FROM edges) e
    ON e.src = a.low AND e.dst = a.high
  UNION ALL
  SELECT m.rel AS oracle, false AS active, a.low, a.high,
         CAST(CASE WHEN m."group" = n."group" THEN m.weight ELSE -abs(m.weight) END AS DOUBLE) AS lean
  FROM asked a
  JOIN memberships m ON m.id = a.low
  JOIN memberships n ON n.id = a.high AND n.rel = m.rel
  LEFT JOIN separations s
    ON s.rel = m.rel AND least(s.a, s.b) = least(m."group", n."group")
   AND greatest(s.a, s.b) = greatest(m."group", n."group")
  WHERE m.rel <> 'answers' AND (m."group" = n."group" OR m.exclusive OR s.a IS NOT NULL)
), votes AS (
  SELECT oracle, active, low, high, max(lean) > 0 AS related
  FROM voices WHERE lean <> 0 GROUP BY oracle, active, low, high
), pairs AS (
  SELECT low, high, count(*) AS said, count(*) FILTER (WHERE related) AS yes FROM votes GROUP BY low, high
), total AS (
  SELECT CAST(count(*) AS DOUBLE) AS pairs FROM asked
)
SELECT v.oracle, v.active, count(*) AS pairs, count(*) FILTER (WHERE v.related) AS yes,
       count(*) / t.pairs AS coverage,
       count(*) FILTER (WHERE p.said > 1) / t.pairs AS overlap,
       count(*) FILTER (WHERE p.yes > 0 AND p.yes < p.said) / t.pairs AS conflict
FROM votes v JOIN pairs p ON p.low = v.low AND p.high = v.high CROSS JOIN total t
GROUP BY v.oracle, v.active, t.pairs ORDER BY v.active DESC, v.oracle
