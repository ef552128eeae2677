"""Entities of the generated persons by splink on DuckDB, from CSV to a file, as its guide does it for persons: run as
`python -m peers.splink_generated TABLE.csv OUTPUT.parquet`; it prints F1 over pairs of rows.
"""

import collections
import json
import logging
import sys

import duckdb
import pyarrow
import pyarrow.csv
import splink.comparison_library as library
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

COLUMNS = ["given_name", "surname", "street_number", "street", "suburb", "postcode", "date_of_birth", "phone"]
THRESHOLD = 0.5
RECALL = 0.8
RANDOM_PAIRS = 1e7
SEED = 0


def main():
    table, output = sys.argv[1:]
    connection = duckdb.connect()
    values = pyarrow.csv.ConvertOptions(strings_can_be_null=True, column_types=dict.fromkeys(COLUMNS, pyarrow.string()))
    frame = pyarrow.csv.read_csv(table, convert_options=values).rename_columns({"id": "unique_id"})
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            library.NameComparison("given_name"),
            library.NameComparison("surname"),
            library.DateOfBirthComparison("date_of_birth", input_is_string=True, invalid_dates_as_null=True),
            library.JaroWinklerAtThresholds("street", [0.9, 0.7]),
            library.ExactMatch("street_number"),
            library.ExactMatch("suburb").configure(term_frequency_adjustments=True),
            library.LevenshteinAtThresholds("postcode", [1, 2]),
            library.LevenshteinAtThresholds("phone", [1, 2]),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("phone"),
            block_on("surname", "date_of_birth"),
            block_on("given_name", "date_of_birth"),
            block_on("surname", "postcode"),
            block_on("street", "street_number"),
            block_on("given_name", "surname", "substr(date_of_birth, 1, 4)"),
        ],
    )
    linker = Linker(DuckDBAPI(connection).register(frame), settings, log_level=logging.ERROR)
    deterministic = [block_on("given_name", "surname", "date_of_birth"), block_on("phone", "given_name"), block_on("street", "street_number", "date_of_birth")]
    linker.training.estimate_probability_two_random_records_match(deterministic, recall=RECALL)
    linker.training.estimate_u_using_random_sampling(max_pairs=RANDOM_PAIRS, seed=SEED)
    for block in [block_on("given_name", "surname"), block_on("date_of_birth")]:
        linker.training.estimate_parameters_using_expectation_maximisation(block)
    predictions = linker.inference.predict(threshold_match_probability=THRESHOLD)
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(predictions, THRESHOLD).as_pandas_dataframe()
    clusters[["unique_id", "cluster_id"]].to_parquet(output)
    truth = dict(zip(frame["unique_id"].to_pylist(), frame["person"].to_pylist()))
    found = dict(zip(clusters["unique_id"], clusters["cluster_id"]))

    def pairs(groups):
        return sum(size * (size - 1) // 2 for size in collections.Counter(groups).values())

    both = pairs((found[row], truth[row]) for row in truth)
    print(json.dumps({"f1": 2 * both / (pairs(found.values()) + pairs(truth.values()))}))


if __name__ == "__main__":
    main()
