//! Static embeddings: a table with a vector for each token, and the tokenizer that it was made with. A text is the mean of
//! its tokens' vectors (model2vec: Tulkens and van Dongen 2024; WordLlama: Miller 2024).

use std::fmt;
use std::path::{Path, PathBuf};

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};
use tokenizers::Tokenizer;
use twox_hash::XxHash64;

use crate::{DataError, Result};

/// What the table is called in files of model2vec and of WordLlama.
const TABLES: [&str; 3] = ["embeddings", "embedding.weight", "embeddings.weight"];
/// What unknown tokens are called, which stand for nothing.
const UNKNOWN: [&str; 3] = ["[UNK]", "<unk>", "<|unk|>"];
/// Tokens of a text that count, at most, as in model2vec.
const TOKENS: usize = 512;

/// The files of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFiles {
    /// The table: safetensors.
    pub table: PathBuf,
    /// The tokenizer: the JSON of Hugging Face's `tokenizers`.
    pub tokenizer: PathBuf,
}

/// A model, loaded.
pub(crate) struct StaticModel {
    tokenizer: Tokenizer,
    unknown: Vec<u32>,
    width: usize,
    table: Vec<f32>,
    /// The weight of each token, and its row, if they are not 1 and its number.
    weights: Option<Vec<f32>>,
    rows: Option<Vec<f32>>,
    hash: u64,
}

impl fmt::Debug for StaticModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StaticModel({} x {})", self.table.len() / self.width, self.width)
    }
}

impl StaticModel {
    /// Loads both files.
    pub fn open(files: &ModelFiles) -> Result<Self> {
        let bytes = std::fs::read(&files.table).map_err(DataError::io(&files.table))?;
        let json = std::fs::read(&files.tokenizer).map_err(DataError::io(&files.tokenizer))?;
        let hash = XxHash64::oneshot(XxHash64::oneshot(0, &bytes), &json);
        let unreadable = |path: &Path, expected: &str, found: String| DataError::Unreadable {
            path: path.to_path_buf(),
            expected: expected.to_owned(),
            found,
            hint: "Name the table first and the tokenizer second: `.model(\"model.safetensors\", \"tokenizer.json\")`."
                .to_owned(),
        };
        let mut tokenizer = Tokenizer::from_bytes(&json).map_err(|error| {
            unreadable(&files.tokenizer, "a tokenizer (JSON of Hugging Face's tokenizers)", error.to_string())
        })?;
        tokenizer.with_padding(None);
        let _ = tokenizer.with_truncation(None);
        let expected = "a table of embeddings (safetensors), two-dimensional, of 16-bit or 32-bit floats";
        let wrong = |found: String| unreadable(&files.table, expected, found);
        let tensors = SafeTensors::deserialize(&bytes).map_err(|error| wrong(error.to_string()))?;
        let names = tensors.names();
        let table = TABLES.iter().find_map(|name| tensors.tensor(name).ok());
        let table = table.ok_or_else(|| wrong(format!("only the tensors {}", names.join(", "))))?;
        let (rows, width) = match *table.shape() {
            [rows, width] if width > 0 => (rows, width),
            _ => return Err(wrong(format!("the shape {:?}", table.shape()))),
        };
        let optional = |name: &str| -> Result<Option<Vec<f32>>> {
            let Ok(tensor) = tensors.tensor(name) else { return Ok(None) };
            numbers(&tensor).map(Some).ok_or_else(|| wrong(format!("`{name}` of {:?}", tensor.dtype())))
        };
        let (weights, mapping) = (optional("weights")?, optional("mapping")?);
        let vocabulary = tokenizer.get_vocab_size(true);
        let known = mapping.as_ref().map_or(rows, Vec::len);
        if vocabulary > known || weights.as_ref().is_some_and(|weights| weights.len() < vocabulary) {
            return Err(wrong(format!("{known} tokens, fewer than the {vocabulary} of the tokenizer")));
        }
        if mapping.iter().flatten().any(|&row| !(0.0..rows as f32).contains(&row)) {
            return Err(wrong(format!("a mapping beyond its {rows} rows")));
        }
        let unknown = UNKNOWN.iter().filter_map(|token| tokenizer.token_to_id(token)).collect();
        let table = numbers(&table).ok_or_else(|| wrong(format!("numbers of type {:?}", table.dtype())))?;
        Ok(Self { tokenizer, unknown, width, table, weights, rows: mapping, hash })
    }

    /// Numbers of a vector.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The hash of both files.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// Writes the mean of a text's tokens, in a vector of length 1; zeros if it has none.
    pub fn encode(&self, text: &str, out: &mut [f32]) {
        out.fill(0.0);
        // A tokenizer that cannot read a text finds no token in it.
        let Ok(encoding) = self.tokenizer.encode_fast(text, false) else { return };
        for &token in encoding.get_ids().iter().filter(|token| !self.unknown.contains(token)).take(TOKENS) {
            let token = token as usize;
            let row = self.rows.as_ref().map_or(token, |rows| rows[token] as usize);
            let weight = self.weights.as_ref().map_or(1.0, |weights| weights[token]);
            let vector = &self.table[row * self.width..][..self.width];
            out.iter_mut().zip(vector).for_each(|(out, number)| *out += weight * number);
        }
        let norm = out.iter().map(|number| number * number).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        out.iter_mut().for_each(|number| *number /= norm);
    }
}

