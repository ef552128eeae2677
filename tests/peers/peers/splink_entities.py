"""Entities by splink on DuckDB, without answers: Fellegi and Sunter's model, estimated from the tables themselves.

The steps are those of its guide: the prior from deterministic rules, u from random pairs, m by expectation maximisation
in one block after another, so that every comparison is outside the block once.
"""

import dataclasses
import logging

import pyarrow as pa
import splink.comparison_library as library
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

THRESHOLD = 0.5
# The thresholds among which the best is looked for.
THRESHOLDS = [0.001, 0.01, 0.05, *(step / 10 for step in range(1, 10)), 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9999]
# The share of the true pairs that the deterministic rules are taken to find.
RECALL = 0.8
RANDOM_PAIRS = 1e7


@dataclasses.dataclass
class Model:
    """What splink is told about a table."""

    comparisons: list
    blocks: list
    deterministic: list
    training: list


def frequent(column):
    """Equality, which is worth less for a value that is frequent."""
    return library.ExactMatch(column).configure(term_frequency_adjustments=True)


def restaurants():
    # The guides write the first separator of a phone number differently; the last eight characters are the same.
    number = "right(phone, 8)"
    return Model(
        comparisons=[
            library.NameComparison("name"),
            library.JaroWinklerAtThresholds("addr", [0.9, 0.7]),
            frequent("city"),
            library.LevenshteinAtThresholds("phone", [1, 2]),
            frequent("type"),
        ],
        blocks=[
            block_on(number),
            block_on("name"),
            block_on("addr"),
            block_on("substr(name, 1, 4)"),
            block_on("substr(addr, 1, 6)"),
            block_on("city", "type"),
        ],
        deterministic=[block_on(number, "substr(name, 1, 3)"), block_on("name", "city"), block_on("addr", "city")],
        training=[block_on("substr(name, 1, 4)"), block_on(number)],
    )


def persons():
    # The parts of the date of birth have typing errors of their own, months above 12 among them.
    date = ["birth_year", "bm", "bd"]
    return Model(
        comparisons=[
            library.NameComparison("fname_c1"),
            library.NameComparison("lname_c1"),
            frequent("fname_c2"),
            frequent("lname_c2"),
            library.DateOfBirthComparison("date_of_birth", input_is_string=True, invalid_dates_as_null=False),
        ],
        blocks=[
            block_on("fname_c1", "lname_c1"),
            block_on("fname_c1", "birth_year"),
            block_on("lname_c1", "birth_year"),
            block_on("fname_c1", "bm", "bd"),
            block_on("lname_c1", "bm", "bd"),
            block_on(*date),
        ],
        deterministic=[
            block_on("fname_c1", "lname_c1", "birth_year", "bm"),
            block_on("fname_c1", *date),
            block_on("lname_c1", *date),
        ],
        training=[block_on("fname_c1", "lname_c1"), block_on("date_of_birth")],
    )


MODELS = {"restaurants": restaurants, "persons": persons}


def record(row, values):
    """A row as splink takes it: BY is a word of SQL, and a date is one string."""
    values = {"unique_id": row, **values}
    if "by" in values:
        values["birth_year"] = values.pop("by")
        values["date_of_birth"] = "{:0>4}-{:0>2}-{:0>2}".format(values["birth_year"], values["bm"], values["bd"])
    return values


def trained(table, seed):
    """The linker of a table, with its parameters estimated, and the names of its sources."""
    model = MODELS[table.name]()
    api = DuckDBAPI()
    sources = [f"source_{number}" for number, _ in enumerate(table.parts())]
    frames = [
        api.register(pa.Table.from_pylist([record(*item) for item in part.items()]), dataset_display_name=source)
        for source, part in zip(sources, table.parts())
    ]
    settings = SettingsCreator(
        link_type="link_only" if table.sources else "dedupe_only",
        comparisons=model.comparisons,
        blocking_rules_to_generate_predictions=model.blocks,
    )
    linker = Linker(frames if table.sources else frames[0], settings, log_level=logging.ERROR)
    linker.training.estimate_probability_two_random_records_match(model.deterministic, recall=RECALL)
    linker.training.estimate_u_using_random_sampling(max_pairs=RANDOM_PAIRS, seed=seed)
    for block in model.training:
        linker.training.estimate_parameters_using_expectation_maximisation(block)
    return linker, sources


def entities(table, seed):
    """The entity of each row by the way of clustering and the threshold.

    Besides connected components, tables that are linked are clustered by single best links, one row of each source.
    """
    linker, sources = trained(table, seed)
    predictions = linker.inference.predict(threshold_match_probability=min(THRESHOLDS))
    clustering = linker.clustering
    found = {}
    for threshold in THRESHOLDS:
        clusters = clustering.cluster_pairwise_predictions_at_threshold(predictions, threshold)
        found["components", threshold] = of_rows(clusters)
        if table.sources:
            clusters = clustering.cluster_using_single_best_links(predictions, sources, threshold)
            found["one to one", threshold] = of_rows(clusters)
    return found


def of_rows(clusters):
    frame = clusters.as_pandas_dataframe()
    return dict(zip(frame["unique_id"], frame["cluster_id"]))
