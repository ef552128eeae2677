-- Each sample with those that are nearest to it, each pair once.
SELECT least(query, id) AS src, greatest(query, id) AS dst, max(score) AS similarity
FROM nearest(embeddings, embeddings, 5)
GROUP BY least(query, id), greatest(query, id)
