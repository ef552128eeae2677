//! Nearest-neighbour oracle (kNN): samples that are among each other's nearest neighbours are related.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::UInt64Type;
use async_trait::async_trait;
use relata_data::index::{SampleId, TrainingRow};
use relata_data::source::IdLookup;
use relata_data::{DataError, ParquetFile, query};
use relata_graph::Relations;
use relata_graph::knn::Metric;
use relata_registry::{Description, Settings};
use relata_schemas::SchemaError;
use relata_schemas::embeddings::{EMBEDDING, ID};
use relata_schemas::samples::SOURCE_ID;
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use crate::duplicates::Duplicates;
use crate::error::{OracleError, Result};
use crate::neighbour_lists::{NeighbourLists, Pair, approximate, exact};
use crate::oracle::{Context, Oracle};
use crate::question::Question;
use crate::record::Record;
use relata_data::embeddings::{IdColumn, VectorColumn};

/// Rows of a batch of an embeddings file.
const BLOCK: usize = 4096;

/// See [`nearest`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Nearest {
    k: usize,
    metric: Metric,
    mutual: bool,
    tuned: bool,
    embeddings: Option<PathBuf>,
    exact_up_to: usize,
    /// What the questions are answered from, once there was one.
    #[serde(skip)]
    lists: OnceCell<Arc<NeighbourLists>>,
}

impl Default for Nearest {
    fn default() -> Self {
        Self {
            k: 10,
            metric: Metric::Cosine,
            mutual: true,
            tuned: false,
            embeddings: None,
            exact_up_to: 50_000,
            lists: OnceCell::new(),
        }
    }
}

impl Settings for Nearest {
    const NAME: &'static str = "nearest";
    const SUMMARY: &'static str = "samples among each other's k nearest neighbours are related";
}

/// Training rows that are mutually among each other's `k` nearest by cosine similarity of their features are positives.
/// The search is exact up to 50,000 rows, and approximate (HNSW; Malkov and Yashunin 2020) above.
///
/// Rows with exactly equal vectors (bit for bit, but for the sign of 0) are related whatever `k` is, also where they are
/// zero and have no direction: no encoder can tell them apart. They are stated as one group, of weight 1. They share
/// their neighbours, of which `k` counts different vectors: neither their own duplicates nor those of a neighbour use
/// it up. Each row of a class is then a pair with one row of a neighbouring class, not with all of them.
///
/// Asked about two training rows, it says "related" if they are such neighbours, else "not related"; it passes where a
/// sample is not trained on. The neighbours are searched for once.
///
/// ```
/// use relata_oracle::{Oracle, nearest};
///
/// // By the embeddings of an earlier run.
/// let oracle = nearest(5).embeddings("runs/first/embeddings.parquet");
/// assert_eq!(oracle.files().len(), 1);
/// ```
pub fn nearest(k: usize) -> Nearest {
    Nearest { k, ..Nearest::default() }
}

impl Nearest {
    /// By Euclidean distance instead of cosine similarity.
    ///
    /// ```
    /// use relata_oracle::{Oracle, nearest};
    ///
    /// assert_eq!(nearest(5).l2().describe()["metric"], "l2");
    /// ```
    pub fn l2(mut self) -> Self {
        self.metric = Metric::L2;
        self
    }

    /// One direction is enough: a pair is related if either is among the other's nearest.
    ///
    /// ```
    /// use relata_oracle::{Oracle, nearest};
    ///
    /// assert_eq!(nearest(5).either_way().describe()["mutual"], false);
    /// ```
    pub fn either_way(mut self) -> Self {
        self.mutual = false;
        self
    }

    /// Weighs each pair by `exp(-d^2 / (s t))` instead of 1, where `d` is their distance and `s` and `t` are the
    /// distances from each to its own k-th neighbour: near pairs count more, in dense and in sparse regions alike
    /// (self-tuning weights, Zelnik-Manor and Perona 2004). Under cosine similarity `d^2` is `2 - 2 cos`.
    ///
    /// ```
    /// use relata_oracle::{Oracle, nearest};
    ///
    /// assert_eq!(nearest(5).tuned().describe()["tuned"], true);
    /// ```
    pub fn tuned(mut self) -> Self {
        self.tuned = true;
        self
    }

