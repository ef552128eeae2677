//! Index types: ids and row numbers, each a type of its own, so that one is never taken for another.

use std::fmt;

use bytemuck::TransparentWrapper;
use serde::{Deserialize, Serialize};

/// Defines an index: an integer that only the things of one kind are counted by.
macro_rules! index {
    ($(#[$doc:meta])* $name:ident($integer:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, TransparentWrapper)]
        #[derive(Serialize, Deserialize)]
        #[serde(transparent)]
        #[repr(transparent)]
        pub struct $name(
            /// The integer itself.
            pub $integer,
        );

        impl $name {
            /// The integer as an index into a slice.
            pub const fn index(self) -> usize {
                self.0 as usize
            }

            /// Integers, such as those of a mapped file or of a column, as what they are; nothing is copied.
            pub fn slice(integers: &[$integer]) -> &[Self] {
                Self::wrap_slice(integers)
            }
        }

        /// The integer alone, since messages list indices by it.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<$name> for $integer {
            fn from(index: $name) -> Self {
                index.0
            }
        }
    };
}

index! {
    /// The id of a sample: unique in a dataset, not dense; the column `id` of every table.
    ///
    /// It is not to be taken for a row:
    ///
    /// ```compile_fail
    /// use relata_data::id_index::IdIndex;
    /// use relata_data::index::Row;
    ///
    /// let _ = IdIndex::RowNumbers(3).row(Row(1));
    /// ```
    SampleId(u64)
}

index! {
    /// The row number of a sample: its place in the feature store and in the table `samples`, from 0 without gaps.
    ///
    /// ```
    /// use relata_data::index::Row;
    ///
    /// let rows = Row::slice(&[4, 7]);
    /// assert_eq!((rows[1], rows[1].index(), rows[1].to_string()), (Row(7), 7, "7".to_owned()));
    /// ```
    Row(u32)
}

index! {
    /// The position of a sample among the training rows, from 0 without gaps: what beliefs and strategies count by. The
    /// list of training rows, ascending, translates it into a [`Row`] of the dataset.
    ///
    /// ```
    /// use relata_data::index::{Row, TrainingRow};
    ///
    /// let training = [Row(2), Row(5), Row(6)];
    /// assert_eq!(training[TrainingRow(1).index()], Row(5));
    /// ```
    TrainingRow(u32)
}

index! {
    /// The number of a must-link group among all groups of all relations, from 0 in the order of their first
    /// memberships. It is not the group's key in the table `memberships`, which is unique in a relation only.
    GroupNumber(u32)
}
