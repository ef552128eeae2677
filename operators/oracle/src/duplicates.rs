//! Exact duplicates: rows with equal vectors, as classes.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use relata_data::index::TrainingRow;

/// The number of a different vector, in the order of the first row that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct VectorNumber(pub(crate) u32);

impl VectorNumber {
    /// The number as an index into a slice.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Which rows have equal vectors: the same bits, but for the sign of 0.
#[derive(Debug)]
pub(crate) struct Duplicates {
    /// The vector of each row.
    vector_of: Vec<VectorNumber>,
    /// `rows[starts[v] .. starts[v + 1]]` are the rows with the vector v, ascending.
    starts: Vec<u32>,
    rows: Vec<TrainingRow>,
}

impl Duplicates {
    /// Finds the duplicates among row-major vectors, in time and memory linear in their size.
    pub(crate) fn find(values: &[f32], width: usize) -> Self {
        let mut numbers: HashMap<Vector<'_>, VectorNumber> = HashMap::new();
        let mut vector_of = Vec::with_capacity(values.len() / width);
        for row in values.chunks_exact(width) {
            let next = VectorNumber(numbers.len() as u32);
            vector_of.push(*numbers.entry(Vector(row)).or_insert(next));
        }
        let mut starts = vec![0; numbers.len() + 1];
        vector_of.iter().for_each(|vector| starts[vector.index() + 1] += 1);
        for vector in 0..numbers.len() {
            starts[vector + 1] += starts[vector];
        }
        let mut next = starts.clone();
        let mut rows = vec![TrainingRow(0); vector_of.len()];
        for (row, vector) in (0..).map(TrainingRow).zip(&vector_of) {
            rows[next[vector.index()] as usize] = row;
            next[vector.index()] += 1;
        }
        Self { vector_of, starts, rows }
    }

    /// How many different vectors there are.
    pub(crate) fn vectors(&self) -> usize {
        self.starts.len() - 1
    }

    /// The vector of a row.
    pub(crate) fn vector(&self, row: TrainingRow) -> VectorNumber {
        self.vector_of[row.index()]
    }

    /// The rows that have a vector, ascending; at least one.
    pub(crate) fn rows(&self, vector: VectorNumber) -> &[TrainingRow] {
        &self.rows[self.starts[vector.index()] as usize..self.starts[vector.index() + 1] as usize]
    }

    /// The classes of two or more equal rows.
    pub(crate) fn classes(&self) -> impl Iterator<Item = &[TrainingRow]> {
        let all = (0..self.vectors() as u32).map(VectorNumber).map(|vector| self.rows(vector));
        all.filter(|rows| rows.len() > 1)
    }

    /// Keeps each different vector once, by number.
    pub(crate) fn keep_first(&self, values: &mut Vec<f32>, width: usize) {
        for vector in (0..self.vectors() as u32).map(VectorNumber) {
            // The first row of a vector never comes before the vector's number.
            let first = self.rows(vector)[0].index() * width;
            values.copy_within(first..first + width, vector.index() * width);
        }
        values.truncate(self.vectors() * width);
    }
}

/// A vector that is equal to those with the same bits; 0 and -0 are the same, too.
struct Vector<'a>(&'a [f32]);

impl Vector<'_> {
    fn bits(&self) -> impl Iterator<Item = u32> {
        self.0.iter().map(|&value| if value == 0.0 { 0 } else { value.to_bits() })
    }
}

impl PartialEq for Vector<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.bits().eq(other.bits())
    }
}

impl Eq for Vector<'_> {}

impl Hash for Vector<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bits().for_each(|bits| state.write_u32(bits));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_rows_are_classes_in_the_order_of_their_first_rows() {
        let mut values = vec![1.0, 2.0, 0.0, 3.0, 1.0, 2.0, -0.0, 3.0, 2.0, 4.0, 1.0, 2.0];
        let duplicates = Duplicates::find(&values, 2);
        assert_eq!((0..6).map(|row| duplicates.vector(TrainingRow(row)).0).collect::<Vec<_>>(), [0, 1, 0, 1, 2, 0]);
        let classes: Vec<_> = duplicates.classes().collect();
        assert_eq!(classes, [TrainingRow::slice(&[0, 2, 5]), TrainingRow::slice(&[1, 3])]);
        duplicates.keep_first(&mut values, 2);
        assert_eq!(values, [1.0, 2.0, 0.0, 3.0, 2.0, 4.0]);
    }

    #[test]
    fn no_rows_have_no_vectors() {
        let duplicates = Duplicates::find(&[], 3);
        assert_eq!((duplicates.vectors(), duplicates.classes().count()), (0, 0));
    }
}
