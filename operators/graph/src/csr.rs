//! CSR graph: the explicit edges as a memory-mapped compressed sparse row matrix over row numbers, both directions of
//! every edge.

use std::io::Write;
use std::path::{Path, PathBuf};

use arrow::buffer::ScalarBuffer;

use relata_data::DataError;
use relata_data::index::Row;
use relata_data::map_file;
use relata_data::sink::AtomicFile;

use crate::error::{GraphError, Result};

const MAGIC: u64 = u64::from_le_bytes(*b"RELCSR01");

/// Neighbours and weights of every row; neighbours are sorted.
#[derive(Debug, Clone)]
pub struct Csr {
    offsets: ScalarBuffer<u64>,
    neighbours: ScalarBuffer<u32>,
    weights: ScalarBuffer<f32>,
}

impl Csr {
    /// Opens a file that [`CsrBuilder`] made. It is read once from front to back, so that whatever it says about rows is
    /// sure to be in their range.
    pub fn open(path: &Path) -> Result<Self> {
        let csr = Self::map(path)?;
        let entries = csr.neighbours.len() as u64;
        let ends = (csr.offsets.first(), csr.offsets.last());
        if ends != (Some(&0), Some(&entries)) || !csr.offsets.is_sorted() {
            return Err(unreadable(path, format!("rows that do not add up to its {entries} entries")));
        }
        let largest = csr.neighbours.iter().copied().fold(0, u32::max);
        if entries > 0 && largest as usize >= csr.rows() {
            return Err(unreadable(path, format!("a neighbour {largest} of {} rows", csr.rows())));
        }
        Ok(csr)
    }

    /// Maps a file whose length is that of its header.
    fn map(path: &Path) -> Result<Self> {
        let bytes = map_file(path)?;
        let other = || unreadable(path, format!("{} other bytes", bytes.len()));
        if bytes.len() < 24 || bytes.len() % 8 != 0 {
            return Err(other());
        }
        let head = ScalarBuffer::<u64>::new(bytes.clone(), 0, 3);
        let words = (bytes.len() / 8 - 3) as u64;
        // Rows are numbered in 32 bits.
        let rows = head[1].checked_add(1).filter(|&ends| ends <= words.min(1 << 32));
        if head[0] != MAGIC || rows.is_none_or(|ends| words - ends != head[2]) {
            return Err(other());
        }
        let (rows, entries) = (head[1] as usize, head[2] as usize);
        let after_offsets = (3 + rows + 1) * 2;
        Ok(Self {
            offsets: ScalarBuffer::new(bytes.clone(), 3, rows + 1),
            neighbours: ScalarBuffer::new(bytes.clone(), after_offsets, entries),
            weights: ScalarBuffer::new(bytes, after_offsets + entries, entries),
        })
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.offsets.len() - 1
    }

    /// The number of edges.
    pub fn edges(&self) -> usize {
        self.neighbours.len() / 2
    }

    /// Neighbours of a row, ascending, and their weights.
    pub fn neighbours(&self, row: Row) -> (&[Row], &[f32]) {
        let range = self.offsets[row.index()] as usize..self.offsets[row.index() + 1] as usize;
        (Row::slice(&self.neighbours[range.clone()]), &self.weights[range])
    }

    /// Every edge once, `(smaller row, larger row, weight)`.
    pub fn iter(&self) -> impl Iterator<Item = (Row, Row, f32)> + '_ {
        (0..self.rows() as u32).map(Row).flat_map(move |row| {
            let (neighbours, weights) = self.neighbours(row);
            let from = neighbours.partition_point(|&n| n < row);
            neighbours[from..].iter().zip(&weights[from..]).map(move |(&n, &w)| (row, n, w))
        })
    }
}

fn unreadable(path: &Path, found: String) -> GraphError {
    let unreadable = DataError::Unreadable {
        path: path.to_path_buf(),
        expected: "a graph file (RELCSR01)".to_owned(),
        found,
        hint: "Delete it and run the pipeline again: it is made from edges.parquet.".to_owned(),
    };
    unreadable.into()
}

/// Builds a CSR file by counting: first every row's neighbours are counted, then each goes to its place.
#[derive(Debug)]
pub struct CsrBuilder {
    path: PathBuf,
    offsets: Vec<u64>,
}

/// A [`CsrBuilder`] that has counted everything.
#[derive(Debug)]
pub struct CsrPlaces {
    path: PathBuf,
    /// Where a row starts, and, while it is filled, where its next neighbour goes.
    offsets: Vec<u64>,
    neighbours: Vec<u32>,
    weights: Vec<f32>,
}

impl CsrBuilder {
    /// A file for a graph over `rows` rows.
    pub fn create(path: &Path, rows: usize) -> Self {
        Self { path: path.to_path_buf(), offsets: vec![0; rows + 1] }
    }

    /// Counts an edge, which is to be given once, in either direction, between different rows.
    pub fn count(&mut self, a: Row, b: Row) {
        self.offsets[a.index()] += 1;
        self.offsets[b.index()] += 1;
    }

