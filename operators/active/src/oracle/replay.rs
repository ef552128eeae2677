//! Replay of answers that were given before, from a file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type, UInt64Type};
use async_trait::async_trait;
use futures::StreamExt;
use relata_data::index::SampleId;
use relata_data::source::{IdLookup, parquet};
use relata_data::{DataError, query};
use relata_oracle::{Answer, Context, Oracle, OracleError, Question, Record, Result};
use relata_registry::{Description, Settings};
use relata_schemas::SchemaError;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use tokio::sync::OnceCell;

/// See [`replay`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Replay {
    file: PathBuf,
    #[serde(skip)]
    answers: OnceCell<ReplayedAnswers>,
}

/// Answers from a file of JSON lines, or of Parquet if it is called so, with columns of the table `answers`: `anchor`,
/// `candidate` and `related`, and, if there are any, `confidence`, `annotator`, `oracle`, `cost`, and `sequence` with
/// `undoes`, which takes answers back. Other columns are not looked at.
///
/// An answer is found by its two samples, whichever was the anchor; every annotator repeats the last thing that it said
/// about them, at the same cost. Only pairs of the file are asked about, whatever the strategy: those of them that it chooses,
/// and where these are too few the others in order. Another pair, such as one of an audit, is passed. Answers about samples that the dataset does not have are left out, unless that is all of them.
///
/// ```
/// use relata_active::oracle::replay;
/// use relata_oracle::Oracle;
///
/// let oracle = replay("answers.jsonl");
/// assert_eq!(oracle.describe().to_string(), "replay file=answers.jsonl");
/// ```
pub fn replay(file: impl Into<PathBuf>) -> Replay {
    Replay { file: file.into(), answers: OnceCell::new() }
}

/// By pair (smaller id first) and annotator.
type ReplayedAnswers = BTreeMap<(SampleId, SampleId), BTreeMap<String, ReplayedAnswer>>;

/// An answer in the file.
#[derive(Debug, Clone, Deserialize)]
struct ReplayedAnswer {
    anchor: ReplayedId,
    candidate: ReplayedId,
    #[serde(deserialize_with = "Option::deserialize")]
    related: Option<bool>,
    confidence: Option<f32>,
    annotator: Option<String>,
    oracle: Option<String>,
    cost: Option<f32>,
    sequence: Option<u64>,
    undoes: Option<u64>,
}

/// A sample, as numbered or as called by its own name.
#[derive(Debug, Clone)]
enum ReplayedId {
    Number(u64),
    Text(String),
}

impl<'de> Deserialize<'de> for ReplayedId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self::Text(text)),
            value => value
                .as_u64()
                .map(Self::Number)
                .ok_or_else(|| serde::de::Error::custom(format!("expected the id of a sample, found {value}"))),
        }
    }
}

impl ReplayedId {
    fn number(&self, lookup: &IdLookup) -> Option<SampleId> {
        match self {
            Self::Number(number) => lookup.number(*number),
            Self::Text(text) => lookup.text(text),
        }
    }
}