    /// By the vectors of an embeddings file, such as an earlier run's: Parquet with the dataset's ids in the column `id`
    /// (integers or text; where the dataset's are text, in `source_id` if there is such a column) and lists of floats of
    /// one length in the column `embedding`.
    ///
    /// ```
    /// use relata_oracle::{Oracle, nearest};
    ///
    /// let files = nearest(5).embeddings("runs/first/embeddings.parquet").files();
    /// assert_eq!(files, [std::path::Path::new("runs/first/embeddings.parquet")]);
    /// ```
    pub fn embeddings(mut self, path: impl Into<PathBuf>) -> Self {
        self.embeddings = Some(path.into());
        self
    }

    /// Search exactly up to this many rows, of which exact duplicates count once.
    ///
    /// ```
    /// use relata_oracle::{Oracle, nearest};
    ///
    /// assert_eq!(nearest(5).exact_up_to(10_000).describe()["exact_up_to"], 10_000);
    /// ```
    pub fn exact_up_to(mut self, rows: usize) -> Self {
        self.exact_up_to = rows;
        self
    }

    /// Which training rows have equal vectors, and the neighbours of each vector.
    /// Neighbours of each row.
    pub fn k(&self) -> usize {
        self.k
    }

    /// Rows up to which the search is exact.
    pub fn exact_limit(&self) -> usize {
        self.exact_up_to
    }

    async fn lists(&self, context: &Context<'_>) -> Result<NeighbourLists> {
        let mut ids: Vec<SampleId> = Vec::new();
        let training = query::plan_sql(context.session, "SELECT id FROM training ORDER BY id").await?;
        for batch in query::collect(training).await? {
            ids.extend(SampleId::slice(batch["id"].as_primitive::<UInt64Type>().values()));
        }
        let (mut values, width) = self.vectors(context, &ids).await?;
        let duplicates = Duplicates::find(&values, width);
        duplicates.keep_first(&mut values, width);
        let near = match duplicates.vectors() <= self.exact_up_to {
            true => exact(&values, width, self.k, self.metric),
            false => approximate(values, width, self.k, self.metric, context.seed)?,
        };
        Ok(NeighbourLists { ids, duplicates, near })
    }

    /// The vectors of the training rows, row-major, and their width.
    async fn vectors(&self, context: &Context<'_>, ids: &[SampleId]) -> Result<(Vec<f32>, usize)> {
        let Some(path) = &self.embeddings else {
            let width = context.samples.features.shape().len();
            let mut values = vec![0.0; ids.len() * width];
            for (id, out) in ids.iter().zip(values.chunks_exact_mut(width)) {
                if let Some(row) = context.samples.ids.row(*id) {
                    context.samples.features.read(row, out)?;
                }
            }
            return Ok((values, width));
        };
        Self::read(path, ids, &IdLookup::new(context.samples)?)
    }

