"""Prints what three readers make of an embeddings file: rows, width, columns, the last number and the sum of all."""

import sys

import duckdb
import polars
import pyarrow.parquet


def show(reader, columns, vectors):
    total = sum(sum(vector) for vector in vectors)
    print(reader, len(vectors), len(vectors[0]), ",".join(columns), repr(vectors[-1][-1]), repr(total), sep="\t")


path = sys.argv[1]
table = pyarrow.parquet.read_table(path)
field = table.schema.field("embedding").type
assert pyarrow.types.is_fixed_size_list(field) and field.value_type == pyarrow.float32(), field
assert table.schema.field("id").type == pyarrow.uint64()
show("pyarrow", table.column_names, table["embedding"].to_pylist())

frame = polars.read_parquet(path)
assert frame.schema["embedding"] == polars.Array(polars.Float32, 6), frame.schema
show("polars", frame.columns, frame["embedding"].to_list())

query = duckdb.sql(f"SELECT * FROM '{path}'")
show("duckdb", query.columns, [row[1] for row in query.fetchall()])
