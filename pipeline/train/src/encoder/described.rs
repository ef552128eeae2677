//! Encoders from their descriptions, so that a finished run can embed new samples.

use serde::Deserialize;
use serde_json::Value;

use super::{ConvnetSpec, EncoderSpec, MlpSpec, Projected, linear, resnet18};
use crate::fit::Architecture;
use crate::{Result, TrainError};

/// The built-in encoders as [`Architecture::describe`] writes them.
#[derive(Deserialize)]
#[serde(tag = "encoder", rename_all = "lowercase")]
enum Described {
    Linear { width: usize },
    Mlp { widths: Vec<usize> },
    Convnet { channels: Vec<usize>, strides: Vec<usize> },
    ResNet18 { width: usize },
}

/// The built-in encoder, with its projector, that describes itself like this: the inverse of
/// [`Architecture::describe`]. An encoder that is not built in is an error.
pub fn from_description(description: &Value) -> Result<Box<dyn Architecture>> {
    let unknown = |found: String| {
        let expected = "linear, mlp, convnet or resnet18 with its settings, which can be rebuilt from the plan (embed \
                        with an encoder of your own from Rust, through `Run::embed_with`)";
        TrainError::setting("the plan", "encoder", expected, found)
    };
    let projector = match description.get("projector") {
        None => vec![],
        Some(widths) => Vec::<usize>::deserialize(widths).map_err(|why| unknown(why.to_string()))?,
    };
    let described = Described::deserialize(description).map_err(|why| unknown(format!("{description} ({why})")))?;
    let encoder: Box<dyn Architecture> = match described {
        Described::Linear { width } => projected(linear(width), projector),
        Described::Mlp { widths } => projected(MlpSpec { widths }, projector),
        Described::Convnet { channels, strides } => projected(ConvnetSpec { channels, strides }, projector),
        Described::ResNet18 { width } => projected(resnet18().with_width(width), projector),
    };
    // A setting that was ignored would silently make another encoder than the one that was trained.
    if encoder.describe() == *description { Ok(encoder) } else { Err(unknown(description.to_string())) }
}

fn projected(encoder: impl EncoderSpec, projector: Vec<usize>) -> Box<dyn Architecture> {
    Box::new(Projected::new(encoder, projector))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{convnet, mlp};
    use super::*;
    use crate::fit::IntoArchitecture;

    #[test]
    fn every_encoder_is_rebuilt_from_its_description() {
        let encoders: Vec<Box<dyn Architecture>> = vec![
            linear(8).into_architecture(),
            mlp([32, 16]).project([8]).into_architecture(),
            convnet().with_channels([4, 8]).with_strides([1, 2]).project([16, 4]).into_architecture(),
            resnet18().with_width(16).into_architecture(),
        ];
        for encoder in encoders {
            assert_eq!(from_description(&encoder.describe()).unwrap().describe(), encoder.describe());
        }
    }

    #[test]
    fn other_encoders_and_settings_point_to_the_library() {
        for description in [
            json!({"encoder": "mine", "projector": []}),
            json!({"encoder": "linear", "projector": []}),
            json!({"encoder": "linear", "width": 4, "bias": true, "projector": []}),
            json!({"encoder": "linear", "width": 4, "projector": "none"}),
            json!(null),
        ] {
            let error = from_description(&description).err().unwrap().to_string();
            assert!(error.contains("Run::embed_with"), "{error}");
        }
    }
}
