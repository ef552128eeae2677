//! Views of a column: changes of images, for the pictures in one column of a table.

use relata_registry::{Component, Description, ReadError, Registry};
use relata_schemas::{Element, FeatureShape};

use super::augment::{Augment, View};
use crate::fields::Value;
use crate::seed::Rng;
use crate::{DataError, Result};

/// See [`in_column`].
#[derive(Debug, Clone)]
pub struct InColumn<A = Box<dyn Augment>> {
    column: String,
    inner: A,
}

/// A view of images for the pictures in a column of a table. Where a row has none, nothing happens.
///
/// ```
/// use relata_data::view::{Augment, AugmentExt, crop, flip, in_column, typos};
///
/// let view = typos(0.4).then(in_column("photo", crop(0.5).then(flip())));
/// assert!(view.describe().to_string().contains("in_column column=photo of=(chain"));
/// ```
pub fn in_column<A: Augment>(column: impl Into<String>, view: A) -> InColumn<A> {
    InColumn { column: column.into(), inner: view }
}

impl Component<dyn Augment> for InColumn {
    const NAME: &'static str = "in_column";
    const SUMMARY: &'static str = "a view of images, for the pictures in a column of a table";

    fn defaults() -> Option<Description> {
        None
    }

    fn read(description: &Description, registry: &Registry<dyn Augment>) -> Result<Self, ReadError> {
        description.known(&["column", "of"])?;
        Ok(Self { column: description.setting("column")?, inner: registry.read_setting(description, "of")? })
    }
}

impl<A: Augment> InColumn<A> {
    /// The place of the column among the fields, and the shape of its pictures.
    fn place(&self, shape: &FeatureShape) -> Option<(usize, FeatureShape)> {
        let at = shape.fields.iter().position(|field| field.name == self.column)?;
        let (channels, height, width) = shape.fields[at].image?;
        Some((at, FeatureShape::image(channels, height, width, Element::U8)))
    }
}

impl<A: Augment> Augment for InColumn<A> {
    fn check(&self, shape: &FeatureShape) -> Result<()> {
        let Some((_, image)) = self.place(shape) else {
            let expected = "a column of pictures of a table, read as `image(..)`";
            return Err(DataError::setting("in_column", "column", expected, format!("{} of {shape}", self.column)));
        };
        // It draws from whole columns, which are not the pixels of one.
        let inner = self.inner.describe().to_string();
        if inner.contains("resample") {
            return Err(DataError::setting("in_column", "of", "a change of one picture", "resample: put it beside"));
        }
        self.inner.check(&image)
    }

    fn apply(&self, view: &mut View<'_>, rng: &mut Rng) {
        let Some((at, image)) = self.place(view.shape) else { return };
        let store = view.store;
        let Some(record) = &mut view.record else { return };
        if let Some(Value::Image(pixels)) = record.values.get_mut(at) {
            let mut inside = View::new(pixels, view.scratch, &image, store);
            self.inner.apply(&mut inside, rng);
            inside.finish();
        }
    }

    fn describe(&self) -> Description {
        Description::new("in_column").with("column", self.column.as_str()).with("of", self.inner.describe())
    }
}

#[cfg(test)]
mod tests {
    use relata_schemas::FieldShape;

    use super::super::{AugmentExt, VIEWS, brightness, drop_words, fixture, flip, resample};
    use super::*;
    use crate::fields::Record;
    use crate::seed;

    fn table() -> FeatureShape {
        let field = |name: &str, image| FieldShape { name: name.to_owned(), numbers: 3, hashed: 0, bag: false, image };
        FeatureShape::table(vec![field("name", None), field("photo", Some((1, 1, 3)))])
    }

    #[test]
    fn only_the_pictures_of_the_column_change() {
        let store = fixture::store(&FeatureShape::vector(6), &[0.0; 6]);
        let shape = table();
        let view = in_column("photo", flip().with_probability(1.0));
        let apply = |photo: Value| {
            let mut record = Record { values: vec![Value::Text("Ann".to_owned()), photo] };
            let mut scratch = Vec::new();
            let mut one = View::of_record(&mut record, &mut scratch, &shape, &store);
            view.apply(&mut one, &mut seed::stream(1, &[]));
            one.finish();
            record.values
        };
        let flipped = apply(Value::Image(vec![0.1, 0.2, 0.3]));
        assert_eq!(flipped, [Value::Text("Ann".to_owned()), Value::Image(vec![0.3, 0.2, 0.1])]);
        assert_eq!(apply(Value::Null)[1], Value::Null);
    }

    #[test]
    fn other_columns_and_views_are_refused_by_name() {
        let view = |name: &str| in_column(name, brightness(0.4)).check(&table());
        assert!(view("photo").is_ok());
        for (result, expected) in [
            (view("name"), "name of"),
            (in_column("photo", drop_words(0.1)).check(&table()), "drop_words"),
            (in_column("photo", flip().then(resample(0.1))).check(&table()), "put it beside"),
            (view("photo").and(in_column("photo", flip()).check(&FeatureShape::vector(3))), "photo of 3"),
        ] {
            let error = result.unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        let read = VIEWS.read(&in_column("photo", flip()).describe()).unwrap();
        assert!(read.check(&table()).is_ok());
    }
}
