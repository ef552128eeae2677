//! Tests that hold for every view.

use proptest::prelude::*;
use relata_schemas::Element;

use relata_registry::{Description, SettingError};
use relata_schemas::FeatureShape;

use super::*;
use crate::DataError;

fn image_views() -> Vec<Box<dyn Augment>> {
    vec![
        Box::new(crop(0.2)),
        Box::new(flip()),
        Box::new(shift(5)),
        Box::new(rotate(180.0)),
        Box::new(affine().with_rotation(90.0).with_scale(0.2, 3.0).with_shear(45.0).with_translation(1.0)),
        Box::new(brightness(0.9)),
        Box::new(contrast(0.9)),
        Box::new(cutout(0.7)),
        Box::new(blur(4.0)),
    ]
}

fn vector_views() -> Vec<Box<dyn Augment>> {
    vec![Box::new(identity()), Box::new(noise(0.3)), Box::new(dropout(0.5)), Box::new(resample(0.5))]
}

#[test]
fn image_views_refuse_vectors_and_others_take_them() {
    let vector = FeatureShape::vector(16);
    for view in image_views() {
        let DataError::Setting(SettingError { component, found, .. }) = view.check(&vector).unwrap_err() else {
            panic!("not a setting");
        };
        assert_eq!(component, view.describe().name);
        assert!(found.contains("16 Float32"), "{found}");
        view.check(&FeatureShape::image(3, 8, 8, Element::U8)).unwrap();
    }
    for view in vector_views() {
        view.check(&vector).unwrap();
        view.check(&FeatureShape::image(3, 8, 8, Element::U8)).unwrap();
    }
}

#[test]
fn senseless_settings_are_refused_by_name() {
    let image = FeatureShape::image(1, 8, 8, Element::F32);
    let cases: Vec<(Box<dyn Augment>, &str)> = vec![
        (Box::new(crop(0.0)), "min_area"),
        (Box::new(crop(1.5)), "min_area"),
        (Box::new(crop(0.5).with_ratio(2.0, 1.0)), "ratio"),
        (Box::new(shift(8)), "pixels"),
        (Box::new(rotate(f64::NAN)), "degrees"),
        (Box::new(affine().with_scale(0.0, 1.0)), "scale"),
        (Box::new(affine().with_shear(90.0)), "shear"),
        (Box::new(affine().with_translation(1.1)), "translation"),
        (Box::new(affine().with_rotation(-1.0)), "rotation"),
        (Box::new(brightness(-0.1)), "strength"),
        (Box::new(contrast(2.0)), "strength"),
        (Box::new(cutout(0.0)), "fraction_of_side"),
        (Box::new(blur(0.01)), "max_sigma"),
        (Box::new(blur(9.0)), "max_sigma"),
        (Box::new(noise(f64::INFINITY)), "std"),
        (Box::new(dropout(1.1)), "probability"),
        (Box::new(resample(-0.1)), "probability"),
        (Box::new(flip().with_probability(2.0)), "probability"),
        (Box::new(identity().with_probability(f64::NAN)), "probability"),
    ];
    for (view, expected) in cases {
        match view.check(&image) {
            Err(DataError::Setting(SettingError { setting, .. })) => {
                assert_eq!(setting, expected, "{}", view.describe())
            }
            other => panic!("{}: {other:?}", view.describe()),
        }
    }
}

proptest! {
    #[test]
    fn odd_shapes_never_panic(c in 1..5usize, h in 1..9usize, w in 1..9usize, seed: u64) {
        let shape = FeatureShape::image(c, h, w, Element::F32);
        let values: Vec<f32> = (0..shape.len()).map(|v| v as f32 / shape.len() as f32).collect();
        for view in image_views().into_iter().chain(vector_views()) {
            let out = fixture::apply(&view, &shape, &values, seed);
            prop_assert!(out.iter().all(|v| (0.0..=1.0).contains(v)), "{} gave {out:?}", view.describe());
        }
    }
}

#[test]
fn every_view_comes_back_from_its_description() {
    for entry in VIEWS.entries() {
        if let Some(defaults) = entry.defaults() {
            assert_eq!(VIEWS.read(&defaults).unwrap().describe(), defaults);
        }
    }
    let chain = crop(0.3).with_ratio(0.5, 2.0).then(blur(1.5).with_probability(0.5)).then(noise(0.1));
    let description = chain.with_probability(0.9).describe();
    // As it comes back from the file of the plan.
    let read: Description = serde_json::from_str(&serde_json::to_string(&description).unwrap()).unwrap();
    assert_eq!(VIEWS.read(&read).unwrap().describe(), description);
}

#[test]
fn views_and_settings_that_are_unknown_are_refused() {
    let chain = Description::new("chain").with("views", [Description::new("flip"), Description::new("mine")]);
    let unknown = [
        (Description::new("mine").with("strength", 1.0), "unknown `mine`"),
        (Description::new("noise").with("colour", "pink"), "unknown field `colour`"),
        (Description::new("identity").with("colour", "pink"), "identity"),
        (Description::new("sometimes").with("p", 1.0), "unknown setting `p`"),
        (chain, "unknown `mine`"),
    ];
    for (description, expected) in unknown {
        let error = VIEWS.read(&description).err().unwrap().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
