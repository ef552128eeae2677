-- How far probabilities can be believed: the audited pairs by ranges of probability, weighted back to all pairs.
SELECT floor(least(probability, 0.9999) * 10) / 10 AS lower, sum(weight * probability) / sum(weight) AS probability,
       sum(CASE WHEN related THEN weight ELSE 0.0 END) / sum(weight) AS related, count(*) AS answers, sum(weight) AS pairs
FROM audit WHERE related IS NOT NULL AND probability IS NOT NULL AND weight > 0
GROUP BY floor(least(probability, 0.9999) * 10) / 10
