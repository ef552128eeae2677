//! Nearest index: an inverted file (IVF) on disk, memory-mapped, in which the vectors of a cell lie beside each other.

use std::io::{BufWriter, Write};
use std::path::Path;

use arrow::buffer::ScalarBuffer;
use relata_data::sink::AtomicFile;
use relata_data::{DataError, map_file};

use super::inverted_file::{InvertedFile, PROBES, keep_best, nearest};
use crate::error::Result;

const MAGIC: u64 = u64::from_le_bytes(*b"RELIVF01");
/// Numbers of 64 bits in front.
const HEAD: usize = 5;

/// An index of vectors of unit length, for approximate kNN search by cosine. Opening it reads nothing; a query reads the
/// vectors of its nearest cells.
///
/// ```
/// use relata_data::seed::Purpose;
/// use relata_graph::knn::{InvertedFile, NearestIndex};
///
/// # let folder = tempfile::tempdir().expect("a folder");
/// let path = folder.path().join("nearest.index");
/// let values = [1.0, 0.0, 0.0, 1.0, 0.8, 0.6, 0.6, 0.8];
/// let made = InvertedFile::build(&values, 2, &[0, 1, 2, 3], &mut Purpose::NearestRows.stream(7, &[]));
/// NearestIndex::write(&path, &made, &values, 0)?;
/// let index = NearestIndex::open(&path)?;
/// assert_eq!(index.nearest(&[0.0, 1.0], 2), [(1, 1.0), (3, 0.8)]);
/// assert_eq!((index.len(), index.width()), (4, 2));
/// # Ok::<(), relata_graph::GraphError>(())
/// ```
#[derive(Debug, Clone)]
pub struct NearestIndex {
    width: usize,
    stamp: u64,
    /// By cell: where its rows begin; one more than there are cells.
    starts: ScalarBuffer<u64>,
    centroids: ScalarBuffer<f32>,
    vectors: ScalarBuffer<f32>,
    rows: ScalarBuffer<u32>,
}

impl NearestIndex {
    /// Writes an inverted file and the vectors of its rows, which are rows of the matrix `values`. `stamp` says of what they
    /// are: a later reader may compare it.
    pub fn write(path: &Path, index: &InvertedFile, values: &[f32], stamp: u64) -> Result<()> {
        let (width, cells) = (index.width(), index.cells());
        let mut file = BufWriter::with_capacity(1 << 20, AtomicFile::sealed(path)?);
        let mut write = |bytes: &[u8]| file.write_all(bytes).map_err(DataError::io(path));
        let rows: u64 = cells.iter().map(|cell| cell.len() as u64).sum();
        for word in [MAGIC, width as u64, cells.len() as u64, rows, stamp] {
            write(&word.to_le_bytes())?;
        }
        let mut start = 0u64;
        write(&start.to_le_bytes())?;
        for cell in cells {
            start += cell.len() as u64;
            write(&start.to_le_bytes())?;
        }
        index.centroids().iter().try_for_each(|value| write(&value.to_le_bytes()))?;
        for &row in cells.iter().flatten() {
            let vector = &values[row as usize * width..][..width];
            vector.iter().try_for_each(|value| write(&value.to_le_bytes()))?;
        }
        cells.iter().flatten().try_for_each(|row| write(&row.to_le_bytes()))?;
        let file = file.into_inner().map_err(|error| DataError::io(path)(error.into_error()))?;
        Ok(file.commit()?)
    }