    /// Makes room for the edges that were counted.
    pub fn places(mut self) -> CsrPlaces {
        let mut entries = 0;
        for offset in &mut self.offsets {
            entries += std::mem::replace(offset, entries);
        }
        let (neighbours, weights) = (vec![0; entries as usize], vec![0.0; entries as usize]);
        CsrPlaces { path: self.path, offsets: self.offsets, neighbours, weights }
    }
}

impl CsrPlaces {
    /// Places an edge in both rows: the edges that were counted, in any order.
    pub fn put(&mut self, a: Row, b: Row, weight: f32) {
        for (row, neighbour) in [(a, b), (b, a)] {
            let at = self.offsets[row.index()] as usize;
            self.offsets[row.index()] += 1;
            self.neighbours[at] = neighbour.0;
            self.weights[at] = weight;
        }
    }

    /// Sorts every row, writes the file and opens it.
    pub fn finish(mut self) -> Result<Csr> {
        // Every row's next place has become the start of the row after it.
        self.offsets.pop();
        self.offsets.insert(0, 0);
        self.sort();
        let mut file = std::io::BufWriter::with_capacity(1 << 20, AtomicFile::sealed(&self.path)?);
        let mut write = |bytes: &[u8]| file.write_all(bytes).map_err(DataError::io(&self.path));
        for word in [MAGIC, self.offsets.len() as u64 - 1, self.neighbours.len() as u64] {
            write(&word.to_le_bytes())?;
        }
        self.offsets.iter().try_for_each(|v| write(&v.to_le_bytes()))?;
        self.neighbours.iter().try_for_each(|v| write(&v.to_le_bytes()))?;
        self.weights.iter().try_for_each(|v| write(&v.to_le_bytes()))?;
        let file = file.into_inner().map_err(|e| DataError::io(&self.path)(e.into_error()))?;
        file.commit()?;
        Csr::map(&self.path)
    }

    /// Edges that came sorted by their smaller and then their larger row have left every row sorted.
    fn sort(&mut self) {
        let mut row_of = Vec::new();
        for ends in self.offsets.windows(2) {
            let range = ends[0] as usize..ends[1] as usize;
            let (neighbours, weights) = (&mut self.neighbours[range.clone()], &mut self.weights[range]);
            if !neighbours.is_sorted() {
                row_of.clear();
                row_of.extend(neighbours.iter().copied().zip(weights.iter().copied()));
                row_of.sort_unstable_by_key(|&(neighbour, _)| neighbour);
                for ((neighbour, weight), sorted) in neighbours.iter_mut().zip(weights).zip(&row_of) {
                    (*neighbour, *weight) = *sorted;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_come_back_by_row() {
        let folder = tempfile::tempdir().unwrap();
        let edges = [(Row(3), Row(1), -1.0), (Row(0), Row(3), 0.5)];
        let mut builder = CsrBuilder::create(&folder.path().join("graph.csr"), 5);
        edges.iter().for_each(|&(a, b, _)| builder.count(a, b));
        let mut places = builder.places();
        edges.iter().for_each(|&(a, b, weight)| places.put(a, b, weight));
        let csr = places.finish().unwrap();
        assert_eq!((csr.rows(), csr.edges()), (5, 2));
        assert_eq!(csr.neighbours(Row(3)), (&[Row(0), Row(1)][..], &[0.5, -1.0][..]));
        assert_eq!(csr.neighbours(Row(4)).0.len(), 0);
        assert_eq!(csr.iter().collect::<Vec<_>>(), [(Row(0), Row(3), 0.5), (Row(1), Row(3), -1.0)]);
    }

    fn bytes(words: &[u64]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    #[test]
    fn another_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("graph.csr");
        let refused = |words: &[u64]| {
            std::fs::write(&path, bytes(words)).unwrap();
            Csr::open(&path).unwrap_err().to_string()
        };
        assert!(refused(&[0; 8]).contains("RELCSR01"));
        let one_edge = |words: [u64; 3]| [&[MAGIC, 2, 2][..], &words, &[1, 0]].concat();
        std::fs::write(&path, bytes(&one_edge([0, 1, 2]))).unwrap();
        assert_eq!(Csr::open(&path).unwrap().edges(), 1);
        for offsets in [[0, 3, 2], [1, 1, 2], [0, 1, 1], [0, u64::MAX, 2]] {
            assert!(refused(&one_edge(offsets)).contains("do not add up to its 2 entries"));
        }
        assert!(refused(&[MAGIC, 2, 2, 0, 1, 2, 7, 0]).contains("a neighbour 7 of 2 rows"));
        // Lengths that are right only when they wrap around.
        for head in [[MAGIC, u64::MAX, 5], [MAGIC, 1 << 61, 4], [MAGIC, 4, 1 << 61], [MAGIC, u64::MAX - 1, 6]] {
            assert!(refused(&[&head[..], &[0; 5]].concat()).contains("64 other bytes"));
        }
    }
}