impl Replay {
    async fn read(&self, context: &Context<'_>) -> Result<ReplayedAnswers> {
        let is_parquet = self.file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("parquet"));
        let lines = if is_parquet { self.parquet_lines(context).await? } else { json_lines(&self.file)? };
        let lookup = IdLookup::new(context.samples)?;
        let taken_back: BTreeSet<u64> = lines.iter().filter_map(|line| line.undoes).collect();
        let stands =
            |line: &&ReplayedAnswer| line.undoes.is_none() && line.sequence.is_none_or(|at| !taken_back.contains(&at));
        let mut standing: Vec<&ReplayedAnswer> = lines.iter().filter(stands).collect();
        standing.sort_by_key(|line| line.sequence);
        let mut said = ReplayedAnswers::new();
        for line in &standing {
            let (Some(a), Some(b)) = (line.anchor.number(&lookup), line.candidate.number(&lookup)) else { continue };
            let annotator = line.annotator.as_ref().or(line.oracle.as_ref()).map_or("replay", |name| name);
            said.entry((a.min(b), a.max(b))).or_default().insert(annotator.to_owned(), (*line).clone());
        }
        if let (Some(first), true) = (standing.first(), said.is_empty()) {
            return Err(DataError::Unreadable {
                path: self.file.clone(),
                expected: "answers about samples of the dataset".to_owned(),
                found: format!("none, first one about {:?} and {:?}", first.anchor, first.candidate),
                hint: "Replay answers of the same dataset, read with the same id column.".to_owned(),
            }
            .into());
        }
        Ok(said)
    }

    async fn parquet_lines(&self, context: &Context<'_>) -> Result<Vec<ReplayedAnswer>> {
        let table = parquet(&self.file).table(context.session).await?;
        let mut lines = Vec::new();
        // Partitions one after the other are the order of the file.
        for mut part in query::stream_partitions(table).await? {
            while let Some(batch) = part.next().await {
                self.lines_of(&batch?, &mut lines)?;
            }
        }
        Ok(lines)
    }

    fn lines_of(&self, batch: &RecordBatch, lines: &mut Vec<ReplayedAnswer>) -> Result<()> {
        let table = self.file.display().to_string();
        let column = |name: &str, of: DataType| -> Result<Option<ArrayRef>> {
            let Some(values) = batch.column_by_name(name) else { return Ok(None) };
            Ok(Some(cast(values, &of)?))
        };
        let needed = |name: &str, of: DataType| {
            column(name, of)?.ok_or_else(|| {
                let hint = "Replay a table of answers, with `anchor`, `candidate` and `related`.";
                OracleError::from(SchemaError::column(&table, name, "a column of that name", "none", hint))
            })
        };
        let id = |name: &str| -> Result<Vec<ReplayedId>> {
            let text = batch.column_by_name(name).is_some_and(|ids| !ids.data_type().is_integer());
            let ids = needed(name, if text { DataType::Utf8 } else { DataType::UInt64 })?;
            if let Some(row) = (0..ids.len()).find(|&row| ids.is_null(row)) {
                let error =
                    SchemaError::column(&table, name, "the id of a sample", "null", "Replay a table of answers.");
                return Err(error.at_row((lines.len() + row) as u64).into());
            }
            Ok(match text {
                true => ids.as_string::<i32>().iter().flatten().map(|id| ReplayedId::Text(id.to_owned())).collect(),
                false => ids.as_primitive::<UInt64Type>().values().iter().map(|&id| ReplayedId::Number(id)).collect(),
            })
        };
        let float = |name: &str| column(name, DataType::Float32);
        let text = |name: &str| column(name, DataType::Utf8);
        let number = |name: &str| column(name, DataType::UInt64);
        let related = needed("related", DataType::Boolean)?;
        let (confidence, cost) = (float("confidence")?, float("cost")?);
        let (annotator, oracle) = (text("annotator")?, text("oracle")?);
        let (sequence, undoes) = (number("sequence")?, number("undoes")?);
        let valid = |column: &Option<ArrayRef>, row| column.as_ref().filter(|values| values.is_valid(row)).cloned();
        let pairs: Vec<_> = id("anchor")?.into_iter().zip(id("candidate")?).collect();
        for (row, (anchor, candidate)) in pairs.into_iter().enumerate() {
            lines.push(ReplayedAnswer {
                anchor,
                candidate,
                related: related.is_valid(row).then(|| related.as_boolean().value(row)),
                confidence: valid(&confidence, row).map(|v| v.as_primitive::<Float32Type>().value(row)),
                annotator: valid(&annotator, row).map(|v| v.as_string::<i32>().value(row).to_owned()),
                oracle: valid(&oracle, row).map(|v| v.as_string::<i32>().value(row).to_owned()),
                cost: valid(&cost, row).map(|v| v.as_primitive::<Float32Type>().value(row)),
                sequence: valid(&sequence, row).map(|v| v.as_primitive::<UInt64Type>().value(row)),
                undoes: valid(&undoes, row).map(|v| v.as_primitive::<UInt64Type>().value(row)),
            });
        }
        Ok(())
    }
}

fn json_lines(file: &Path) -> Result<Vec<ReplayedAnswer>> {
    let text = std::fs::read_to_string(file).map_err(DataError::io(file))?;
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
    let read = |(line, number): (&str, usize)| {
        serde_json::from_str(line).map_err(|error| DataError::Unreadable {
            path: file.to_path_buf(),
            expected: "an answer in each line, with `anchor`, `candidate` and `related`".to_owned(),
            found: format!("in line {number}: {error}"),
            hint: "Replay JSON lines of the table of answers.".to_owned(),
        })
    };
    Ok(lines.map(read).collect::<Result<_, DataError>>()?)
}