/// The numbers of a tensor as 32-bit floats; none if they are of another kind.
fn numbers(tensor: &TensorView<'_>) -> Option<Vec<f32>> {
    let bytes = tensor.data();
    Some(match tensor.dtype() {
        Dtype::F32 => bytes.as_chunks().0.iter().map(|&number| f32::from_le_bytes(number)).collect(),
        Dtype::F16 => bytes.as_chunks().0.iter().map(|&number| half::f16::from_le_bytes(number).to_f32()).collect(),
        Dtype::BF16 => bytes.as_chunks().0.iter().map(|&number| half::bf16::from_le_bytes(number).to_f32()).collect(),
        Dtype::F64 => bytes.as_chunks().0.iter().map(|&number| f64::from_le_bytes(number) as f32).collect(),
        Dtype::I64 => bytes.as_chunks().0.iter().map(|&number| i64::from_le_bytes(number) as f32).collect(),
        Dtype::I32 => bytes.as_chunks().0.iter().map(|&number| i32::from_le_bytes(number) as f32).collect(),
        _ => return None,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use safetensors::serialize_to_file;

    use super::*;

    /// A model of three words and an unknown one, in the layout of WordLlama or of model2vec.
    pub(crate) fn write(folder: &Path, table_name: &str) -> ModelFiles {
        let files = ModelFiles { table: folder.join("model.safetensors"), tokenizer: folder.join("tokenizer.json") };
        let vectors: Vec<u8> = [[9.0, 9.0], [1.0, 0.0], [0.0, 2.0], [3.0, 4.0]]
            .iter()
            .flatten()
            .flat_map(|&number: &f32| half::f16::from_f32(number).to_le_bytes())
            .collect();
        let table = TensorView::new(Dtype::F16, vec![4, 2], &vectors).unwrap();
        serialize_to_file([(table_name, table)], None, &files.table).unwrap();
        let tokenizer = r#"{"version": "1.0", "added_tokens": [], "normalizer": {"type": "Lowercase"},
            "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null, "decoder": null,
            "model": {"type": "WordLevel", "vocab": {"[UNK]": 0, "red": 1, "old": 2, "car": 3}, "unk_token": "[UNK]"}}"#;
        std::fs::write(&files.tokenizer, tokenizer).unwrap();
        files
    }

    #[test]
    fn a_text_is_the_direction_of_the_mean_of_its_known_tokens() {
        for name in ["embeddings", "embedding.weight"] {
            let folder = tempfile::tempdir().unwrap();
            let model = StaticModel::open(&write(folder.path(), name)).unwrap();
            let of = |text: &str| {
                let mut out = vec![7.0; 2];
                model.encode(text, &mut out);
                out
            };
            assert_eq!(of("Red"), [1.0, 0.0]);
            assert_eq!(of("unheard-of CAR"), [0.6, 0.8]);
            // (1 + 0 + 3, 0 + 2 + 4) / sqrt(16 + 36)
            let found = of("old red car");
            assert!((found[0] - 4.0 / 52.0_f32.sqrt()).abs() < 1e-6 && (found[1] - 6.0 / 52.0_f32.sqrt()).abs() < 1e-6);
            assert_eq!((of(""), of("unheard")), (vec![0.0; 2], vec![0.0; 2]));
        }
    }

    #[test]
    fn weights_and_a_mapping_of_tokens_are_honoured() {
        let folder = tempfile::tempdir().unwrap();
        let files = write(folder.path(), "embeddings");
        let floats = |numbers: &[f32]| numbers.iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<u8>>();
        let (table, weights) = (floats(&[1.0, 0.0, 0.0, 1.0]), floats(&[0.0, 3.0, 4.0, 0.0]));
        let mapping: Vec<u8> = [0_i64, 0, 1, 1].iter().flat_map(|row| row.to_le_bytes()).collect();
        let save = |mapping: &[u8]| {
            let tensors = [
                ("embeddings", TensorView::new(Dtype::F32, vec![2, 2], &table).unwrap()),
                ("weights", TensorView::new(Dtype::F32, vec![4], &weights).unwrap()),
                ("mapping", TensorView::new(Dtype::I64, vec![4], mapping).unwrap()),
            ];
            serialize_to_file(tensors, None, &files.table).unwrap();
        };
        save(&mapping);
        let mut out = vec![0.0; 2];
        StaticModel::open(&files).unwrap().encode("red old car", &mut out);
        assert_eq!(out, [0.6, 0.8]);
        save(&[mapping[..24].to_vec(), 2_i64.to_le_bytes().to_vec()].concat());
        assert!(StaticModel::open(&files).unwrap_err().to_string().contains("mapping beyond its 2 rows"));
    }

    #[test]
    fn other_files_are_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let files = write(folder.path(), "embeddings");
        let swapped = ModelFiles { table: files.tokenizer.clone(), tokenizer: files.table.clone() };
        assert!(StaticModel::open(&swapped).unwrap_err().to_string().contains("the tokenizer second"));
        let error = StaticModel::open(&write(folder.path(), "lm_head")).unwrap_err().to_string();
        assert!(error.contains("only the tensors lm_head"), "{error}");
        std::fs::remove_file(&files.table).unwrap();
        assert!(matches!(StaticModel::open(&files), Err(DataError::Io { path, .. }) if path == files.table));
    }
}
