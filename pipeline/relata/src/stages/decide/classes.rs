//! Classes: of which class each row is, from what is known of some and the neighbours of all.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float32Array, RecordBatch, StringArray, UInt64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, UInt64Type};
use relata_data::index::{Row, SampleId};
use relata_data::sink::ParquetSink;
use relata_data::{DataError, query};
use relata_decide::classes::{Classified, KnownGroups, classify};
use relata_decide::decision::ClassDecision;
use relata_graph::neighbour_graph::NeighbourGraph;
use relata_oracle::{Context, NameQuestion, Notes, most_frequent_name};
use relata_schemas::classes::CLASSES;

use super::super::context::StageContext;
use super::super::evaluate::Measured;
use super::super::round_embeddings::all_unit_embeddings;
use super::audit::Asked;
use super::known_relations::KnownRelations;
use crate::error::{PipelineError, Result};
use crate::store::{Artifact, Run};

/// Neighbours of a row in the graph that classes spread over.
const NEIGHBOURS: usize = 5;
/// Members of a group that are shown to whoever names it.
const SHOWN: usize = 10;
/// Rows that are written at once.
const BLOCK: usize = 1 << 16;

impl StageContext<'_> {
    /// Decides of which class all rows are by the embeddings of `run`, and writes the table of classes. Gives what there is
    /// to say about the decision.
    pub(super) async fn decide_classes(
        &self,
        run: &Run,
        decision: &ClassDecision,
        asked: Option<&Asked<'_, '_>>,
    ) -> Result<Measured> {
        let query_loop = asked.map(|asked| asked.query_loop);
        let rows = self.samples.ids.rows();
        let stage = self.reporter.stage("decide", rows as u64, "rows");
        let known = KnownRelations::read(run, &self.samples, query_loop, &self.rows)?;
        let names = match decision.names_column() {
            Some(column) => self.names(column).await?,
            None => BTreeMap::new(),
        };
        let (embeddings, width) = all_unit_embeddings(&self.samples, run)?;
        let neighbours = NeighbourGraph::of(&embeddings, width, NEIGHBOURS);
        drop(embeddings);
        // Where a person names groups, rows that only have a name are none.
        let asked_only = decision.largest_groups().is_some() || decision.names_asked_for().is_some();
        let by_name = names.keys().copied().filter(|_| !asked_only);
        let (of_row, apart) = known.groups(rows, by_name);
        let mut groups = KnownGroups { apart, ..KnownGroups::new(of_row) };
        let earlier =
            self.extension.as_ref().map(|earlier| &earlier.classes).filter(|_| decision.names_asked_for().is_some());
        let names = match (decision.names_asked_for(), asked, decision.names_column()) {
            _ if earlier.is_some() => earlier_names(&mut groups, earlier),
            (Some(most), Some(asked), _) => self.ask_names(&mut groups, most, asked, &neighbours).await?,
            (_, _, Some(_)) => self.name(&mut groups, &names, decision, &neighbours),
            _ => unnamed(&mut groups),
        };
        let found = classify(&neighbours, &groups, decision.least_probability())?;
        let stands_for = write(self, run, &groups, &names, &found)?;
        let of_none = found.class.iter().filter(|class| class.is_none()).count();
        let mean = found.probability.iter().sum::<f64>() / rows.max(1) as f64;
        stage.finish(
            rows as u64,
            &format!("of {} classes, {of_none} of none; expected accuracy {mean:.3}", stands_for.len()),
        );
        let several = groups.members().iter().filter(|members| members.len() > 1).count();
        let agreement = found.agreement.map(|share| ("decision.agreement", share));
        let metrics = [
            ("decision.groups", several as f64),
            ("decision.classes", stands_for.len() as f64),
            ("decision.of_none", of_none as f64),
            ("decision.known", found.known.iter().filter(|known| **known).count() as f64),
            ("decision.expected_accuracy", mean),
        ];
        let metrics = metrics.into_iter().chain(agreement).map(|(name, value)| (name.to_owned(), value)).collect();
        self.warn(&metrics);
        Ok(metrics)
    }

    /// The names of training rows, by row.
    async fn names(&self, column: &str) -> Result<BTreeMap<u32, String>> {
        let quoted = column.replace('"', "\"\"");
        let table = query::plan_sql(&self.session, &format!("SELECT id, \"{quoted}\" AS name FROM samples")).await;
        let table = table.map_err(DataError::from)?;
        let mut names = BTreeMap::new();
        for batch in query::collect(table).await.map_err(DataError::from)? {
            let ids = batch["id"].as_primitive::<UInt64Type>().values();
            let values = cast(&batch["name"], &DataType::Utf8).map_err(DataError::from)?;
            let values = values.as_string::<i32>();
            for (at, &id) in ids.iter().enumerate().filter(|(at, _)| values.is_valid(*at)) {
                let row = self.samples.ids.row(SampleId(id)).filter(|row| self.rows.binary_search(row).is_ok());
                // Labels of samples that came later are no part of what was learned.
                let row =
                    row.filter(|row| self.extension.as_ref().is_none_or(|earlier| row.index() < earlier.trained_rows));
                names.extend(row.map(|row| (row.0, values.value(at).to_owned())));
            }
        }
        Ok(names)
    }

    /// Asks for the names of the groups that spread over most rows. Gives the names of the classes.
    async fn ask_names(
        &self,
        groups: &mut KnownGroups,
        most: usize,
        asked: &Asked<'_, '_>,
        neighbours: &NeighbourGraph,
    ) -> Result<Vec<Option<String>>> {
        let (mut members, reach) = (groups.members(), groups.reach(neighbours));
        let mut order: Vec<usize> = (0..members.len()).filter(|&group| members[group].len() > 1).collect();
        order.sort_by_key(|&group| std::cmp::Reverse(reach[group]));
        order.truncate(most);
        let id = |row: usize| self.samples.ids.id(Row(row as u32));
        let mut question = |&group: &usize| {
            let rows = &mut members[group];
            let group = rows.iter().map(|&row| id(row)).min().unwrap_or(SampleId(0));
            // Those in the densest places are the most typical.
            rows.sort_by(|&a, &b| neighbours.scale(a).total_cmp(&neighbours.scale(b)).then(a.cmp(&b)));
            NameQuestion { group, members: rows.iter().take(SHOWN).map(|&row| id(row)).collect() }
        };
        let questions: Vec<NameQuestion> = order.iter().map(&mut question).collect();
        let hear = |text: &str| self.reporter.note("decide", text);
        let about = Context::new(&self.session, &self.samples, self.spec.seed());
        let about = Context { notes: Notes::to(&hear), ..about };
        let naming = asked.oracle.name_groups(&about, &questions, self.run.folder());
        let interrupted = || PipelineError::Interrupted { round: asked.round, ledger: self.run.path(Artifact::Ledger) };
        let named = self.spec.cancel.or(naming).await.ok_or_else(interrupted)??;
        let mut numbers: Vec<String> = Vec::new();
        for (group, name) in order.into_iter().zip(named) {
            groups.classes[group] = name.map(|name| {
                let at = numbers.iter().position(|known| *known == name).unwrap_or_else(|| {
                    numbers.push(name);
                    numbers.len() - 1
                });
                at as u32
            });
        }
        Ok(numbers.into_iter().map(Some).collect())
    }

    /// Gives groups their classes by the names of their rows, and the names of the classes.
    fn name(
        &self,
        groups: &mut KnownGroups,
        names: &BTreeMap<u32, String>,
        decision: &ClassDecision,
        neighbours: &NeighbourGraph,
    ) -> Vec<Option<String>> {
        let members = groups.members();
        let mut order: Vec<usize> = (0..members.len()).collect();
        if let Some(largest) = decision.largest_groups() {
            let reach = groups.reach(neighbours);
            order.sort_by_key(|&group| std::cmp::Reverse(reach[group]));
            order.retain(|&group| members[group].iter().any(|&row| names.contains_key(&(row as u32))));
            order.truncate(largest);
        }
        let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
        let mut several = 0;
        for group in order {
            let named: Vec<(usize, &str)> =
                members[group].iter().filter_map(|&row| Some((row, names.get(&(row as u32))?.as_str()))).collect();
            let name = if decision.largest_groups().is_some() {
                // Only the row that stands for the group is looked at: the one in the densest place.
                named.iter().min_by(|a, b| neighbours.scale(a.0).total_cmp(&neighbours.scale(b.0))).map(|named| named.1)
            } else {
                several += usize::from(named.iter().any(|other| other.1 != named[0].1));
                most_frequent_name(named.iter().map(|named| named.1))
            };
            let next = numbers.len() as u32;
            groups.classes[group] = name.map(|name| *numbers.entry(name).or_insert(next));
        }
        if several > 0 {
            let text = format!("{several} groups have rows of several names, and take the most frequent one");
            self.reporter.note("decide", &text);
        }
        let mut found = vec![None; numbers.len()];
        numbers.into_iter().for_each(|(name, number)| found[number as usize] = Some(name.to_owned()));
        found
    }
}

