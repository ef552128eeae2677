//! Your own encoder: a burn module and the specification that builds it.

use relata::prelude::*;
use relata_schemas::FeatureShape;
use relata_train::burn;
use relata_train::burn::module::Module;
use relata_train::burn::nn::{Linear, LinearConfig};
use relata_train::burn::tensor::activation::gelu;
use relata_train::burn::tensor::{Device, Tensor};

/// Two layers with a residual connection.
#[derive(Module, Debug)]
struct Residual {
    first: Linear,
    second: Linear,
}

/// How a [`Residual`] is built.
struct ResidualSpec {
    width: usize,
}

impl Encoder for Residual {
    fn forward(&self, samples: Tensor<2>) -> Tensor<2> {
        let hidden = gelu(self.first.forward(samples));
        hidden.clone() + gelu(self.second.forward(hidden))
    }
}

impl EncoderSpec for ResidualSpec {
    type Encoder = Residual;

    fn describe(&self) -> Description {
        Description::new("residual").with("width", &self.width)
    }

    fn width(&self, _: &FeatureShape) -> relata_train::Result<usize> {
        Ok(self.width)
    }

    fn init(&self, input: &FeatureShape, device: &Device) -> Residual {
        Residual {
            first: LinearConfig::new(input.len(), self.width).init(device),
            second: LinearConfig::new(self.width, self.width).init(device),
        }
    }
}

#[tokio::main]
async fn main() -> relata::Result<()> {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/digits.parquet");
    let run = Pipeline::read(parquet(data).features("image"))
        .views(2, shift(1).then(noise(0.1)))
        .relate(mix(same_sample(), same_label("label").rows(200), 0.5))
        .train(ResidualSpec { width: 128 }.project([128, 64]), nt_xent(0.2), Fit::epochs(10))
        .evaluate(linear_probe("label"))
        .write("runs/own_encoder")
        .progress(bars())
        .cancel_with(Cancel::on_ctrl_c())
        .run_async()
        .await?;
    Ok(run
        .show("SELECT name, round(value, 4) AS value, round(raw, 4) AS raw FROM scores WHERE name LIKE '%.test'")
        .await?)
}
