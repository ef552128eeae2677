//! SQL rule: a predicate over a pair of samples, such as "the same customer within a day".

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, UInt64Type};
use async_trait::async_trait;
use futures::StreamExt;
use relata_data::index::SampleId;
use relata_graph::Relations;
use relata_registry::{Description, Settings};
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::oracle::{Context, Oracle};
use crate::question::Question;
use crate::record::Record;
use relata_data::query;

/// See [`rule`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rule {
    rel: String,
    predicate: String,
    /// 1 if the pairs are positives, -1 if they are negatives.
    weight: f32,
}

impl Default for Rule {
    fn default() -> Self {
        Self { rel: "rule".to_owned(), predicate: "false".to_owned(), weight: 1.0 }
    }
}

impl Settings for Rule {
    const NAME: &'static str = "rule";
    const SUMMARY: &'static str = "an SQL predicate over a pair of samples";
}

/// Pairs of training rows `a`, `b` for which the predicate holds are positives. Equalities between the two sides, such
/// as `a.customer = b.customer`, make it a hash join; a rule without one compares all pairs.
///
/// Asked about two samples (`a` is the one with the smaller id), it says "related" where the predicate is true, "not
/// related" where it is false, and passes where it is null.
///
/// ```
/// use relata_oracle::{Oracle, rule};
///
/// let same_day = rule("same day", "a.customer = b.customer AND a.day = b.day");
/// assert_eq!(same_day.name(), "same day");
/// ```
pub fn rule(name: impl Into<String>, predicate: impl Into<String>) -> Rule {
    Rule { rel: name.into(), predicate: predicate.into(), weight: 1.0 }
}

impl Rule {
    /// Pairs for which the predicate holds are known negatives instead; asked about others, it passes.
    ///
    /// ```
    /// use relata_oracle::{Oracle, rule};
    ///
    /// assert_eq!(rule("other city", "a.city <> b.city").negative().describe()["weight"], -1.0);
    /// ```
    pub fn negative(mut self) -> Self {
        self.weight = -1.0;
        self
    }

    /// The SQL predicate over two samples `a` and `b`.
    pub fn predicate(&self) -> &str {
        &self.predicate
    }

    /// What the predicate is for each of these pairs, if not null; the smaller id comes first.
    async fn holds(
        &self,
        context: &Context<'_>,
        pairs: BTreeSet<(SampleId, SampleId)>,
    ) -> Result<HashMap<(SampleId, SampleId), bool>> {
        // Written as text, because a number of SQL would end at the largest signed one.
        let pairs: Vec<String> = pairs.iter().map(|(a, b)| format!("('{a}', '{b}')")).collect();
        let text = format!(
            "SELECT a.id AS src, b.id AS dst, ({}) AS holds FROM (VALUES {}) AS asked (src, dst)
             JOIN samples a ON a.id = CAST(asked.src AS BIGINT UNSIGNED)
             JOIN samples b ON b.id = CAST(asked.dst AS BIGINT UNSIGNED)",
            self.predicate,
            pairs.join(", ")
        );
        let mut holds = HashMap::new();
        for batch in query::collect(query::plan_sql(context.session, &text).await?).await? {
            let src = SampleId::slice(batch["src"].as_primitive::<UInt64Type>().values());
            let dst = SampleId::slice(batch["dst"].as_primitive::<UInt64Type>().values());
            let found = cast(&batch["holds"], &DataType::Boolean)?;
            let found = found.as_boolean();
            let known = (0..batch.num_rows()).filter(|&row| found.is_valid(row));
            holds.extend(known.map(|row| ((src[row], dst[row]), found.value(row))));
        }
        Ok(holds)
    }
}

#[async_trait]
impl Oracle for Rule {
    fn describe(&self) -> Description {
        Description::of(self)
    }

    fn name(&self) -> String {
        self.rel.clone()
    }

    async fn check_data(&self, context: &Context<'_>) -> Result<()> {
        let text = format!("SELECT ({}) AS holds FROM samples a CROSS JOIN samples b", self.predicate);
        query::plan_sql(context.session, &text).await?;
        Ok(())
    }

