//! Same-value oracle (class labels): samples that share a label, or the value of an SQL expression, are related.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, UInt64Type};
use async_trait::async_trait;
use datafusion::prelude::{DataFrame, col, lit};
use rand::seq::SliceRandom;
use relata_data::index::SampleId;
use relata_data::{DataError, query};
use relata_graph::Relations;
use relata_registry::{Description, Settings};
use serde::{Deserialize, Serialize};

use crate::error::{OracleError, Result};
use crate::name_question::{NameQuestion, most_frequent_name};
use crate::oracle::{Context, Oracle};
use crate::question::Question;
use crate::record::Record;
use relata_data::seed::Purpose;

/// See [`same_label`], [`same_value`] and [`labels`]. Asked, it compares any two samples, trained on or not, and passes
/// where one has no value.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SameValue {
    rel: String,
    expression: String,
    rows: Option<usize>,
    per_class: Option<usize>,
    signed: bool,
}

impl Settings for SameValue {
    const NAME: &'static str = "same_value";
    const SUMMARY: &'static str = "rows with the same label, or value of an SQL expression, are related";
}

/// Training rows with the same value of a label column are positives; rows without a label are unknown.
///
/// ```
/// use relata_oracle::{Oracle, same_label};
///
/// // Ten labels of each class, and rows of different classes are negatives.
/// let oracle = same_label("label").per_class(10).signed();
/// assert_eq!(oracle.name(), "same_label(label)");
/// ```
pub fn same_label(column: impl Into<String>) -> SameValue {
    let column = column.into();
    SameValue { rel: format!("same_label({column})"), ..same_value(format!("\"{column}\"")) }
}

/// Training rows with the same value of an SQL expression over the samples' columns are positives; null is unknown.
///
/// ```
/// use relata_oracle::{Oracle, same_value};
///
/// assert_eq!(same_value("year / 10").name(), "same_value(year / 10)");
/// ```
pub fn same_value(expression: impl Into<String>) -> SameValue {
    let expression = expression.into();
    let rel = format!("same_value({expression})");
    SameValue { rel, expression, rows: None, per_class: None, signed: false }
}

/// [`same_label`] to be asked: answers with the truth, as an annotator of an experiment.
///
/// ```
/// use relata_oracle::{Oracle, labels};
///
/// assert_eq!(labels("label").name(), "labels(label)");
/// ```
pub fn labels(column: impl Into<String>) -> SameValue {
    let column = column.into();
    SameValue { rel: format!("labels({column})"), ..same_label(column) }
}

impl SameValue {
    /// Only this many rows, drawn at random, are known, as far as relations are stated unasked.
    ///
    /// ```
    /// use relata_oracle::{Oracle, same_label};
    ///
    /// assert_eq!(same_label("label").rows(50).describe()["rows"], 50);
    /// ```
    pub fn rows(mut self, rows: usize) -> Self {
        self.rows = Some(rows);
        self
    }

    /// Only this many rows of each class, drawn at random, are known, as far as relations are stated unasked.
    ///
    /// ```
    /// use relata_oracle::{Oracle, same_label};
    ///
    /// assert_eq!(same_label("label").per_class(10).describe()["per_class"], 10);
    /// ```
    pub fn per_class(mut self, rows: usize) -> Self {
        self.per_class = Some(rows);
        self
    }

    /// Known rows with different values are known negatives as well.
    ///
    /// ```
    /// use relata_oracle::{Oracle, same_label};
    ///
    /// assert_eq!(same_label("label").signed().describe()["signed"], true);
    /// ```
    pub fn signed(mut self) -> Self {
        self.signed = true;
        self
    }

    /// The SQL expression whose values are compared.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// The columns `id` and `value` of all rows of `table`.
    async fn values_of(&self, context: &Context<'_>, table: &str) -> Result<DataFrame> {
        let text = format!("SELECT id, ({}) AS value FROM {table}", self.expression);
        Ok(query::plan_sql(context.session, &text).await?)
    }
}

#[async_trait]
impl Oracle for SameValue {
    fn describe(&self) -> Description {
        Description::of(self)
    }

    fn name(&self) -> String {
        self.rel.clone()
    }

    fn check_answer(&self) -> Result<()> {
        let limits = [("rows", self.rows), ("per_class", self.per_class)];
        match limits.into_iter().find_map(|(setting, limit)| Some((setting, limit?))) {
            None => Ok(()),
            Some((setting, limit)) => {
                let expected = "left out where it is asked: it answers every question";
                Err(OracleError::setting(self.rel.clone(), setting, expected, limit))
            }
        }
    }

    async fn check_data(&self, context: &Context<'_>) -> Result<()> {
        self.values_of(context, "samples").await.map(drop)
    }

    async fn relate(&self, context: &Context<'_>, out: &mut Relations) -> Result<()> {
        let mut values = known(self.values_of(context, "training").await?.sort_by(vec![col("id")])?).await?;
        if values.is_empty() {
            return Err(DataError::Empty {
                what: self.rel.clone(),
                hint: "Every training row has null there: name a column that has values.".to_owned(),
            }
            .into());
        }
        values.shuffle(&mut Purpose::LabelledRows.stream(context.seed, &[]));
        let groups: BTreeMap<String, u64> =
            values.iter().map(|v| v.1.clone()).collect::<BTreeSet<_>>().into_iter().zip(0..).collect();
        if let Some(most) = self.per_class {
            let mut taken: BTreeMap<String, usize> = BTreeMap::new();
            values.retain(|(_, value)| {
                let count = taken.entry(value.clone()).or_default();
                *count += 1;
                *count <= most
            });
        }
        values.truncate(self.rows.unwrap_or(usize::MAX));
        let mut members: Vec<_> = values.into_iter().map(|(id, value)| (id, groups[&value])).collect();
        members.sort_unstable();
        out.members(&self.rel, &members, 1.0, self.signed)?;
        Ok(())
    }

