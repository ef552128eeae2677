"""Entities by dedupe, with answers to the pairs that its own active learning chooses."""

import multiprocessing
import random

import dedupe
from dedupe import variables

THRESHOLD = 0.5


def restaurants():
    return [
        variables.String("name"),
        variables.String("addr"),
        variables.ShortString("city"),
        variables.ShortString("phone"),
        variables.String("type"),
    ]


def persons():
    """The parts of the date of birth are custom variables, by which no blocks are made: they have too few values.

    For the same reason no name is said to have missing values: that would add blocks of all rows without it.
    """
    return [
        variables.String("fname_c1"),
        variables.String("lname_c1"),
        variables.String("fname_c2"),
        variables.String("lname_c2"),
        variables.ShortString("date_of_birth"),
        *(variables.Custom(part, comparator=differ) for part in ("by", "bm", "bd")),
    ]


def differ(left, right):
    """The distance of two values of which only equality counts."""
    return float(left != right)


VARIABLES = {"restaurants": restaurants, "persons": persons}


def record(row, values):
    """A row as dedupe takes it, with its id to look up the answers by."""
    values = {"row": row, **values}
    if "by" in values:
        values["date_of_birth"] = "{:0>4}-{:0>2}-{:0>2}".format(values["by"], values["bm"], values["bd"])
    return values


def entities(table, budgets, seed):
    """The entity of each row after as many answers as each budget has.

    One matcher asks on: the answers of a budget are the first of the next one. Training ends a matcher's questions, so
    a copy of the process is trained and decides.
    """
    random.seed(seed)
    parts = [{row: record(row, values) for row, values in part.items()} for part in table.parts()]
    kind = dedupe.RecordLink if table.sources else dedupe.Dedupe
    matcher = kind(VARIABLES[table.name](), num_cores=1, in_memory=True)
    matcher.prepare_training(*parts)
    found, answered = {}, 0
    for budget in sorted(budgets):
        for _ in range(budget - answered):
            answer(matcher, table.truth)
        answered = budget
        found[budget] = in_copy(decide, matcher, parts)
    return found


def answer(matcher, truth):
    """Answers the pair that the matcher is most curious about."""
    [(left, right)] = matcher.uncertain_pairs()
    same = truth[left["row"]] == truth[right["row"]]
    matcher.mark_pairs({"match": [(left, right)] if same else [], "distinct": [] if same else [(left, right)]})


def decide(matcher, parts):
    """The entity of each row by a matcher that is trained now: links one to one, or clusters of one table."""
    matcher.train()
    if len(parts) == 1:
        clusters = matcher.partition(*parts, threshold=THRESHOLD)
    else:
        clusters = matcher.join(*parts, threshold=THRESHOLD, constraint="one-to-one")
    found = {row: row for part in parts for row in part}
    for rows, _ in clusters:
        found.update(dict.fromkeys(rows, rows[0]))
    return found


def in_copy(work, *arguments):
    """What a function returns in a copy of this process, which stays as it is."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=lambda: sender.send(work(*arguments)))
    process.start()
    sender.close()
    result = receiver.recv()
    process.join()
    return result
