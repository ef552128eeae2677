//! Computed tables: what SQL computes from the files of a run when it is asked, with every column documented.

/// A documented column of a computed table.
#[derive(Debug, Clone, Copy)]
pub struct ComputedColumn {
    /// Its name.
    pub name: &'static str,
    /// What it means, in a sentence.
    pub docs: &'static str,
}

/// A table that is computed when it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct ComputedTable {
    /// The name of the table or table function.
    pub name: &'static str,
    /// What a row is, in a sentence.
    pub docs: &'static str,
    /// Its columns, in order.
    pub columns: &'static [ComputedColumn],
}

const fn column(name: &'static str, docs: &'static str) -> ComputedColumn {
    ComputedColumn { name, docs }
}

/// The last value of each measure.
pub const SCORES: ComputedTable = ComputedTable {
    name: "scores",
    docs: "one row for each measure: its last value",
    columns: &[
        column("name", "the measure, as `metrics` names it"),
        column("value", "its last value"),
        column("raw", "the same measure of the raw features; null if it was not made"),
    ],
};

/// Answers that stand.
pub const STANDING: ComputedTable = ComputedTable {
    name: "standing",
    docs: "the rows of `answers` that nobody took back, with the columns of `answers`",
    columns: &[],
};

/// What each answer made known.
pub const IMPLIED: ComputedTable = ComputedTable {
    name: "implied",
    docs: "one row for each row of `answers`: what became known by it",
    columns: &[
        column("sequence", "the row of `answers`"),
        column("positives", "pairs that became known positives by it; below 0 where pairs became unknown"),
        column("negatives", "pairs that became known negatives by it; below 0 where pairs became unknown"),
        column("outcome", "new, already_implied, contradiction, passed, undone or outside"),
    ],
};

/// The rounds of questions.
pub const ROUNDS: ComputedTable = ComputedTable {
    name: "rounds",
    docs: "one row for each round of questions",
    columns: &[
        column("round", "its number, from 1"),
        column("questions", "questions that were asked in it"),
        column("spent", "units of the budget that were spent by its end"),
        column("answers", "answers that were given in it, passes left out"),
        column("yes", "those that say that the pair is related"),
        column("predicted", "answers that were predicted before they were given"),
        column("judged", "answers for which there was a prediction"),
        column("implied", "answers that followed from earlier ones"),
        column("validation", "validation answers, which are only measured on"),
        column("validated", "validation answers that were predicted"),
        column("passed", "candidates that annotators passed on"),
        column("contradictions", "answers that contradict others"),
        column("known_positives", "pairs that are known to be related"),
        column("known_negatives", "pairs that are known not to be"),
        column("components", "must-link components"),
        column("bridges", "single answers that hold big components together"),
        column("stop", "why asking stopped after it; null if it went on"),
    ],
};

/// Single answers that hold big components together.
pub const BRIDGES: ComputedTable = ComputedTable {
    name: "bridges",
    docs: "one row for each single yes that holds two big groups together, and is therefore doubted",
    columns: &[
        column("round", "the round after which it was found"),
        column("answer", "the row of `answers`"),
        column("src", "one sample of the pair"),
        column("dst", "the other sample"),
    ],
};

/// How annotators answer.
pub const ANNOTATORS: ComputedTable = ComputedTable {
    name: "annotators",
    docs: "one row for each annotator",
    columns: &[
        column("annotator", "the name"),
        column("oracles", "the oracles within which the annotator answered"),
        column("answers", "answers that stand"),
        column("yes", "those that say that the pair is related"),
        column("passes", "questions passed on"),
        column("undone", "answers that were taken back"),
        column("cost", "what all of it cost"),
        column("compared", "answers of others about the same pairs"),
        column("agreement", "the share of those that agree; null without any"),
    ],
};

/// What each source of relations covers.
pub const ORACLES: ComputedTable = ComputedTable {
    name: "oracles",
    docs: "one row for each source of relations, over the pairs that were asked about",
    columns: &[
        column("oracle", "the oracle"),
        column("active", "whether it was asked, or stated relations unasked"),
        column("pairs", "pairs that it says something about"),
        column("yes", "those that it says are related"),
        column("coverage", "the share of the asked pairs"),
        column("overlap", "the share about which another oracle speaks, too"),
        column("conflict", "the share about which another oracle says the opposite"),
    ],
};

/// What each round bought.
pub const COST_CURVE: ComputedTable = ComputedTable {
    name: "cost_curve",
    docs: "one row for each measure and round: the value beside what was spent by then",
    columns: &[
        column("metric", "the measure, as `metrics` names it"),
        column("round", "the round of questions"),
        column("spent", "units of the budget that were spent by its end"),
        column("value", "the value after it"),
        column("before", "the value after the round before"),
        column("gain_per_unit", "the change by each unit that was spent in between"),
    ],
};