    async fn relate(&self, context: &Context<'_>, out: &mut Relations) -> Result<()> {
        let text = format!(
            "SELECT a.id AS src, b.id AS dst FROM training a JOIN training b ON a.id < b.id AND ({})",
            self.predicate
        );
        let rel: Arc<str> = self.rel.as_str().into();
        let mut pairs = query::stream(query::plan_sql(context.session, &text).await?).await?;
        while let Some(batch) = pairs.next().await {
            let batch = batch?;
            let src = SampleId::slice(batch["src"].as_primitive::<UInt64Type>().values());
            let dst = SampleId::slice(batch["dst"].as_primitive::<UInt64Type>().values());
            for (&src, &dst) in src.iter().zip(dst) {
                out.edge(&rel, src, dst, self.weight)?;
            }
        }
        Ok(())
    }

    async fn answer(&self, context: &Context<'_>, questions: &[Question], out: &dyn Record) -> Result<()> {
        let pair = |anchor: SampleId, candidate: SampleId| (anchor.min(candidate), anchor.max(candidate));
        let pairs = questions.iter().flat_map(|q| q.candidates.iter().map(|&candidate| pair(q.anchor, candidate)));
        let pairs: BTreeSet<_> = pairs.collect();
        if pairs.is_empty() {
            return Ok(());
        }
        let holds = self.holds(context, pairs).await?;
        for question in questions {
            let related = |candidate| match (holds.get(&pair(question.anchor, candidate))?, self.weight > 0.0) {
                (&holds, true) => Some(holds),
                (true, false) => Some(false),
                (false, false) => None,
            };
            out.record(&question.answers(&self.rel, self.cost(), related))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Fixture;
    use crate::labels;

    #[tokio::test]
    async fn a_predicate_is_true_false_or_null_for_the_pairs_asked_about() {
        let fixture =
            Fixture::new("id,x,city,split\n1,10,Bern,train\n2,12,Bern,test\n3,90,Rome,train\n8,11,,train\n").await;
        let questions = [Fixture::question(1, 2, &[1, 3, 8, 50]), Fixture::question(2, 3, &[1])];
        let same = rule("same city", "a.city = b.city");
        let yes_no = [Some(true), Some(false), None, None, Some(false)];
        assert_eq!(fixture.said(&same, &questions).await, yes_no);
        let apart = rule("other city", "a.city <> b.city").negative();
        assert_eq!(fixture.said(&apart, &questions).await, [None, Some(false), None, None, Some(false)]);
        // The smaller id is `a`, whichever of the two is the anchor.
        let ordered = rule("order", "a.id < b.id AND NOT a.id > b.id");
        assert_eq!(fixture.said(&ordered, &questions[1..]).await, [Some(true)]);
        let answers = fixture.ask(&same, &questions[..1]).await.unwrap();
        assert!(answers.iter().all(|answer| answer.oracle == "same city"));
        assert!(fixture.said(&same, &[]).await.is_empty());
        assert!(fixture.ask(&rule("broken", "a.city ="), &questions).await.is_err());
        assert!(rule("misspelt", "a.town = b.town").check_data(&fixture.context()).await.is_err());
        same.check_data(&fixture.context()).await.unwrap();
    }

    #[tokio::test]
    async fn ids_may_be_as_large_as_they_come() {
        let big = i64::MAX as u64 + 5;
        let row = |id| format!("SELECT CAST('{id}' AS BIGINT UNSIGNED) AS id, 0.5 AS x, 'Bern' AS city");
        let fixture = Fixture::query(&format!("{} UNION ALL {}", row(1), row(big))).await;
        let question = [Fixture::question(1, big, &[1])];
        assert_eq!(fixture.said(&rule("same city", "a.city = b.city"), &question).await, [Some(true)]);
        assert_eq!(fixture.said(&labels("city"), &question).await, [Some(true)]);
    }
}
