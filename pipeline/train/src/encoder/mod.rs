//! Encoders by specification: what a plan says about an encoder and its projector, and how both are built.
//!
//! An encoder that comes with Relata is one file and one line of [`ENCODERS`]. Your own implements [`Encoder`] and
//! [`EncoderSpec`].
//!
//! ```
//! use relata_train::encoder::{ENCODERS, EncoderSpec, IntoArchitecture, convnet};
//!
//! let encoder = convnet().project([64]).into_architecture();
//! assert_eq!(encoder.describe().to_string(), "convnet channels=[32, 64, 128] projector=[64] strides=[2, 2, 2]");
//! assert_eq!(ENCODERS.read(&encoder.describe())?.describe(), encoder.describe());
//! # Ok::<(), relata_registry::ReadError>(())
//! ```
#![doc = include_str!("WEIGHTS.md")]

mod architecture;
mod layers;
mod spec;

pub use architecture::{Architecture, IntoArchitecture};
pub use layers::{Layer, Part};
pub use spec::{EncoderSpec, Projected};

pub use crate::model::{Encoder, Mlp, Model};

/// Declares the built-in encoders, one file each: their modules, the registry and the functions for preludes.
macro_rules! encoders {
    ($($module:ident :: $spec:ident),* $(,)?) => {
        $(mod $module; pub use $module::*;)*

        relata_registry::registry! {
            /// Every built-in encoder, by name; each takes `projector` beside its own settings.
            pub static ENCODERS: dyn Architecture = "encoder" [$(Projected<$module::$spec>),*]
        }

        /// The function that makes each encoder.
        pub mod constructors {
            $(pub use super::$module::$module;)*
        }
    };
}

encoders![fields::FieldsSpec, linear::LinearSpec, mlp::MlpSpec, convnet::ConvnetSpec, resnet18::ResNet18Spec];

#[cfg(test)]
mod tests {
    use relata_registry::Description;

    use super::*;

    #[test]
    fn every_encoder_is_rebuilt_from_its_description() {
        let encoders: Vec<Box<dyn Architecture>> = vec![
            fields([64, 32]).with_dimension(16).project([8]).into_architecture(),
            linear(8).into_architecture(),
            mlp([32, 16]).project([8]).into_architecture(),
            convnet().with_channels([4, 8]).with_strides([1, 2]).project([16, 4]).into_architecture(),
            resnet18().with_width(16).into_architecture(),
        ];
        assert_eq!(encoders.len(), ENCODERS.names().len());
        for encoder in encoders {
            assert_eq!(ENCODERS.read(&encoder.describe()).unwrap().describe(), encoder.describe());
        }
    }

    #[test]
    fn unknown_encoders_and_settings_are_refused() {
        let linear = Description::new("linear").with("width", 4);
        let refused = [
            (Description::new("mine"), "there is fields, linear, mlp, convnet, resnet18"),
            (linear.clone().with("bias", true), "unknown field `bias`"),
            (linear.with("projector", "none"), "`projector`"),
        ];
        for (description, found) in refused {
            let error = ENCODERS.read(&description).err().unwrap().to_string();
            assert!(error.contains(found), "{error}");
        }
    }
}
