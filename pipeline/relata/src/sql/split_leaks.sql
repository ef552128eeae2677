-- Near duplicates of which one is trained on and the other is not.
SELECT d.src, d.dst, d.similarity, a.split AS src_split, b.split AS dst_split
FROM near_duplicates d JOIN samples a ON a.id = d.src JOIN samples b ON b.id = d.dst
WHERE a.split <> b.split
