//! Labelled vectors spilled to unnamed temporary files and read in blocks, so that memory does not grow with the rows.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use arrow::datatypes::ToByteSlice;
use rand::seq::index;
use rayon::prelude::*;
use relata_data::seed::Rng;

use super::classes::MAX_CLASSES;
use super::error::{EvaluateError, Result};

/// Rows of `width` floats, each with the number of its class, on disk; blocks are read by position, from any thread.
#[derive(Debug)]
pub struct Vectors {
    width: usize,
    rows: u64,
    class_counts: Vec<u64>,
    values: File,
    classes: File,
    folder: Option<PathBuf>,
}

/// A run of consecutive rows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Block {
    /// The number of its first row.
    pub first_row: u64,
    /// The rows, one after the other.
    pub values: Vec<f32>,
    /// The class of each row.
    pub classes: Vec<u32>,
}

/// Writes [`Vectors`] row by row.
#[derive(Debug)]
pub struct VectorsBuilder {
    width: usize,
    rows: u64,
    class_counts: Vec<u64>,
    values: BufWriter<File>,
    classes: BufWriter<File>,
    folder: Option<PathBuf>,
}

impl Vectors {
    /// Starts an empty set of vectors of `width` numbers (at least 1), in the system's folder for temporary files.
    ///
    /// ```
    /// use relata::evaluate::Vectors;
    ///
    /// let mut builder = Vectors::builder(2)?;
    /// builder.push(&[0.5, 1.0], 0)?;
    /// builder.push(&[1.5, 2.0], 1)?;
    /// let vectors = builder.finish()?;
    /// assert_eq!((vectors.rows(), vectors.width(), vectors.class(1)?), (2, 2, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn builder(width: usize) -> Result<VectorsBuilder> {
        Self::builder_in(width, None)
    }

    /// [`builder`](Self::builder) in the folder of a file: that of temporary files may be memory, or too small. Where
    /// nothing can be written, the system's folder is used.
    pub fn builder_beside(width: usize, path: &Path) -> Result<VectorsBuilder> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Self::builder_in(width, Some(folder.to_path_buf()))
    }

    /// Starts a set of vectors of the same width where these are.
    pub(super) fn builder_like(&self) -> Result<VectorsBuilder> {
        Self::builder_in(self.width, self.folder.clone())
    }

    fn builder_in(width: usize, folder: Option<PathBuf>) -> Result<VectorsBuilder> {
        if width == 0 {
            return Err(EvaluateError::Width { expected: 1, found: 0 });
        }
        let file = || {
            let beside = folder.as_ref().and_then(|folder| tempfile::tempfile_in(folder).ok());
            beside.map_or_else(tempfile::tempfile, Ok).map(BufWriter::new).map_err(EvaluateError::Spill)
        };
        let (values, classes) = (file()?, file()?);
        Ok(VectorsBuilder { width, rows: 0, class_counts: vec![], values, classes, folder })
    }

    /// The number of rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The numbers per row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// How many rows each class has; its length is the largest class number plus one.
    pub fn class_counts(&self) -> &[u64] {
        &self.class_counts
    }

    /// The rows from front to back, `block_rows` at a time; only the last block may be shorter.
    pub fn blocks(&self, block_rows: usize) -> impl Iterator<Item = Result<Block>> + '_ {
        let step = block_rows.max(1);
        (0..self.rows).step_by(step).map(move |first| {
            let mut block = Block::default();
            self.read(first, step, &mut block)?;
            Ok(block)
        })
    }

    /// Maps every block of `block_rows` rows, in parallel, and folds the results in row order, so that the outcome
    /// does not depend on the number of threads. `map` may change the block in place.
    pub fn map_blocks<T: Send>(
        &self,
        block_rows: usize,
        map: impl Fn(&mut Block) -> T + Sync,
        mut fold: impl FnMut(T),
    ) -> Result<()> {
        let step = block_rows.max(1) as u64;
        let blocks = self.rows.div_ceil(step);
        // Results wait for their turn in waves, so that only a few are held at once.
        let wave = 4 * rayon::current_num_threads() as u64;
        // Buffers are used again: a new one is filled with zeros first.
        let spare = Mutex::new(Vec::<Block>::new());
        let lent = || spare.lock().unwrap_or_else(PoisonError::into_inner);
        for start in (0..blocks).step_by(wave as usize) {
            let numbers = start..blocks.min(start + wave);
            let results: Vec<Result<T>> = numbers
                .into_par_iter()
                .map(|number| {
                    let mut block = lent().pop().unwrap_or_default();
                    self.read(number * step, step as usize, &mut block)?;
                    let result = map(&mut block);
                    lent().push(block);
                    Ok(result)
                })
                .collect();
            for result in results {
                fold(result?);
            }
        }
        Ok(())
    }

    /// At most `count` different rows drawn uniformly without replacement, in row order.
    pub fn sample(&self, count: usize, rng: &mut Rng) -> Result<Block> {
        let rows = self.rows as usize;
        let mut chosen = index::sample(rng, rows, count.min(rows)).into_vec();
        chosen.sort_unstable();
        let mut sample = Block::default();
        let mut row = Block::default();
        for number in chosen {
            self.read(number as u64, 1, &mut row)?;
            sample.values.extend_from_slice(&row.values);
            sample.classes.extend_from_slice(&row.classes);
        }
        Ok(sample)
    }

    /// The class of one row below `rows()`.
    pub fn class(&self, row: u64) -> Result<u32> {
        let mut class = [0; 4];
        read_exact_at(&self.classes, &mut class, row * 4).map_err(EvaluateError::Spill)?;
        Ok(u32::from_ne_bytes(class))
    }

    fn read(&self, first_row: u64, rows: usize, block: &mut Block) -> Result<()> {
        let rows = rows.min((self.rows - first_row) as usize);
        block.first_row = first_row;
        block.values.resize(rows * self.width, 0.0);
        block.classes.resize(rows, 0);
        let values = bytemuck::cast_slice_mut(&mut block.values);
        let classes = bytemuck::cast_slice_mut(&mut block.classes);
        read_exact_at(&self.values, values, first_row * self.width as u64 * 4)
            .and_then(|()| read_exact_at(&self.classes, classes, first_row * 4))
            .map_err(EvaluateError::Spill)
    }
}

