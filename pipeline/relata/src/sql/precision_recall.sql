-- What precision and recall would be at each probability of an audited pair, weighted back to all pairs.
SELECT probability AS threshold,
       sum(CASE WHEN related THEN weight ELSE 0.0 END) OVER above / sum(weight) OVER above AS precision,
       sum(CASE WHEN related THEN weight ELSE 0.0 END) OVER above
         / nullif(sum(CASE WHEN related THEN weight ELSE 0.0 END) OVER (), 0.0) AS recall
FROM audit WHERE related IS NOT NULL AND probability IS NOT NULL AND weight > 0
WINDOW above AS (ORDER BY probability DESC RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