impl Settings for Replay {
    const NAME: &'static str = "replay";
    const SUMMARY: &'static str = "answers that were given before, from a file";
}

#[async_trait]
impl Oracle for Replay {
    fn describe(&self) -> Description {
        Description::of(self)
    }

    fn files(&self) -> Vec<PathBuf> {
        vec![self.file.clone()]
    }

    fn check(&self) -> Result<()> {
        if self.file.as_os_str().is_empty() {
            return Err(OracleError::setting("replay", "file", "the path of a file of answers", "none"));
        }
        Ok(())
    }

    fn check_relate(&self) -> Result<()> {
        Err(OracleError::cannot_relate(self.describe().name))
    }

    async fn answerable(&self, context: &Context<'_>) -> Result<Option<Vec<(SampleId, SampleId)>>> {
        let said = self.answers.get_or_try_init(|| self.read(context)).await?;
        Ok(Some(said.keys().copied().collect()))
    }

    async fn answer(&self, context: &Context<'_>, questions: &[Question], out: &dyn Record) -> Result<()> {
        let said = self.answers.get_or_try_init(|| self.read(context)).await?;
        for question in questions {
            let mut answers = Vec::new();
            for &candidate in &question.candidates {
                let pass = Answer::now(question, candidate, None, "replay", self.cost());
                let pair = (question.anchor.min(candidate), question.anchor.max(candidate));
                let Some(annotators) = said.get(&pair) else {
                    answers.push(pass);
                    continue;
                };
                answers.extend(annotators.iter().map(|(annotator, line)| Answer {
                    related: line.related,
                    confidence: line.confidence.unwrap_or(1.0),
                    annotator: annotator.clone(),
                    cost: line.cost.unwrap_or(pass.cost),
                    ..pass.clone()
                }));
            }
            out.record(&answers)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use std::sync::Arc;

    use arrow::array::{BooleanArray, Float32Array, StringArray, UInt64Array};
    use relata_data::sink::ParquetSink;

    use super::super::fixture::{Fixture, question};
    use super::*;

    type Row = (u64, u64, Option<bool>, &'static str, f32, u64, Option<u64>);

    /// What two annotators said about the pair 1, 2 (one of them twice), a pass, and an answer that was taken back.
    const ROWS: [Row; 6] = [
        (1, 2, Some(true), "anna", 3.0, 1, None),
        (2, 1, Some(false), "ben", 2.0, 2, None),
        (2, 1, Some(false), "anna", 5.0, 3, None),
        (4, 3, None, "anna", 1.0, 4, None),
        (5, 6, Some(true), "ben", 1.0, 5, None),
        (5, 6, Some(true), "ben", 0.0, 6, Some(5)),
    ];

    fn write(file: &Path, rows: &[Row]) {
        if file.extension().is_some_and(|extension| extension == "parquet") {
            let columns: [(&str, ArrayRef); 7] = [
                ("anchor", Arc::new(UInt64Array::from_iter_values(rows.iter().map(|r| r.0)))),
                ("candidate", Arc::new(UInt64Array::from_iter_values(rows.iter().map(|r| r.1)))),
                ("related", Arc::new(BooleanArray::from_iter(rows.iter().map(|r| r.2)))),
                ("annotator", Arc::new(StringArray::from_iter_values(rows.iter().map(|r| r.3)))),
                ("cost", Arc::new(Float32Array::from_iter_values(rows.iter().map(|r| r.4)))),
                ("sequence", Arc::new(UInt64Array::from_iter_values(rows.iter().map(|r| r.5)))),
                ("undoes", Arc::new(UInt64Array::from_iter(rows.iter().map(|r| r.6)))),
            ];
            let batch = RecordBatch::try_from_iter(columns).unwrap();
            let mut sink = ParquetSink::create(file, batch.schema()).unwrap();
            sink.write(&batch).unwrap();
            sink.finish().unwrap();
            return;
        }
        let line = |&(anchor, candidate, related, annotator, cost, sequence, undoes): &Row| {
            let line = json!({
                "question": 9, "anchor": anchor, "candidate": candidate, "related": related, "annotator": annotator,
                "cost": cost, "sequence": sequence, "undoes": undoes, "answered_at": "2026-01-01T00:00:00Z",
            });
            format!("{line}\n")
        };
        std::fs::write(file, rows.iter().map(line).collect::<String>()).unwrap();
    }

    #[tokio::test]
    async fn pairs_are_found_either_way_and_others_passed() {
        let fixture = Fixture::new().await;
        for name in ["answers.jsonl", "answers.parquet"] {
            let file = fixture.folder().join(name);
            // The order of the ledger counts, not that of the file.
            write(&file, &ROWS.iter().rev().copied().collect::<Vec<_>>());
            let oracle = replay(&file);
            let questions = [question(7, 2, &[1, 3]), question(8, 3, &[4]), question(9, 6, &[5])];
            let answers = fixture.ask(&oracle, &questions).await.unwrap();
            let said: Vec<_> =
                answers.iter().map(|a| (a.question, a.candidate.0, a.related, &*a.annotator, a.cost)).collect();
            let expected = [
                (7, 1, Some(false), "anna", 5.0),
                (7, 1, Some(false), "ben", 2.0),
                (7, 3, None, "replay", 1.0),
                (8, 4, None, "anna", 1.0),
                (9, 5, None, "replay", 1.0),
            ];
            assert_eq!(said, expected, "{name}");
            assert!(answers.iter().all(|a| a.oracle == "replay" && a.confidence == 1.0));
            // The file is read once.
            std::fs::remove_file(&file).unwrap();
            assert_eq!(fixture.ask(&oracle, &questions).await.unwrap().len(), expected.len());
            assert!(fixture.ask(&replay(&file), &questions).await.is_err());
        }
    }

    #[tokio::test]
    async fn samples_are_found_by_names_of_their_own() {
        let fixture = Fixture::of("name,x\nada,0\nbob,0\ncy,0\n", |dataset| dataset.id("name")).await;
        let file = fixture.folder().join("answers.jsonl");
        let said = |a: &str, b: &str| format!("{{\"anchor\": \"{a}\", \"candidate\": \"{b}\", \"related\": true}}\n");
        std::fs::write(&file, said("bob", "cy") + &said("zoe", "cy")).unwrap();
        let answers = fixture.ask(&replay(&file), &[question(1, 2, &[0, 1])]).await.unwrap();
        assert_eq!(answers.iter().map(|a| a.related).collect::<Vec<_>>(), [None, Some(true)]);
        std::fs::write(&file, said("zoe", "eve")).unwrap();
        let error = fixture.ask(&replay(&file), &[question(1, 2, &[0, 1])]).await.unwrap_err().to_string();
        assert!(error.contains("about samples of the dataset") && error.contains("zoe"), "{error}");
    }

    #[tokio::test]
    async fn lines_that_are_no_answers_are_named() {
        let fixture = Fixture::new().await;
        let file = fixture.folder().join("answers.jsonl");
        let good = "{\"anchor\": 1, \"candidate\": 2, \"related\": null}";
        for (bad, found) in [
            ("{\"anchor\": 1, \"candidate\": 2}", "related"),
            ("{\"anchor\": -1, \"candidate\": 2, \"related\": true}", "-1"),
            ("oops", "line 3"),
        ] {
            std::fs::write(&file, format!("{good}\n\n{bad}\n")).unwrap();
            let error = fixture.ask(&replay(&file), &[question(1, 1, &[2])]).await.unwrap_err().to_string();
            assert!(error.contains("line 3") && error.contains(found), "{error}");
        }
        let file = fixture.folder().join("answers.parquet");
        let column: ArrayRef = Arc::new(UInt64Array::from(vec![1]));
        let batch = RecordBatch::try_from_iter([("anchor", column.clone()), ("candidate", column)]).unwrap();
        let mut sink = ParquetSink::create(&file, batch.schema()).unwrap();
        sink.write(&batch).unwrap();
        sink.finish().unwrap();
        let error = fixture.ask(&replay(&file), &[question(1, 1, &[2])]).await.unwrap_err().to_string();
        assert!(error.contains("`related`"), "{error}");
    }
}
