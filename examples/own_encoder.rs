//! Your own encoder: a burn module and the specification that builds it.

use relata::burn::nn::{Linear, LinearConfig};
use relata::burn::tensor::activation::gelu;
use relata::burn::tensor::{Device, Tensor};
use relata::burn::{self, module::Module};
use relata::prelude::*;
use relata::schemas::FeatureShape;
use relata_testing::check_encoder;

/// Two layers with a residual connection.
#[derive(Module, Debug)]
struct Residual {
    first: Linear,
    second: Linear,
}

impl Encoder for Residual {
    fn forward(&self, samples: Tensor<2>) -> Tensor<2> {
        let hidden = gelu(self.first.forward(samples));
        hidden.clone() + gelu(self.second.forward(hidden))
    }
}

/// How a [`Residual`] is built.
struct ResidualSpec {
    width: usize,
}

impl EncoderSpec for ResidualSpec {
    type Encoder = Residual;

    fn describe(&self) -> Description {
        Description::new("residual").with("width", self.width)
    }

    fn width(&self, _: &FeatureShape) -> relata::train::Result<usize> {
        Ok(self.width)
    }

    fn init(&self, input: &FeatureShape, device: &Device) -> Residual {
        Residual {
            first: LinearConfig::new(input.len(), self.width).init(device),
            second: LinearConfig::new(self.width, self.width).init(device),
        }
    }
}

fn main() -> relata::Result<()> {
    check_encoder(ResidualSpec { width: 16 });

    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/digits.parquet");
    let run = Pipeline::read(parquet(data).features("image"))
        .views(2, shift(1).then(noise(0.1)))
        .relate(mix(same_sample(), same_label("label").rows(200), 0.5))
        .train(ResidualSpec { width: 128 }.project([128, 64]), nt_xent(0.2), Fit::epochs(10))
        .evaluate(linear_probe("label"))
        .write("runs/own_encoder")
        .progress(bars())
        .cancel_with(Cancel::on_ctrl_c())
        .run()?;
    run.show("SELECT name, round(value, 4) AS value, round(raw, 4) AS raw FROM scores WHERE name LIKE '%.test'")?;
    Ok(())
}
