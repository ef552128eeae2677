"""The tables of the comparison of entities, with what is true of them, and the pair F1 of a decision about them."""

import collections
import csv
import dataclasses
import pathlib

ID, SOURCE, TRUTH = "id", "guide", "entity"


@dataclasses.dataclass
class Table:
    """Rows by their ids, the entity of each and, where two sources without duplicates are linked, its source."""

    name: str
    columns: list
    rows: dict
    truth: dict
    sources: dict

    def parts(self):
        """The rows of each source, or all of them."""
        names = sorted(set(self.sources.values())) or [None]
        return [{row: self.rows[row] for row in self.rows if self.sources.get(row) == name} for name in names]

    def write(self, path):
        """Writes the table as CSV, with columns for the id, the source if there are sources, and the entity."""
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow([ID, *self.columns, *([SOURCE] if self.sources else []), TRUTH])
            for row, values in self.rows.items():
                source = [self.sources[row]] if self.sources else []
                writer.writerow([row, *values.values(), *source, self.truth[row]])


def read(path):
    """The rows of a CSV file as dictionaries, in which empty values and NA are None."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [{name: None if value in ("", "NA") else value for name, value in row.items()} for row in rows]


def restaurants(folder):
    """Two restaurant guides to be linked; a restaurant has at most one row in each."""
    matches = {row["zagats_id"]: "f" + row["fodors_id"] for row in read(folder / "matches_fodors_zagats.csv")}
    rows, truth, sources = {}, {}, {}
    for source in ("fodors", "zagats"):
        for values in read(folder / f"{source}.csv"):
            number = values.pop("id")
            row = source[0] + number
            rows[row], sources[row] = values, source
            truth[row] = matches.get(number, row) if source == "zagats" else row
    return Table("restaurants", ["name", "addr", "city", "phone", "type"], rows, truth, sources)


def persons(folder):
    """Persons of one table, a tenth of which are there twice, with errors."""
    rows, truth = {}, {}
    for values in read(folder / "rldata10000.csv"):
        row = "p" + values.pop("id")
        truth[row], rows[row] = values.pop("entity"), values
    return Table("persons", ["fname_c1", "fname_c2", "lname_c1", "lname_c2", "by", "bm", "bd"], rows, truth, {})


READERS = {"restaurants": restaurants, "persons": persons}


def load(name, folder):
    return READERS[name](pathlib.Path(folder))


def pair_f1(found, truth):
    """F1 over pairs of rows of the same entity; `found` and `truth` give each row's entity."""
    both = pairs(collections.Counter((found[row], truth[row]) for row in truth))
    return 2 * both / (pairs(collections.Counter(found.values())) + pairs(collections.Counter(truth.values())))


def pairs(sizes):
    """How many pairs groups of these sizes have."""
    return sum(size * (size - 1) // 2 for size in sizes.values())