    /// Opens an index.
    pub fn open(path: &Path) -> Result<Self> {
        let bytes = map_file(path)?;
        let other = || unreadable(path, format!("{} other bytes", bytes.len()));
        if bytes.len() < 8 * HEAD {
            return Err(other().into());
        }
        let head = ScalarBuffer::<u64>::new(bytes.clone(), 0, HEAD);
        let [magic, width, cells, rows, stamp] = [head[0], head[1], head[2], head[3], head[4]];
        let length = || {
            let numbers = cells.checked_add(rows)?.checked_mul(width)?.checked_add(rows)?.checked_mul(4)?;
            cells.checked_add(1 + HEAD as u64)?.checked_mul(8)?.checked_add(numbers)
        };
        if magic != MAGIC || width == 0 || length() != Some(bytes.len() as u64) {
            return Err(other().into());
        }
        let (width, cells, rows) = (width as usize, cells as usize, rows as usize);
        let first = 2 * (HEAD + cells + 1);
        let index = Self {
            width,
            stamp,
            starts: ScalarBuffer::new(bytes.clone(), HEAD, cells + 1),
            centroids: ScalarBuffer::new(bytes.clone(), first, cells * width),
            vectors: ScalarBuffer::new(bytes.clone(), first + cells * width, rows * width),
            rows: ScalarBuffer::new(bytes, first + (cells + rows) * width, rows),
        };
        let ends = (index.starts.first(), index.starts.last());
        if ends != (Some(&0), Some(&(rows as u64))) || !index.starts.is_sorted() {
            return Err(unreadable(path, format!("cells that do not add up to its {rows} rows")).into());
        }
        Ok(index)
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Numbers per vector.
    pub fn width(&self) -> usize {
        self.width
    }

    /// What [`write`](Self::write) was given.
    pub fn stamp(&self) -> u64 {
        self.stamp
    }

    /// The `k` rows of the largest cosine with a vector of unit length, the largest first; of equally near ones the smaller
    /// row.
    pub fn nearest(&self, query: &[f32], k: usize) -> Vec<(u32, f32)> {
        let mut best = Vec::with_capacity(2 * k);
        if self.is_empty() || query.len() != self.width {
            return best;
        }
        for (cell, _) in nearest(query, &self.centroids, self.width, PROBES).remove(0) {
            let range = self.starts[cell as usize] as usize..self.starts[cell as usize + 1] as usize;
            let (rows, vectors) =
                (&self.rows[range.clone()], &self.vectors[range.start * self.width..range.end * self.width]);
            if rows.is_empty() {
                continue;
            }
            let near = nearest(query, vectors, self.width, k).remove(0);
            best.extend(near.into_iter().map(|(place, score)| (rows[place as usize], score)));
            keep_best(&mut best, k);
        }
        best
    }

    /// The index with further rows of the matrix `values`, each in the cell of its nearest centroid.
    pub fn grown(&self, values: &[f32], rows: &[u32]) -> InvertedFile {
        let cell = |ends: &[u64]| self.rows[ends[0] as usize..ends[1] as usize].to_vec();
        let cells = self.starts.windows(2).map(cell).collect();
        let mut index = InvertedFile::of(self.width, self.centroids.to_vec(), cells);
        index.add(values, rows);
        index
    }
}

fn unreadable(path: &Path, found: String) -> DataError {
    DataError::Unreadable {
        path: path.to_path_buf(),
        expected: "an index of nearest rows (RELIVF01)".to_owned(),
        found,
        hint: "Delete it: without an index, searches are exact.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;
    use relata_data::seed::{Purpose, stream};

    use super::super::top_k::{Metric, top_k};
    use super::*;

    /// Vectors of unit length around some directions.
    fn vectors(rows: usize, width: usize) -> Vec<f32> {
        let mut rng = stream(5, &[rows as u64]);
        let mut draw = |scale: f32| scale * (rng.random::<f32>() + rng.random::<f32>() + rng.random::<f32>() - 1.5);
        let middles: Vec<f32> = (0..100 * width).map(|_| draw(1.0)).collect();
        let mut values = Vec::with_capacity(rows * width);
        for row in 0..rows {
            let vector: Vec<f32> = (0..width).map(|at| middles[row % 100 * width + at] + draw(0.4)).collect();
            let norm = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
            values.extend(vector.iter().map(|x| x / norm));
        }
        values
    }

    #[test]
    fn nearly_all_neighbours_are_found_also_of_rows_that_came_later() {
        let (rows, width, k) = (9000, 16, 10);
        let values = vectors(rows, width);
        let all: Vec<u32> = (0..rows as u32).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nearest.index");
        let first = InvertedFile::build(&values, width, &all[..7000], &mut Purpose::NearestRows.stream(1, &[]));
        NearestIndex::write(&path, &first, &values, 3).unwrap();
        let grown = NearestIndex::open(&path).unwrap().grown(&values, &all[7000..]);
        NearestIndex::write(&path, &grown, &values, 4).unwrap();
        let index = NearestIndex::open(&path).unwrap();
        assert_eq!((index.len(), index.stamp()), (rows, 4));
        let queries: Vec<usize> = (0..rows).step_by(45).collect();
        let mut found = 0;
        for &row in &queries {
            let query = &values[row * width..][..width];
            let Ok(exact) =
                top_k(query, width, [Ok::<_, std::convert::Infallible>((0, &values[..]))], k, Metric::Cosine);
            let near = index.nearest(query, k);
            assert!(near[0].0 as usize == row && near.windows(2).all(|two| two[0].1 >= two[1].1));
            found += exact[0].iter().filter(|(row, _)| near.iter().any(|other| u64::from(other.0) == *row)).count();
        }
        let recall = found as f64 / (queries.len() * k) as f64;
        assert!(recall > 0.95, "{recall}");
    }

    #[test]
    fn a_damaged_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nearest.index");
        let values = vectors(40, 4);
        let all: Vec<u32> = (0..40).collect();
        let made = InvertedFile::build(&values, 4, &all, &mut Purpose::NearestRows.stream(1, &[]));
        NearestIndex::write(&path, &made, &values, 0).unwrap();
        let whole = std::fs::read(&path).unwrap();
        // Where there is no checksum, which would find it first.
        let elsewhere = tempfile::tempdir().unwrap();
        let path = elsewhere.path().join("nearest.index");
        for at in (0..8 * HEAD - 8).chain(8 * HEAD..8 * (HEAD + 8)) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x41;
            std::fs::write(&path, &bytes).unwrap();
            assert!(NearestIndex::open(&path).is_err(), "byte {at}");
        }
        for length in [0, 7, 39, whole.len() - 4] {
            std::fs::write(&path, &whole[..length]).unwrap();
            assert!(NearestIndex::open(&path).unwrap_err().to_string().contains("index of nearest rows"));
        }
        std::fs::write(&path, &whole).unwrap();
        assert!(NearestIndex::open(&path).unwrap().nearest(&[1.0], 3).is_empty());
    }
}