    /// The vectors of a file for samples with these ids.
    fn read(path: &Path, ids: &[SampleId], lookup: &IdLookup) -> Result<(Vec<f32>, usize)> {
        let rows: HashMap<SampleId, usize> = ids.iter().copied().zip(0..).collect();
        let table = path.display().to_string();
        let file = ParquetFile::open(path)?;
        let names: Vec<String> = file.schema().fields().iter().map(|field| field.name().clone()).collect();
        let at = |name: &str| names.iter().position(|known| known == name);
        let missing = |name: &str| {
            let hint = "Name the columns of ids and of vectors so.";
            SchemaError::column(&table, name, "this column", format!("only the columns {}", names.join(", ")), hint)
        };
        let own = at(SOURCE_ID).filter(|_| lookup.is_text()).or(at(ID)).ok_or_else(|| missing(ID))?;
        let vectors = at(EMBEDDING).ok_or_else(|| missing(EMBEDDING))?;

        let (mut values, mut width, mut first_row) = (Vec::new(), None, 0);
        let mut found = vec![false; ids.len()];
        for batch in file.batches([own, vectors], BLOCK)? {
            let batch = batch?;
            let name = names[own].as_str();
            let numbers: Vec<Option<SampleId>> = match IdColumn::new(&table, name, first_row, &batch[name])? {
                IdColumn::Numbers(ids) => ids.values().iter().map(|&id| Some(SampleId(id))).collect(),
                IdColumn::Text(ids) => ids.iter().map(|id| lookup.text(id?)).collect(),
            };
            let vectors = VectorColumn::new(&table, EMBEDDING, first_row, batch[EMBEDDING].clone())?;
            first_row += batch.num_rows() as u64;
            for (at, id) in numbers.iter().enumerate() {
                let vector = vectors.row(at, width)?;
                width = Some(vector.len());
                values.resize(ids.len() * vector.len(), 0.0);
                if let Some(&row) = id.as_ref().and_then(|id| rows.get(id)) {
                    values[row * vector.len()..][..vector.len()].copy_from_slice(vector);
                    found[row] = true;
                }
            }
        }
        match found.iter().filter(|found| **found).count() {
            all if all == ids.len() => Ok((values, width.unwrap_or_default())),
            some => Err(DataError::Unreadable {
                path: path.to_path_buf(),
                expected: format!("an embedding for each of the {} training rows", ids.len()),
                found: format!("{some} of them"),
                hint: "Use embeddings of the same dataset.".to_owned(),
            }
            .into()),
        }
    }
}

#[async_trait]
impl Oracle for Nearest {
    fn describe(&self) -> Description {
        Description::of(self)
    }

    fn files(&self) -> Vec<PathBuf> {
        self.embeddings.iter().cloned().collect()
    }

    fn check(&self) -> Result<()> {
        if self.k == 0 {
            return Err(OracleError::setting("nearest", "k", "above 0", 0));
        }
        Ok(())
    }

    async fn relate(&self, context: &Context<'_>, out: &mut Relations) -> Result<()> {
        let lists = self.lists(context).await?;
        let rel: Arc<str> = "nearest".into();
        let id = |row: TrainingRow| lists.ids[row.index()];
        let classes = (0u64..).zip(lists.duplicates.classes());
        let equal: Vec<(SampleId, u64)> =
            classes.flat_map(|(class, rows)| rows.iter().map(move |&row| (id(row), class))).collect();
        if !equal.is_empty() {
            out.members(&rel, &equal, 1.0, false)?;
        }
        for Pair { rows: (a, b), vectors, squared } in lists.pairs(self.mutual) {
            let weight = if self.tuned { lists.tuned(vectors.0, vectors.1, squared) } else { 1.0 };
            out.edge(&rel, id(a), id(b), weight)?;
        }
        Ok(())
    }

