//! Oracle trait, and what an oracle may look at.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use relata_data::Session;
use relata_data::index::SampleId;
use relata_data::source::Samples;
use relata_graph::Relations;
use relata_registry::Description;

use crate::cost::Cost;
use crate::error::{OracleError, Result};
use crate::name_question::NameQuestion;
use crate::notes::Notes;
use crate::question::Question;
use crate::record::Record;

/// What an oracle may look at, and whom it may tell something.
#[derive(Debug)]
pub struct Context<'a> {
    /// SQL over `samples` (every row: `id` and all non-feature columns) and `training` (the rows trained on).
    pub session: &'a Session,
    /// Ids and features by row number.
    pub samples: &'a Samples,
    /// The pipeline's seed.
    pub seed: u64,
    /// Takes what whoever runs the pipeline should know while the oracle works.
    pub notes: Notes<'a>,
}

impl<'a> Context<'a> {
    /// A context in which nobody hears notes.
    pub fn new(session: &'a Session, samples: &'a Samples, seed: u64) -> Self {
        Self { session, samples, seed, notes: Notes::default() }
    }
}

/// A source of relations between samples. Implement `describe` and `relate` (unasked) or `answer` (asked), or both, to
/// plug in your own.
///
/// An oracle around others implements [`inner`](Self::inner), and then only what it changes: every other method of
/// this trait delegates by default. With one inner oracle that is what the inner one does; with several, `files` are
/// those of all, the checks check each, `annotators` are the most of any, and `relate`, `answer` and `cost` are its own.
///
/// ```
/// use async_trait::async_trait;
/// use relata_data::index::SampleId;
/// use relata_oracle::{Context, Description, Oracle, Relations, Result};
///
/// /// Samples 1 and 2 are related.
/// struct Pair;
///
/// #[async_trait]
/// impl Oracle for Pair {
///     fn describe(&self) -> Description {
///         Description::new("pair")
///     }
///
///     async fn relate(&self, _: &Context<'_>, out: &mut Relations) -> Result<()> {
///         out.edge(&"pair".into(), SampleId(1), SampleId(2), 1.0)?;
///         Ok(())
///     }
/// }
///
/// assert_eq!(Pair.name(), "pair");
/// ```
#[async_trait]
pub trait Oracle: Send + Sync {
    /// Name and settings, for the plan.
    fn describe(&self) -> Description;

    /// The oracles that it wraps (one) or combines (several); none if it knows something itself.
    fn inner(&self) -> Vec<&dyn Oracle> {
        vec![]
    }

    /// The name that it signs its answers with.
    fn name(&self) -> String {
        match self.inner()[..] {
            [only] => only.name(),
            _ => self.describe().name,
        }
    }

    /// Files that the answers depend on; a run is not resumed if they have changed.
    fn files(&self) -> Vec<PathBuf> {
        self.inner().into_iter().flat_map(Oracle::files).collect()
    }

    /// Refuses settings that make no sense, before any work starts. One that checks settings of its own calls
    /// [`check_inner`] as well.
    fn check(&self) -> Result<()> {
        check_inner(self)
    }

    /// Refuses to be told `.relate(oracle)`, before any work starts, where it could not [`relate`](Self::relate) or would
    /// not use one of its settings.
    fn check_relate(&self) -> Result<()> {
        self.inner().into_iter().try_for_each(Oracle::check_relate)
    }

    /// Refuses to be told `.ask(oracle, ..)`, before any work starts, where it could not [`answer`](Self::answer) or would
    /// not use one of its settings.
    fn check_answer(&self) -> Result<()> {
        self.inner().into_iter().try_for_each(Oracle::check_answer)
    }

    /// Whether it relates views of one sample, and so needs several of each.
    fn needs_views(&self) -> bool {
        self.inner().into_iter().any(Oracle::needs_views)
    }

    /// Refuses data that it cannot read, such as a column that is not there, before anything is trained.
    async fn check_data(&self, context: &Context<'_>) -> Result<()> {
        for inner in self.inner() {
            inner.check_data(context).await?;
        }
        Ok(())
    }

    /// The pairs that it can answer, if it knows them beforehand, as a file of answers does; then nothing else is asked.
    async fn answerable(&self, context: &Context<'_>) -> Result<Option<Vec<(SampleId, SampleId)>>> {
        let (inner, mut pairs) = (self.inner(), Vec::new());
        for one in &inner {
            match one.answerable(context).await? {
                Some(more) => pairs.extend(more),
                None => return Ok(None),
            }
        }
        Ok((!inner.is_empty()).then_some(pairs))
    }

