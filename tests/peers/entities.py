"""Decides which rows are the same entity by Relata, splink and dedupe, and writes the table ENTITIES.md.

usage: python entities.py --data DIR [--only restaurants,persons] [--programs relata,splink,dedupe] [--seeds 5]
                          [--binary PATH] [--write]
"""

import argparse
import datetime
import importlib.metadata
import json
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import entity_tables
import report
from peers import dedupe_entities, splink_entities

HERE = pathlib.Path(__file__).parent
BUDGETS = [0, 50, 100, 200]
# The columns of the table, with the program that fills each.
COLUMNS = {
    "Relata": "relata",
    "splink": "splink",
    "splink, best threshold": "splink",
    "splink, one to one": "splink",
    "splink, one to one, best threshold": "splink",
    "dedupe": "dedupe",
}
PACKAGES = ["splink", "duckdb", "dedupe", "BTrees", "scikit-learn", "numpy"]


def relata(table, seed, binary):
    """F1 by column and budget. A run with answers goes on with the next budget, which is as if it had had it from the start."""
    scores = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        table.write(folder / "table.csv")
        link = entity_tables.SOURCE if table.sources else "-"
        for budget in BUDGETS:
            run = folder / ("run_without" if budget == 0 else "run_with")
            arguments = [folder / "table.csv", run, entity_tables.TRUTH, link, budget, seed]
            command = list(map(str, [binary, *arguments]))
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            [line] = [line for line in done.stdout.splitlines() if line.startswith("{")]
            scores["Relata", budget] = json.loads(line)["decision.f1"]
    return scores


def splink(table, seed, _):
    """F1 by column, at its own threshold and at the one that is best for the truth; it takes no answers."""
    scores = {}
    for (way, threshold), found in splink_entities.entities(table, seed).items():
        column = "splink" if way == "components" else f"splink, {way}"
        score = entity_tables.pair_f1(found, table.truth)
        if threshold == splink_entities.THRESHOLD:
            scores[column, 0] = score
        best = f"{column}, best threshold", 0
        scores[best] = max(score, scores.get(best, 0))
    return scores


def dedupe(table, seed, _):
    """F1 by column and budget; without answers it decides nothing."""
    found = dedupe_entities.entities(table, [budget for budget in BUDGETS if budget > 0], seed)
    return {("dedupe", budget): entity_tables.pair_f1(of_rows, table.truth) for budget, of_rows in found.items()}


PROGRAMS = {"relata": relata, "splink": splink, "dedupe": dedupe}


def measure(program, table, seeds, binary):
    """Cells of the table by column and budget: the mean over the seeds and the least."""
    scores = {}
    for seed in range(seeds):
        start = time.perf_counter()
        for cell, score in PROGRAMS[program](table, seed, binary).items():
            scores.setdefault(cell, []).append(score)
        last = ", ".join(f"{column} {budget}: {values[-1]:.4f}" for (column, budget), values in scores.items())
        seconds = time.perf_counter() - start
        print(f"  {table.name} {program} seed {seed}, {seconds:.0f} s: {last}", file=sys.stderr, flush=True)
    return {cell: f"{statistics.mean(values):.3f} ({min(values):.3f}; {seeds})" for cell, values in scores.items()}


def line(name, budget, cells):
    """A row of the table; what was not measured is a dash."""
    return f"| {name} | {budget} | " + " | ".join(cells.get((name, budget, column), "–") for column in COLUMNS) + " |"


def read(path):
    """The cells of a table that is there already."""
    cells = {}
    for text in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        name, budget, *values = [value.strip() for value in text.strip("|").split("|")] + [""]
        if name in entity_tables.READERS:
            cells.update({(name, int(budget), column): value for column, value in zip(COLUMNS, values)})
    return cells


def write(path, cells):
    versions = ", ".join(f"{package} {importlib.metadata.version(package)}" for package in PACKAGES)
    lines = [line(name, budget, cells) for name in entity_tables.READERS for budget in BUDGETS]
    lines = "\n".join(text for text in lines if any(character.isdigit() for character in text.split("|", 3)[3]))
    head = "| data | answers | " + " | ".join(COLUMNS) + " |\n| --- | ---: |" + " ---: |" * len(COLUMNS)
    text = f"""# Which rows are the same entity

F1 over pairs of rows that are the same entity, of the decision about all rows: precision and recall count all pairs, also
those that no program compared. Cells are the mean over seeds, in brackets the least and how many seeds; a dash is what a
program does not do or what has not been run. Answers are right, one for each pair that a program chose to ask about.

- restaurants: 533 and 331 rows of two guides, linked; 112 pairs. Relata and dedupe are told that a restaurant has one row
  in a guide; of splink both ways of clustering are there.
- persons: 10,000 rows of one table with missing and mistyped values; 1,000 pairs.
- Relata: the views `corruptions`, the loss NT-Xent, the decision `entities()`, 10 answers per round; one setting for both
  tables. The structure of its pair model was developed on these two tables, so its numbers here are not those of tables
  that it has never seen.
- splink takes no answers: name, Jaro-Winkler, Levenshtein and date comparisons, equality with term frequencies, six
  blocking rules, two blocks for expectation maximisation, match probability 0.5, connected components or single best
  links ("one to one"). "Best threshold" is the best of {len(splink_entities.THRESHOLDS)} and knows the truth.
- dedupe: string variables, and equality of the parts of a date; its own active learning, threshold 0.5; `RecordLink` one
  to one, `Dedupe` for one table. The answers of a budget are the first of the next one. It draws from generators that
  cannot be seeded, so its numbers are not repeated exactly.

Last measured on: {report.machine()}; Python {platform.python_version()}, {versions}; {datetime.date.today().isoformat()}.

{head}
{lines}
"""
    path.write_text(text, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True, help="the folder of the CSV files; README.md says where they come from")
    parser.add_argument("--only", default="restaurants,persons", help="names of tables, by commas")
    parser.add_argument("--programs", default="relata,splink,dedupe", help="names of programs, by commas")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--binary", default=HERE / "../../target/release/entities", type=pathlib.Path)
    parser.add_argument("--write", action="store_true", help="write ENTITIES.md; what is not measured now stays")
    options = parser.parse_args()
    programs = options.programs.split(",")
    if "relata" in programs and not options.binary.exists():
        sys.exit(f"{options.binary} is not there: cargo build --release --workspace --bins, or name it with --binary")
    path = HERE / "ENTITIES.md"
    cells = read(path)
    for name in options.only.split(","):
        table = entity_tables.load(name, options.data)
        for program in programs:
            measured = measure(program, table, options.seeds, options.binary.resolve())
            cells.update({(name, budget, column): cell for (column, budget), cell in measured.items()})
            if options.write:
                write(path, cells)
        for budget in BUDGETS:
            print(line(name, budget, cells), flush=True)


if __name__ == "__main__":
    main()