    async fn answer(&self, context: &Context<'_>, questions: &[Question], out: &dyn Record) -> Result<()> {
        let lists = self.lists.get_or_try_init(async || self.lists(context).await.map(Arc::new)).await?;
        for question in questions {
            let anchor = lists.row(question.anchor);
            let related = |candidate| Some(lists.related(anchor?, lists.row(candidate)?, self.mutual));
            out.record(&question.answers("nearest", self.cost(), related))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, Int32Array, Int64Array, LargeListArray, ListArray, RecordBatch, StringArray};
    use arrow::datatypes::Float64Type;

    use super::*;
    use crate::duplicates::VectorNumber;
    use crate::fixture::Fixture;
    use relata_data::sink::ParquetSink;

    #[tokio::test]
    async fn answers_are_the_relations_that_it_states() {
        // On a line 2 is nearest to 1 and to 3, and 3, not 1, to 2; 9 is not trained on.
        let text = "id,x,split\n1,0.0,train\n2,2.0,train\n3,3.0,train\n4,10.0,train\n9,2.5,test\n";
        let fixture = Fixture::new(text).await;
        let questions = [Fixture::question(1, 2, &[1, 3, 4, 9]), Fixture::question(2, 9, &[1])];
        let mutual = nearest(1).l2();
        let expected = [Some(false), Some(true), Some(false), None, None];
        assert_eq!(fixture.said(&mutual, &questions).await, expected);
        assert_eq!(fixture.said(&mutual, &questions).await, expected);
        let either = fixture.said(&nearest(1).l2().either_way(), &questions).await;
        assert_eq!(either, [Some(true), Some(true), Some(false), None, None]);
    }

    #[tokio::test]
    async fn vectors_come_from_files_of_every_writer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("z.parquet");
        let write = |ids: ArrayRef, name: &str, vectors: ArrayRef| {
            let batch = RecordBatch::try_from_iter([(name, ids), (EMBEDDING, vectors)]).unwrap();
            let mut sink = ParquetSink::create(&path, batch.schema()).unwrap();
            sink.write(&batch).unwrap();
            sink.finish().unwrap();
        };
        let rows = || [[9.0, 9.0], [5.0, 5.0], [1.0, 2.0]].map(|row| Some(row.map(Some)));
        let doubles = || Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>(rows())) as ArrayRef;
        let large = Arc::new(LargeListArray::from_iter_primitive::<Float64Type, _, _>(rows()));
        let numbers = Fixture::new("id,x\n1,0\n2,0\n").await;
        let read = async |fixture: &Fixture| {
            let oracle = nearest(1).embeddings(&path);
            let ids = if fixture.context().samples.text_ids { [0, 1] } else { [1, 2] };
            oracle.vectors(&fixture.context(), SampleId::slice(&ids)).await
        };
        let expected = (vec![1.0, 2.0, 5.0, 5.0], 2);
        write(Arc::new(Int64Array::from(vec![8, 2, 1])), ID, doubles());
        assert_eq!(read(&numbers).await.unwrap(), expected);
        write(Arc::new(Int32Array::from(vec![8, 2, 1])), ID, large);
        assert_eq!(read(&numbers).await.unwrap(), expected);
        let text = Fixture::new("id,x\nann,0\nbob,0\n").await;
        for name in [ID, SOURCE_ID] {
            write(Arc::new(StringArray::from(vec!["eve", "bob", "ann"])), name, doubles());
            assert_eq!(read(&text).await.unwrap(), expected, "{name}");
        }
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        let error = read(&text).await.unwrap_err().to_string();
        assert!(error.contains("z.parquet") && error.contains("could not be read"), "{error}");
        // One row twice does not stand for two.
        write(Arc::new(Int64Array::from(vec![1, 1, 1])), ID, doubles());
        assert!(read(&numbers).await.unwrap_err().to_string().contains("1 of them"));
        write(Arc::new(Int64Array::from(vec![1, 2, 3])), "key", doubles());
        let error = read(&numbers).await.unwrap_err().to_string();
        assert!(error.contains("column `id`") && error.contains("only the columns key, embedding"), "{error}");
    }

    #[tokio::test]
    async fn tuned_weights_do_not_depend_on_the_scale() {
        let text = "id,x,split\n1,0.0,train\n2,1.0,train\n3,3.0,train\n4,100.0,train\n5,110.0,train\n6,130.0,train\n";
        let fixture = Fixture::new(text).await;
        let lists = nearest(2).l2().tuned().lists(&fixture.context()).await.unwrap();
        // The first three rows reach 3, 2 and 3 far for two neighbours; the others ten times as far.
        for (a, b, exponent) in [(0, 1, -1.0 / 6.0), (1, 2, -4.0 / 6.0), (0, 2, -1.0)] {
            for (a, b) in [(a, b), (a + 3, b + 3)].map(|(a, b)| (VectorNumber(a), VectorNumber(b))) {
                let squared = lists.near[a.index()].iter().find(|near| near.0 == b).unwrap().1;
                let found = lists.tuned(a, b, squared);
                assert!((found - f32::exp(exponent)).abs() < 1e-4, "{a:?} {b:?}: {found}");
            }
        }
    }
}
