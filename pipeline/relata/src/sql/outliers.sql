-- How similar each sample is to its ten nearest ones, on average.
SELECT query AS id, avg(score) AS similarity FROM nearest(embeddings, embeddings, 10) GROUP BY query
