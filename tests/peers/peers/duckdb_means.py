"""The mean embedding of every label by DuckDB, over the same Parquet file: an average of every number of the list."""

import duckdb

from inputs import ROWS, WIDTH


def means(folder):
    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    averages = ", ".join(f"avg(embedding[{i + 1}])" for i in range(WIDTH))
    query = f"SELECT label, [{averages}] AS mean FROM '{folder}/embeddings.parquet' GROUP BY label ORDER BY label"

    def work():
        answer = connection.execute(query).fetchall()
        return ROWS, sum(sum(mean) for _, mean in answer)

    return work
