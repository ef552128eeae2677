//! Description of a model: what a reader needs besides the weights, which is `model.json`.

use relata_data::fields::{FittedFields, TextHashing};
use relata_data::sample_batch::SampleContent;
use relata_registry::Description;
use relata_schemas::{Element, FeatureShape};
use relata_train::encoder::Layer;
use relata_train::learner::Head;
use serde::Serialize;
use serde_json::{Value, json};

/// What the file says that it is, and the version of its layout.
const FORMAT: &str = "relata-model";
const FORMAT_VERSION: u32 = 1;

/// A model without its weights.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct ModelDescription {
    format: &'static str,
    format_version: u32,
    /// Version of Relata that wrote it.
    relata: &'static str,
    /// The encoder and its settings, or those of the closed form.
    pub encoder: Description,
    /// Which output is the embedding.
    pub head: Head,
    /// Numbers of an embedding, where it is known.
    pub width: Option<usize>,
    /// What a sample is.
    pub input: InputDescription,
    /// The layers in order; none if the encoder does not say.
    pub layers: Option<Vec<Layer>>,
    /// What was learned of the columns of a table.
    fields: Option<Value>,
    /// How texts become tokens.
    text: Option<TextHashing>,
}

/// What a sample is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct InputDescription {
    /// `[d]` for a vector or a row, `[channels, height, width]` for an image.
    pub dims: Vec<usize>,
    /// The type of numbers that the model was trained on; bytes were multiplied with 1/255.
    element: &'static str,
    /// What is read of texts: `bags` of tokens, or `numbers` that n-grams are hashed into.
    reads: &'static str,
    /// The columns of a row, in order.
    columns: Vec<Value>,
    /// Bags of tokens that the model takes for each row.
    pub bags: usize,
}

impl ModelDescription {
    /// What is to be said of a model of samples of this shape.
    pub fn new(encoder: Description, head: Head, shape: &FeatureShape, content: SampleContent) -> Self {
        let bags = content == SampleContent::Bags;
        let columns = shape.fields.iter().map(|field| {
            let image = field.image.map(|(channels, height, width)| [channels, height, width]);
            json!({ "name": field.name, "numbers": field.numbers, "bag": field.bag, "image": image })
        });
        let input = InputDescription {
            dims: if bags { vec![shape.numbers()] } else { shape.dims.clone() },
            element: match shape.element {
                Element::F32 => "float32",
                Element::U8 => "uint8",
            },
            reads: if bags { "bags" } else { "numbers" },
            columns: columns.collect(),
            bags: if bags { shape.bags() } else { 0 },
        };
        let (format, relata) = (FORMAT, env!("CARGO_PKG_VERSION"));
        let (width, layers, fields, text) = (None, None, None, None);
        Self { format, format_version: FORMAT_VERSION, relata, encoder, head, width, input, layers, fields, text }
    }

    /// Says what was learned of the columns. Folders and files of the machine that it was learned on stay there.
    pub fn with_fields(mut self, fitted: &FittedFields) -> Self {
        let mut all = serde_json::to_value(fitted).unwrap_or_default();
        for entry in all["fields"].as_array_mut().into_iter().flatten() {
            if let Some(field) = entry["field"].as_object_mut() {
                field.retain(|name, _| name == "column" || name == "kind");
            }
        }
        self.fields = Some(json!({ "fields": all["fields"], "frequency": all["frequency"] }));
        self.text = Some(TextHashing::default());
        self
    }

    /// The file.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|error| unreachable!("a description is plain data: {error}"))
    }

    /// A few words for the head of the weights.
    pub fn summary(&self) -> String {
        let words = json!({
            "format": self.format,
            "relata": self.relata,
            "encoder": self.encoder,
            "head": self.head,
            "width": self.width,
        });
        words.to_string()
    }
}

#[cfg(test)]
mod tests {
    use relata_schemas::FieldShape;

    use super::*;

    #[test]
    fn an_encoder_of_bags_takes_numbers_without_those_that_n_grams_are_hashed_into() {
        let name = FieldShape { name: "name".into(), numbers: 0, hashed: 64, bag: true, image: None };
        let age = FieldShape { name: "age".into(), numbers: 2, hashed: 0, bag: true, image: None };
        let shape = FeatureShape::table(vec![name, age]);
        let describe = |content| ModelDescription::new(Description::new("x"), Head::Encoder, &shape, content).input;
        let (bags, numbers) = (describe(SampleContent::Bags), describe(SampleContent::Numbers));
        assert_eq!((bags.dims, bags.bags, numbers.dims, numbers.bags), (vec![2], 2, vec![66], 0));
    }
}
