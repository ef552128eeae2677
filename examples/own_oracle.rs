//! Your own oracle: whoever can say that two samples are alike. This one knows that scans come in writers' batches.

use relata::arrow::array::AsArray;
use relata::arrow::datatypes::UInt64Type;
use relata::data::query::{collect, plan_sql};
use relata::prelude::*;
use relata_testing::check_oracle;

/// Neighbouring scans of the same digit were written by one hand.
struct SameWriter {
    within: u64,
}

#[relata::async_trait]
impl Oracle for SameWriter {
    fn describe(&self) -> Description {
        Description::new("same_writer").with("within", self.within)
    }

    async fn relate(&self, context: &Context<'_>, out: &mut Relations) -> relata::oracle::Result<()> {
        let pairs = format!(
            "SELECT previous, id
             FROM (SELECT id, lag(id) OVER (PARTITION BY label ORDER BY id) AS previous FROM training)
             WHERE id - previous <= {} ORDER BY id",
            self.within
        );
        for batch in collect(plan_sql(context.session, &pairs).await?).await? {
            let [previous, id] = ["previous", "id"].map(|name| batch[name].as_primitive::<UInt64Type>().values());
            for (&previous, &id) in previous.iter().zip(id) {
                out.edge(&"same_writer".into(), SampleId(previous), SampleId(id), 1.0)?;
            }
        }
        Ok(())
    }
}

fn main() -> relata::Result<()> {
    check_oracle(&SameWriter { within: 8 });

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
        .run()?;
    run.show("SELECT rel, count(*) AS edges, avg(weight) AS weight FROM edges GROUP BY rel")?;
    run.show("SELECT name, round(value, 4) AS value, round(raw, 4) AS raw FROM scores")?;
    Ok(())
}