/// The nearest rows of a vector or sample.
pub const NEAREST: ComputedTable = ComputedTable {
    name: "nearest(table, id | vector | table, k [, metric])",
    docs: "the k rows of a table of embeddings that are nearest to a sample, a vector, or each row of a table, exactly",
    columns: &[
        column("query", "the row whose neighbours these are; only where a table is the second argument"),
        column("rank", "1 for the nearest"),
        column("id", "the row"),
        column("score", "the cosine similarity; the distance for `l2`; the inner product for `inner_product`"),
    ],
};

/// Pairs of similar samples.
pub const SIMILAR_PAIRS: ComputedTable = ComputedTable {
    name: "similar_pairs([table,] similarity)",
    docs: "one row for each pair of rows of a table of embeddings that are at least so similar, exactly",
    columns: &[
        column("src", "the earlier row"),
        column("dst", "the later row"),
        column("similarity", "the cosine similarity"),
    ],
};

/// How far probabilities of pairs can be believed.
pub const RELIABILITY: ComputedTable = ComputedTable {
    name: "reliability",
    docs: "one row for each tenth of probability in which pairs were audited, weighted back to all pairs",
    columns: &[
        column("lower", "the least probability of the range"),
        column("probability", "the mean probability of its pairs"),
        column("related", "the share of them that is related, as was answered"),
        column("answers", "the audited pairs"),
        column("pairs", "the pairs that they stand for"),
    ],
};

/// Precision and recall at each threshold.
pub const PRECISION_RECALL: ComputedTable = ComputedTable {
    name: "precision_recall",
    docs: "one row for each audited pair: what precision and recall would be if its probability were the threshold",
    columns: &[
        column("threshold", "the probability"),
        column("precision", "the share of the pairs of at least this probability that is related"),
        column("recall", "the share of the related candidates that has at least this probability"),
    ],
};

/// Near duplicates.
pub const NEAR_DUPLICATES: ComputedTable = ComputedTable {
    name: "near_duplicates",
    docs: "one row for each sample and each of its five nearest ones, each pair once; the most similar are near duplicates",
    columns: &[
        column("src", "the smaller id"),
        column("dst", "the larger id"),
        column("similarity", "the cosine similarity of their embeddings"),
    ],
};

/// Near duplicates across splits.
pub const SPLIT_LEAKS: ComputedTable = ComputedTable {
    name: "split_leaks",
    docs: "the rows of `near_duplicates` whose samples are of different splits, by the column `split`",
    columns: &[
        column("src", "the smaller id"),
        column("dst", "the larger id"),
        column("similarity", "the cosine similarity of their embeddings"),
        column("src_split", "the split of the first"),
        column("dst_split", "the split of the second"),
    ],
};

/// Samples far from everything.
pub const OUTLIERS: ComputedTable = ComputedTable {
    name: "outliers",
    docs: "one row for each sample; those of the least similarity are far from everything",
    columns: &[column("id", "the sample"), column("similarity", "the mean cosine similarity to its ten nearest ones")],
};

/// Labels that contradict their neighbours.
pub const LABEL_ISSUES: ComputedTable = ComputedTable {
    name: "label_issues",
    docs: "one row for each sample whose label, in the column of the first evaluation, is not that of most around it",
    columns: &[
        column("id", "the sample"),
        column("label", "its label"),
        column("neighbours", "the label of most of its ten nearest samples, weighted by similarity"),
        column("share", "the share of that label"),
    ],
};

/// The known relations of one sample.
pub const NEIGHBOURS: ComputedTable = ComputedTable {
    name: "neighbours([run,] id [, 'all'])",
    docs: "one row for each sample that the graph relates to a sample",
    columns: &[
        column("id", "the other sample"),
        column("weight", "above 0 a known positive, below 0 a known negative"),
        column("source", "where it comes from: edge, group, closure, or, with 'all', implied"),
    ],
};

/// Every computed table.
pub const COMPUTED: &[&ComputedTable] = &[
    &SCORES,
    &STANDING,
    &IMPLIED,
    &ROUNDS,
    &BRIDGES,
    &ANNOTATORS,
    &ORACLES,
    &COST_CURVE,
    &NEAREST,
    &RELIABILITY,
    &PRECISION_RECALL,
    &SIMILAR_PAIRS,
    &NEAR_DUPLICATES,
    &SPLIT_LEAKS,
    &OUTLIERS,
    &LABEL_ISSUES,
    &NEIGHBOURS,
];