impl VectorsBuilder {
    /// Appends a row of `width` numbers; class numbers are dense and below [`MAX_CLASSES`].
    pub fn push(&mut self, row: &[f32], class: u32) -> Result<()> {
        if row.len() != self.width {
            return Err(EvaluateError::Width { expected: self.width, found: row.len() });
        }
        if class as usize >= MAX_CLASSES {
            return Err(EvaluateError::TooManyClasses { column: "class".to_owned(), limit: MAX_CLASSES });
        }
        if class as usize >= self.class_counts.len() {
            self.class_counts.resize(class as usize + 1, 0);
        }
        self.class_counts[class as usize] += 1;
        self.rows += 1;
        self.values
            .write_all(row.to_byte_slice())
            .and_then(|()| self.classes.write_all(&class.to_ne_bytes()))
            .map_err(EvaluateError::Spill)
    }

    /// Ends the writing.
    pub fn finish(self) -> Result<Vectors> {
        let file = |writer: BufWriter<File>| writer.into_inner().map_err(|e| EvaluateError::Spill(e.into_error()));
        Ok(Vectors {
            width: self.width,
            rows: self.rows,
            class_counts: self.class_counts,
            values: file(self.values)?,
            classes: file(self.classes)?,
            folder: self.folder,
        })
    }
}

/// A number of rows such that a block with `numbers_per_row` numbers of data and intermediate results a row stays
/// around a megabyte: large enough for fast matrix products, small enough for the processor's cache.
pub fn block_rows(numbers_per_row: usize) -> usize {
    (256 * 1024 / numbers_per_row.max(1)).clamp(16, 8192)
}

#[cfg(unix)]
fn read_exact_at(file: &File, bytes: &mut [u8], offset: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut bytes: &mut [u8], mut offset: u64) -> std::io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, bytes, offset)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            read => {
                bytes = &mut bytes[read..];
                offset += read as u64;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use relata_data::seed;

    use super::*;

    fn counting(rows: u32) -> Vectors {
        let mut builder = Vectors::builder(2).unwrap();
        for row in 0..rows {
            builder.push(&[row as f32, -(row as f32)], row % 3).unwrap();
        }
        builder.finish().unwrap()
    }

    #[test]
    fn blocks_give_back_every_row_in_order() {
        let vectors = counting(10);
        let blocks: Vec<Block> = vectors.blocks(4).map(Result::unwrap).collect();
        assert_eq!(blocks.iter().map(|b| (b.first_row, b.classes.len())).collect::<Vec<_>>(), [(0, 4), (4, 4), (8, 2)]);
        assert_eq!(blocks[2].values, [8.0, -8.0, 9.0, -9.0]);
        assert_eq!(blocks[1].classes, [1, 2, 0, 1]);
        assert_eq!((vectors.class_counts(), vectors.class(7).unwrap()), (&[4, 3, 3][..], 1));
    }

    #[test]
    fn mapped_blocks_are_folded_in_row_order() {
        let mut seen = vec![];
        counting(1000).map_blocks(7, |block| block.first_row, |first| seen.push(first)).unwrap();
        assert_eq!(seen, (0..1000).step_by(7).collect::<Vec<_>>());
    }

    #[test]
    fn a_sample_has_different_rows_and_no_more_than_there_are() {
        let vectors = counting(50);
        let all = vectors.sample(100, &mut seed::stream(1, &[])).unwrap();
        assert_eq!(all, vectors.blocks(50).next().unwrap().unwrap());
        let some = vectors.sample(20, &mut seed::stream(1, &[])).unwrap();
        assert!(some.values.chunks(2).map(|row| row[0]).is_sorted_by(|a, b| a < b));
        assert_eq!(some.classes.len(), 20);
    }

    #[test]
    fn a_row_of_another_width_is_refused() {
        let error = Vectors::builder(2).unwrap().push(&[1.0], 0).unwrap_err();
        assert!(matches!(error, EvaluateError::Width { expected: 2, found: 1 }));
    }
}
