//! Views from their descriptions, so that a finished run can show again what its model saw.

use serde::Deserialize;
use serde_json::Value;

use super::{
    Augment, affine, blur, brightness, contrast, crop, cutout, dropout, flip, identity, noise, resample, rotate, shift,
};
use crate::{OperatorError, Result};

/// The built-in views as [`Augment::describe`] writes them.
#[derive(Deserialize)]
#[serde(tag = "view", rename_all = "snake_case")]
enum Described {
    Affine { rotation: f64, scale: (f64, f64), shear: f64, translation: f64 },
    Blur { max_sigma: f64 },
    Brightness { strength: f64 },
    Contrast { strength: f64 },
    Crop { min_area: f64, ratio: (f64, f64) },
    Cutout { fraction_of_side: f64 },
    Dropout { probability: f64 },
    Flip { probability: f64 },
    Identity,
    Noise { std: f64 },
    Resample { probability: f64 },
    Rotate { degrees: f64 },
    Shift { pixels: usize },
    Sometimes { probability: f64, of: Value },
}

impl Described {
    fn build(self) -> Result<Box<dyn Augment>> {
        Ok(match self {
            Self::Affine { rotation, scale: (low, high), shear, translation } => {
                let turned = affine().with_rotation(rotation).with_scale(low, high);
                Box::new(turned.with_shear(shear).with_translation(translation))
            }
            Self::Blur { max_sigma } => Box::new(blur(max_sigma)),
            Self::Brightness { strength } => Box::new(brightness(strength)),
            Self::Contrast { strength } => Box::new(contrast(strength)),
            Self::Crop { min_area, ratio: (low, high) } => Box::new(crop(min_area).with_ratio(low, high)),
            Self::Cutout { fraction_of_side } => Box::new(cutout(fraction_of_side)),
            Self::Dropout { probability } => Box::new(dropout(probability)),
            Self::Flip { probability } => Box::new(flip().with_probability(probability)),
            Self::Identity => Box::new(identity()),
            Self::Noise { std } => Box::new(noise(std)),
            Self::Resample { probability } => Box::new(resample(probability)),
            Self::Rotate { degrees } => Box::new(rotate(degrees)),
            Self::Shift { pixels } => Box::new(shift(pixels)),
            Self::Sometimes { probability, of } => Box::new(from_description(&of)?.with_probability(probability)),
        })
    }
}

/// The built-in view, or the chain of them, that describes itself like this: the inverse of [`Augment::describe`].
/// A view that is not built in, or has settings that this version does not know, is an error.
pub fn from_description(description: &Value) -> Result<Box<dyn Augment>> {
    let unknown = |found: String| {
        OperatorError::setting(
            "views",
            "view",
            "a built-in view with its settings (views of your own are on the sheet plots/views.png that the run wrote)",
            found,
        )
    };
    let view = match description {
        Value::Array(chain) => {
            let mut views = chain.iter().map(from_description);
            let first = views.next().ok_or_else(|| unknown("an empty chain".to_owned()))??;
            views.try_fold(first, |before, next| Ok::<Box<dyn Augment>, OperatorError>(Box::new(before.then(next?))))?
        }
        single => {
            let described = Described::deserialize(single).map_err(|why| unknown(format!("{single} ({why})")))?;
            described.build()?
        }
    };
    // A setting that was ignored would silently show other views than those that the model saw.
    if serde_json::to_value(view.describe()).ok().as_ref() == Some(description) {
        Ok(view)
    } else {
        Err(unknown(description.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;

    #[test]
    fn every_view_is_rebuilt_from_its_description() {
        let views: Vec<Box<dyn Augment>> = vec![
            Box::new(affine().with_rotation(15.0).with_scale(0.85, 1.2).with_shear(3.5).with_translation(0.1)),
            Box::new(blur(1.5)),
            Box::new(brightness(0.4)),
            Box::new(contrast(0.3)),
            Box::new(crop(0.6).with_ratio(0.5, 2.0)),
            Box::new(cutout(0.25)),
            Box::new(dropout(0.1)),
            Box::new(flip().with_probability(0.7)),
            Box::new(identity()),
            Box::new(noise(0.05)),
            Box::new(resample(0.6)),
            Box::new(rotate(20.0)),
            Box::new(shift(2)),
            Box::new(crop(0.3).then(flip()).with_probability(0.9)),
            Box::new(crop(0.3).then(blur(1.0).with_probability(0.5)).then(Arc::new(noise(0.1)))),
        ];
        for view in views {
            let description = view.describe();
            // As it comes back from the file of the plan.
            let read: Value = serde_json::from_str(&description.to_string()).unwrap();
            assert_eq!(from_description(&read).unwrap().describe(), description);
        }
    }

    #[test]
    fn other_views_and_settings_point_to_the_sheet_of_the_run() {
        for description in [
            json!({"view": "mine", "strength": 1.0}),
            json!({"view": "noise"}),
            json!({"view": "noise", "std": 0.1, "colour": "pink"}),
            json!([{"view": "flip", "probability": 0.5}, {"view": "mine"}]),
            json!([]),
            json!(null),
        ] {
            let error = from_description(&description).err().unwrap().to_string();
            assert!(error.contains("plots/views.png"), "{error}");
        }
    }
}