/// Groups have the names that their rows had before: of several that of most rows.
fn earlier_names(groups: &mut KnownGroups, earlier: Option<&HashMap<u32, String>>) -> Vec<Option<String>> {
    let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
    let of_rows = |rows: &[usize]| {
        most_frequent_name(rows.iter().filter_map(|&row| earlier?.get(&(row as u32))).map(String::as_str))
    };
    for (group, rows) in groups.members().iter().enumerate() {
        let next = numbers.len() as u32;
        groups.classes[group] = of_rows(rows).map(|name| *numbers.entry(name).or_insert(next));
    }
    let mut found = vec![None; numbers.len()];
    numbers.into_iter().for_each(|(name, number)| found[number as usize] = Some(name.to_owned()));
    found
}

/// Every group of two rows or more is a class, which has no name.
fn unnamed(groups: &mut KnownGroups) -> Vec<Option<String>> {
    let mut next = 0;
    let members = groups.members();
    for (class, members) in groups.classes.iter_mut().zip(members) {
        if members.len() > 1 {
            *class = Some(next);
            next += 1;
        }
    }
    vec![None; next as usize]
}

/// Writes the table of classes. Gives the sample that stands for each class.
fn write(
    context: &StageContext<'_>,
    run: &Run,
    groups: &KnownGroups,
    names: &[Option<String>],
    found: &Classified,
) -> Result<HashMap<u32, u64>> {
    let id = |row: usize| context.samples.ids.id(Row(row as u32)).0;
    let mut stands_for: HashMap<u32, u64> = HashMap::new();
    for (row, group) in groups.of_row.iter().enumerate() {
        if let Some(class) = group.and_then(|group| groups.classes[group as usize]) {
            let smallest = stands_for.entry(class).or_insert(u64::MAX);
            *smallest = (*smallest).min(id(row));
        }
    }
    let mut sink = ParquetSink::sealed(&run.path(Artifact::Classes), CLASSES.schema())?;
    for first in (0..found.class.len()).step_by(BLOCK) {
        let block = first..found.class.len().min(first + BLOCK);
        let class = &found.class[block.clone()];
        let name = |class: &Option<u32>| class.and_then(|class| names[class as usize].as_deref());
        let columns: Vec<ArrayRef> = vec![
            Arc::new(block.clone().map(id).collect::<UInt64Array>()),
            Arc::new(class.iter().map(name).collect::<StringArray>()),
            Arc::new(
                class
                    .iter()
                    .map(|class| class.and_then(|class| stands_for.get(&class).copied()))
                    .collect::<UInt64Array>(),
            ),
            Arc::new(block.clone().map(|row| Some(found.probability[row] as f32)).collect::<Float32Array>()),
            Arc::new(BooleanArray::from(found.known[block].to_vec())),
        ];
        let batch = RecordBatch::try_new(CLASSES.schema(), columns).map_err(DataError::from)?;
        relata_schemas::classes::validate(&batch, first as u64).map_err(DataError::from)?;
        sink.write(&batch)?;
    }
    sink.finish()?;
    Ok(stands_for)
}