    async fn answer(&self, context: &Context<'_>, questions: &[Question], out: &dyn Record) -> Result<()> {
        let asked: BTreeSet<SampleId> =
            questions.iter().flat_map(|q| q.candidates.iter().copied().chain([q.anchor])).collect();
        let asked = col("id").in_list(asked.into_iter().map(|id| lit(id.0)).collect(), false);
        let table = self.values_of(context, "samples").await?.filter(asked)?;
        let values: HashMap<SampleId, String> = known(table).await?.into_iter().collect();
        for question in questions {
            let anchor = values.get(&question.anchor);
            let related = |candidate| Some(anchor? == values.get(&candidate)?);
            out.record(&question.answers(&self.rel, self.cost(), related))?;
        }
        Ok(())
    }

    fn can_name(&self) -> bool {
        true
    }

    /// The value of most members; of equally frequent ones the first by the alphabet.
    async fn name_groups(
        &self,
        context: &Context<'_>,
        questions: &[NameQuestion],
        _: &Path,
    ) -> Result<Vec<Option<String>>> {
        let asked: BTreeSet<u64> = questions.iter().flat_map(|q| q.members.iter().map(|id| id.0)).collect();
        let asked = col("id").in_list(asked.into_iter().map(lit).collect(), false);
        let table = self.values_of(context, "samples").await?.filter(asked)?;
        let values: HashMap<SampleId, String> = known(table).await?.into_iter().collect();
        let name = |question: &NameQuestion| {
            let names = question.members.iter().filter_map(|id| values.get(id)).map(String::as_str);
            most_frequent_name(names).map(str::to_owned)
        };
        Ok(questions.iter().map(name).collect())
    }
}

/// `(id, value)` of the rows that have a value.
async fn known(table: DataFrame) -> Result<Vec<(SampleId, String)>> {
    let mut values = Vec::new();
    for batch in query::collect(table).await? {
        let ids = batch["id"].as_primitive::<UInt64Type>();
        let found = cast(&batch["value"], &DataType::Utf8)?;
        let found = found.as_string::<i32>();
        let known = (0..batch.num_rows()).filter(|&row| found.is_valid(row));
        values.extend(known.map(|row| (SampleId(ids.value(row)), found.value(row).to_owned())));
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Fixture;

    #[tokio::test]
    async fn answers_compare_any_two_samples_and_pass_without_a_value() {
        let text = "id,x,label,split\n5,1,cat,train\n2,2,cat,test\n9,3,dog,train\n4,4,,train\n";
        let fixture = Fixture::new(text).await;
        let questions =
            [Fixture::question(1, 5, &[9, 2, 4]), Fixture::question(2, 4, &[9]), Fixture::question(3, 2, &[5])];
        let answers = fixture.ask(&labels("label"), &questions).await.unwrap();
        let said: Vec<_> = answers.iter().map(|a| (a.question, a.anchor.0, a.candidate.0, a.related)).collect();
        let expected =
            [(1, 5, 9, Some(false)), (1, 5, 2, Some(true)), (1, 5, 4, None), (2, 4, 9, None), (3, 2, 5, Some(true))];
        assert_eq!(said, expected);
        assert!(answers.iter().all(|a| a.oracle == "labels(label)" && a.confidence == 1.0 && a.cost == 1.0));
        // The same through an expression, limited or not; ids that no sample has are passed.
        assert_eq!(
            fixture.said(&same_value("id < 5").rows(1), &questions[..1]).await,
            [Some(true), Some(false), Some(false)]
        );
        assert_eq!(fixture.said(&same_label("label"), &[Fixture::question(1, 5, &[77])]).await, [None]);
        assert!(fixture.said(&labels("label"), &[]).await.is_empty());
        assert!(fixture.ask(&labels("no_such"), &questions).await.is_err());
        let misspelt = labels("lable").check_data(&fixture.context()).await.unwrap_err().to_string();
        assert!(misspelt.contains("lable") && misspelt.contains("label"), "{misspelt}");
        labels("label").check_data(&fixture.context()).await.unwrap();
    }

    #[tokio::test]
    async fn groups_are_named_by_most_of_their_members() {
        let text = "id,x,label,split\n5,1,cat,train\n2,2,cat,test\n9,3,dog,train\n4,4,,train\n";
        let fixture = Fixture::new(text).await;
        let group = |ids: &[u64]| NameQuestion {
            group: SampleId(ids[0]),
            members: ids.iter().copied().map(SampleId).collect(),
        };
        let questions = [group(&[5, 9, 2]), group(&[4]), group(&[9, 5])];
        let oracle = labels("label");
        let names = oracle.name_groups(&fixture.context(), &questions, Path::new("")).await.unwrap();
        assert_eq!(names, [Some("cat".to_owned()), None, Some("cat".to_owned())]);
    }
}
