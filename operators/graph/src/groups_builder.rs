//! Groups builder: memberships and cannot-links as they are stated, by sample id, which become [`Groups`].

use std::collections::BTreeMap;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Float32Type, UInt64Type};
use relata_data::id_index::IdIndex;
use relata_data::index::{GroupNumber, SampleId};
use relata_schemas::{memberships, separations};

use crate::cannot_link::{StatedCannotLink, cannot_links};
use crate::error::{GraphError, Result};
use crate::must_link::{Group, Groups};

/// Takes memberships and cannot-links in the order in which they are stated; a membership takes 12 bytes.
///
/// Groups and relations are numbered in the order of their first membership, so that [`Groups`] built while relations
/// are stated are the same as those read back from the tables.
///
/// ```
/// use relata_data::id_index::IdIndex;
/// use relata_data::index::{Row, SampleId};
/// use relata_graph::GroupsBuilder;
///
/// // The samples 7 and 3 have the label 0, the sample 9 has the label 1.
/// let mut builder = GroupsBuilder::default();
/// for (id, label) in [(7, 0), (3, 0), (9, 1)] {
///     builder.member("label", label, SampleId(id), 1.0, true);
/// }
/// // Row 0 is the sample 3, row 1 the sample 7, row 2 the sample 9.
/// let groups = builder.build(&IdIndex::new(SampleId::slice(&[3, 7, 9]).to_vec(), "samples", "id")?)?;
/// assert_eq!([1, 2].map(|row| groups.weight(Row(0), Row(row))), [1.0, -1.0]);
/// # Ok::<(), relata_graph::GraphError>(())
/// ```
#[derive(Debug, Default)]
pub struct GroupsBuilder {
    /// Names of relations, by number.
    rels: Vec<String>,
    /// The number of each group, by its relation's number and its key in that relation.
    numbers: BTreeMap<(u32, u64), GroupNumber>,
    /// All groups, without their members.
    groups: Vec<Group>,
    /// The sample of each membership.
    ids: Vec<SampleId>,
    /// The group's number of each membership.
    group_of: Vec<GroupNumber>,
    cannot_links: Vec<StatedCannotLink>,
}

impl GroupsBuilder {
    /// Takes rows of the tables `memberships` and `separations`, after checking them.
    pub(crate) fn tables(memberships: &[RecordBatch], separations: &[RecordBatch]) -> Result<Self> {
        let mut builder = Self::default();
        for batch in memberships {
            memberships::validate(batch, builder.ids.len() as u64)?;
            let id = batch[memberships::ID].as_primitive::<UInt64Type>();
            let group = batch[memberships::GROUP].as_primitive::<UInt64Type>();
            let weight = batch[memberships::WEIGHT].as_primitive::<Float32Type>();
            let rel = batch[memberships::REL].as_string::<i32>();
            let exclusive = batch[memberships::EXCLUSIVE].as_boolean();
            for at in 0..batch.num_rows() {
                builder.member(
                    rel.value(at),
                    group.value(at),
                    SampleId(id.value(at)),
                    weight.value(at),
                    exclusive.value(at),
                );
            }
        }
        for batch in separations {
            separations::validate(batch, builder.cannot_links.len() as u64)?;
            let [a, b] = [separations::A, separations::B].map(|name| batch[name].as_primitive::<UInt64Type>());
            let weight = batch[separations::WEIGHT].as_primitive::<Float32Type>();
            let rel = batch[separations::REL].as_string::<i32>();
            for at in 0..batch.num_rows() {
                builder.cannot_link(rel.value(at), a.value(at), b.value(at), weight.value(at));
            }
        }
        Ok(builder)
    }

    /// The sample `id` is in the group with the key `group` of the relation `rel`. The first membership of a group
    /// decides its weight, in [-1, 1] without 0, and whether it excludes the other groups of the relation.
    pub fn member(&mut self, rel: &str, group: u64, id: SampleId, weight: f32, exclusive: bool) {
        // Memberships of one relation come together: its name is the last one.
        let rel = self.rels.iter().rposition(|known| known == rel).unwrap_or_else(|| {
            self.rels.push(rel.to_owned());
            self.rels.len() - 1
        }) as u32;
        let number = *self.numbers.entry((rel, group)).or_insert_with(|| {
            self.groups.push(Group { rel, weight, exclusive, members: vec![] });
            GroupNumber(self.groups.len() as u32 - 1)
        });
        self.ids.push(id);
        self.group_of.push(number);
    }

    /// Every member of the group with the key `a` is a negative of every member of `b`, another group of the same
    /// relation, with a weight in (0, 1].
    pub fn cannot_link(&mut self, rel: &str, a: u64, b: u64, weight: f32) {
        // Those of one relation come together and share its name.
        let rel = match self.cannot_links.last() {
            Some(last) if *last.rel == *rel => last.rel.clone(),
            _ => rel.into(),
        };
        self.cannot_links.push(StatedCannotLink { rel, a, b, weight });
    }

    /// The groups, with row numbers in place of sample ids. A sample that the dataset does not have, and a cannot-link of
    /// a group without members, are errors.
    pub fn build(self, ids: &IdIndex) -> Result<Groups> {
        let Self { rels, numbers, mut groups, ids: members, group_of, cannot_links: stated } = self;
        for ((at, id), number) in (0u64..).zip(members).zip(group_of) {
            let row = ids.row(id).ok_or_else(|| GraphError::UnknownId {
                table: memberships::MEMBERSHIPS.name.to_owned(),
                column: memberships::ID.to_owned(),
                row: at,
                id: id.to_string(),
            })?;
            groups[number.index()].members.push(row);
        }
        let cannot_links = cannot_links(&stated, &rels, &numbers, groups.len())?;
        Ok(Groups::index(rels, groups, ids.rows(), cannot_links))
    }
}

impl Groups {
    /// Builds the index from batches of the tables `memberships` and `separations`.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use arrow::array::{BooleanArray, Float32Array, RecordBatch, StringArray, UInt64Array};
    /// use relata_data::id_index::IdIndex;
    /// use relata_data::index::Row;
    /// use relata_graph::Groups;
    /// use relata_schemas::memberships::MEMBERSHIPS;
    ///
    /// // Samples 0 and 1 are of group 5, sample 2 of group 6; groups of one relation exclude each other.
    /// let memberships = RecordBatch::try_new(
    ///     MEMBERSHIPS.schema(),
    ///     vec![
    ///         Arc::new(UInt64Array::from(vec![0, 1, 2])),
    ///         Arc::new(UInt64Array::from(vec![5, 5, 6])),
    ///         Arc::new(Float32Array::from(vec![1.0; 3])),
    ///         Arc::new(StringArray::from(vec!["label"; 3])),
    ///         Arc::new(BooleanArray::from(vec![true; 3])),
    ///     ],
    /// )?;
    /// let groups = Groups::new(&[memberships], &[], &IdIndex::RowNumbers(3))?;
    /// assert_eq!(groups.relations(), ["label"]);
    /// assert_eq!([1, 2].map(|row| groups.weight(Row(0), Row(row))), [1.0, -1.0]);
    /// # Ok::<(), relata_graph::GraphError>(())
    /// ```
    pub fn new(memberships: &[RecordBatch], separations: &[RecordBatch], ids: &IdIndex) -> Result<Self> {
        GroupsBuilder::tables(memberships, separations)?.build(ids)
    }
}
