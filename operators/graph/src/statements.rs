//! Statements about pairs, gathered by pair, whatever the order in which oracles stated them. Sorting is DataFusion's
//! and spills to disk.

use std::path::Path;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Float32Type, UInt32Type, UInt64Type};
use datafusion::prelude::{ParquetReadOptions, col};
use futures::StreamExt;
use relata_data::index::SampleId;
use relata_data::{Session, query};
use relata_schemas::edges::{CONFIDENCE, DST, INFERRED, REL, ROUND, SRC, WEIGHT};

use crate::error::Result;
use crate::policy::Opinion;

/// Hands on every pair in the Parquet file `statements` (columns of `edges`, any order, pairs repeated) with what is said
/// about it, ascending by pair. One oracle saying the same thing twice in one round is one statement.
pub(crate) async fn each_pair(
    session: &Session,
    statements: &Path,
    mut take: impl FnMut(SampleId, SampleId, Vec<Opinion>) -> Result<()>,
) -> Result<()> {
    let options = ParquetReadOptions::default();
    let frame = query::read_parquet(session, vec![statements.display().to_string()], options, None).await?;
    let order = [SRC, DST, ROUND, REL, WEIGHT, CONFIDENCE, INFERRED].map(|name| col(name).sort(true, true));
    let mut stream = query::stream(frame.sort(order.to_vec())?).await?;
    let mut gathered = Gathered { pair: None, opinions: vec![] };
    while let Some(batch) = stream.next().await {
        gathered.read(&batch?, &mut take)?;
    }
    gathered.hand_on(&mut take)
}

/// A pair, and what is said about it so far.
struct Gathered {
    pair: Option<(SampleId, SampleId)>,
    opinions: Vec<Opinion>,
}

impl Gathered {
    fn read(
        &mut self,
        batch: &RecordBatch,
        take: &mut impl FnMut(SampleId, SampleId, Vec<Opinion>) -> Result<()>,
    ) -> Result<()> {
        let src = batch[SRC].as_primitive::<UInt64Type>().values();
        let dst = batch[DST].as_primitive::<UInt64Type>().values();
        let weight = batch[WEIGHT].as_primitive::<Float32Type>().values();
        let confidence = batch[CONFIDENCE].as_primitive::<Float32Type>().values();
        let round = batch[ROUND].as_primitive::<UInt32Type>().values();
        let inferred = batch[INFERRED].as_boolean();
        let rel = batch[REL].as_string::<i32>();
        for at in 0..batch.num_rows() {
            let pair = (SampleId(src[at]), SampleId(dst[at]));
            if self.pair != Some(pair) {
                self.hand_on(take)?;
                self.pair = Some(pair);
            }
            self.opinions.push(Opinion {
                weight: weight[at],
                confidence: confidence[at],
                round: round[at],
                inferred: inferred.value(at),
                rel: rel.value(at).to_owned(),
            });
        }
        Ok(())
    }

    fn hand_on(&mut self, take: &mut impl FnMut(SampleId, SampleId, Vec<Opinion>) -> Result<()>) -> Result<()> {
        match self.pair.take() {
            Some((src, dst)) => take(src, dst, distinct(std::mem::take(&mut self.opinions))),
            None => Ok(()),
        }
    }
}

/// Of what an oracle says twice in one round the strongest, of equally strong ones the surest, then one that somebody
/// stated rather than inferred. The order is total, whatever the order of the rows.
fn distinct(mut opinions: Vec<Opinion>) -> Vec<Opinion> {
    opinions.sort_by(|a, b| {
        let key = |o: &Opinion| (o.round, o.rel.clone(), o.weight > 0.0);
        let strength = b.weight.abs().total_cmp(&a.weight.abs()).then(b.confidence.total_cmp(&a.confidence));
        key(a).cmp(&key(b)).then(strength).then(a.inferred.cmp(&b.inferred))
    });
    opinions.dedup_by(|b, a| a.round == b.round && a.rel == b.rel && (a.weight > 0.0) == (b.weight > 0.0));
    opinions
}