    /// States every relation that this oracle knows about.
    async fn relate(&self, context: &Context<'_>, out: &mut Relations) -> Result<()> {
        if let [only] = self.inner()[..] {
            return only.relate(context, out).await;
        }
        Err(OracleError::cannot_relate(self.describe().name))
    }

    /// Whether it may know names of groups.
    fn can_name(&self) -> bool {
        self.inner().into_iter().any(Oracle::can_name)
    }

    /// Names groups of samples: for each a name, or none where nobody knows. What people say is kept in `folder`, that of
    /// the run, so that nothing is asked twice. Of several inner oracles, the next is asked what those before do not know.
    async fn name_groups(
        &self,
        context: &Context<'_>,
        questions: &[NameQuestion],
        folder: &Path,
    ) -> Result<Vec<Option<String>>> {
        let mut names = vec![None; questions.len()];
        if !self.can_name() {
            return Err(OracleError::cannot_name(self.describe().name));
        }
        for inner in self.inner().into_iter().filter(|inner| inner.can_name()) {
            let open: Vec<usize> = (0..names.len()).filter(|&at| names[at].is_none()).collect();
            let asked: Vec<NameQuestion> = open.iter().map(|&at| questions[at].clone()).collect();
            if asked.is_empty() {
                break;
            }
            let found = inner.name_groups(context, &asked, folder).await?;
            open.into_iter().zip(found).for_each(|(at, name)| names[at] = name);
        }
        Ok(names)
    }

    /// Answers questions: records one answer per candidate, or one per candidate and annotator, as soon as it has
    /// them. Answers that were recorded before an error are kept, and what is missing then is asked again.
    async fn answer(&self, context: &Context<'_>, questions: &[Question], out: &dyn Record) -> Result<()> {
        if let [only] = self.inner()[..] {
            return only.answer(context, questions, out).await;
        }
        Err(OracleError::cannot_answer(self.describe().name))
    }

    /// What a question costs, all annotators that answer it together.
    fn cost(&self) -> Cost {
        match self.inner()[..] {
            [only] => only.cost(),
            _ => Cost::default(),
        }
    }

    /// How many annotators answer each question, as long as none fails. Questions that fewer have answered are asked
    /// again when a run is resumed.
    fn annotators(&self) -> usize {
        self.inner().into_iter().map(Oracle::annotators).max().unwrap_or(1)
    }
}

/// Checks every oracle that another one wraps or combines.
pub fn check_inner<O: Oracle + ?Sized>(outer: &O) -> Result<()> {
    outer.inner().into_iter().try_for_each(Oracle::check)
}

/// The one place beside the trait's defaults that names every method of it.
#[async_trait]
impl<O: Oracle + ?Sized> Oracle for Box<O> {
    fn describe(&self) -> Description {
        (**self).describe()
    }

    fn inner(&self) -> Vec<&dyn Oracle> {
        (**self).inner()
    }

    fn name(&self) -> String {
        (**self).name()
    }

    fn files(&self) -> Vec<PathBuf> {
        (**self).files()
    }

    fn check(&self) -> Result<()> {
        (**self).check()
    }

    fn check_relate(&self) -> Result<()> {
        (**self).check_relate()
    }

    fn check_answer(&self) -> Result<()> {
        (**self).check_answer()
    }

    fn needs_views(&self) -> bool {
        (**self).needs_views()
    }

    async fn check_data(&self, context: &Context<'_>) -> Result<()> {
        (**self).check_data(context).await
    }

    async fn answerable(&self, context: &Context<'_>) -> Result<Option<Vec<(SampleId, SampleId)>>> {
        (**self).answerable(context).await
    }

    async fn relate(&self, context: &Context<'_>, out: &mut Relations) -> Result<()> {
        (**self).relate(context, out).await
    }

    fn can_name(&self) -> bool {
        (**self).can_name()
    }

    async fn name_groups(
        &self,
        context: &Context<'_>,
        questions: &[NameQuestion],
        folder: &Path,
    ) -> Result<Vec<Option<String>>> {
        (**self).name_groups(context, questions, folder).await
    }

    async fn answer(&self, context: &Context<'_>, questions: &[Question], out: &dyn Record) -> Result<()> {
        (**self).answer(context, questions, out).await
    }

    fn cost(&self) -> Cost {
        (**self).cost()
    }

    fn annotators(&self) -> usize {
        (**self).annotators()
    }
}
