//! Your own oracle: whoever can say that two samples are alike. This one knows that scans come in writers' batches.

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::UInt64Type;
use relata::prelude::*;
use relata_data::query;

/// Neighbouring scans of the same digit were written by one hand.
struct SameWriter {
    within: u64,
}

#[async_trait::async_trait]
impl Oracle for SameWriter {
    fn describe(&self) -> Description {
        Description::new("same_writer").with("within", &self.within)
    }

    async fn relate(&self, context: &Context<'_>, out: &mut Relations) -> relata_data::Result<()> {
        let rel: Arc<str> = "same_writer".into();
        let table = query::plan_sql(context.session, "SELECT id, label FROM training ORDER BY label, id").await?;
        let mut last: Option<(u64, i32)> = None;
        for batch in query::collect(table).await? {
            let ids = batch["id"].as_primitive::<UInt64Type>().values();
            let labels = batch["label"].as_primitive::<arrow::datatypes::Int32Type>().values();
            for (&id, &label) in ids.iter().zip(labels) {
                if let Some((before, of)) = last
                    && of == label
                    && id - before <= self.within
                {
                    out.edge(&rel, before, id, 1.0)?;
                }
                last = Some((id, label));
            }
        }
        Ok(())
    }
}

#[tokio::main]
async fn main() -> relata::Result<()> {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/digits.parquet");
    let run = Pipeline::read(parquet(data).features("image"))
        .views(2, shift(1).then(noise(0.05)))
        .relate(same_sample())
        .relate(SameWriter { within: 8 })
        .train(mlp([128, 64]).project([64]), vicreg(), Fit::epochs(5).batches(Batches::mixed(0.5)))
        .evaluate(knn("label"))
        .write("runs/own_oracle")
        .progress(bars())
        .cancel_with(Cancel::on_ctrl_c())
        .run_async()
        .await?;
    run.show("SELECT rel, count(*) AS edges, avg(weight) AS weight FROM edges GROUP BY rel").await?;
    Ok(run.show("SELECT name, round(value, 4) AS value, round(raw, 4) AS raw FROM scores").await?)
}
