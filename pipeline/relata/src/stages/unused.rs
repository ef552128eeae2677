//! Unused settings: what a pipeline says and its trainer, views or oracles would ignore is refused before any work.

use relata_data::DataError;
use relata_decide::decision::Decision;
use relata_graph::edge_file::EdgeFile;
use relata_oracle::Oracle;
use relata_registry::Settings;

use super::spec::{Spec, Trainer};
use crate::error::{PipelineError, Result};

impl Spec {
    /// Refuses settings that would have no effect.
    pub fn check_used(&self) -> Result<()> {
        self.check_head()?;
        self.check_views()?;
        self.check_weights()?;
        self.check_rounds()?;
        self.check_evaluations()?;
        self.check_decision()
    }

    fn check_head(&self) -> Result<()> {
        use relata_train::learner::Head;

        let projects = match &self.trainer {
            // Encoders of one's own may have other settings, but a projector is always called that.
            Trainer::Gradient { architecture, .. } => {
                let description = architecture.describe();
                !description["projector"].as_array().is_some_and(Vec::is_empty)
            }
            Trainer::ClosedForm(_) => false,
        };
        if self.head == Head::Encoder || projects {
            return Ok(());
        }
        Err(match self.trainer {
            Trainer::ClosedForm(_) => {
                unused("embed_projected()", "the closed form has no projector", "leave it out, or train an encoder")
            }
            Trainer::Gradient { .. } => {
                unused("embed_projected()", "the encoder has no projector", "leave it out, or add `.project([..])`")
            }
        })
    }

    fn check_views(&self) -> Result<()> {
        let views = self.views().count();
        if views == 0 {
            return Err(DataError::setting("views", "count", "at least 1", views).into());
        }
        if views == 1 && self.oracles.iter().any(|oracle| oracle.needs_views()) {
            let reason = "a single view of a sample has no other view to be related to";
            return Err(unused("relate(same_sample())", reason, "add `.views(2, ..)`, or leave it out"));
        }
        match &self.trainer {
            Trainer::ClosedForm(settings) if settings.is_on_first_views() && views == 1 => Err(unused(
                "on_first_views()",
                "every sample has a single view",
                "add `.views(2, ..)`, or leave it out",
            )),
            _ => Ok(()),
        }
    }

    /// Weights are relative to the best oracle: one alone keeps its weight. A file of edges may name several.
    fn check_weights(&self) -> Result<()> {
        let all = self.oracles.iter().flat_map(|oracle| sources(&**oracle));
        let stating: Vec<_> = all.filter(|oracle| !oracle.needs_views()).collect();
        let has_file = stating.iter().any(|oracle| oracle.describe().name == EdgeFile::NAME);
        if !self.weigh_by_agreement || stating.len() > 1 || has_file {
            return Ok(());
        }
        let reason = "fewer than two oracles state relations between samples, and agreement takes others";
        Err(unused("weigh_by_agreement()", reason, "relate another oracle, or leave it out"))
    }

    /// The closed form is solved anew in every round.
    fn check_rounds(&self) -> Result<()> {
        let (Some((_, config)), Trainer::ClosedForm(_)) = (self.ask(), &self.trainer) else { return Ok(()) };
        let reason = "the closed form is solved anew in every round, without epochs";
        match config.plan() {
            plan if plan.epochs.is_some() => Err(unused("epochs(..)", reason, "leave it out")),
            plan if plan.from_scratch => Err(unused("from_scratch()", reason, "leave it out")),
            _ => Ok(()),
        }
    }

    fn check_evaluations(&self) -> Result<()> {
        let without = self.evaluations.iter().find(|evaluation| evaluation.needs_answers());
        match without.filter(|_| self.ask().is_none()) {
            None => Ok(()),
            Some(evaluation) => {
                let setting = format!("evaluate({})", evaluation.describe().name);
                let reason = "it measures what follows from answers, and the pipeline asks nothing";
                Err(unused(setting, reason, "add `.ask(..)`, or leave it out"))
            }
        }
    }
}

impl Spec {
    /// Candidates are what questions and decisions are about, and sources are linked by a decision.
    fn check_decision(&self) -> Result<()> {
        let decides = self.entities().is_some();
        if let (Some(_), false, None) = (&self.candidates, decides, self.ask()) {
            let reason = "the pipeline neither asks nor decides about pairs";
            return Err(unused("candidates(..)", reason, "add `.decide(entities())` or `.ask(..)`, or leave it out"));
        }
        if let (Some(_), false, None) = (&self.link, decides, self.ask()) {
            let reason = "the pipeline neither asks nor decides about pairs";
            return Err(unused("link(..)", reason, "add `.decide(entities())` or `.ask(..)`, or leave it out"));
        }
        if self.entities().is_some_and(|decision| decision.is_one_to_one()) && self.link.is_none() {
            let reason = "entities have one row of each source, and no column of sources is named";
            return Err(unused("one_to_one()", reason, "add `.link(column)`, or leave it out"));
        }
        let audits = self.entities().is_some_and(|decision| decision.audit_questions().is_some());
        if audits && self.ask().is_none() {
            let reason = "an audit asks questions, and nobody is there to answer";
            let remedy =
                "add `.ask(oracle, uncertain_pairs().budget(..))`, of a budget of 0 if only the audit is to ask";
            return Err(unused("entities().audit(..)", reason, remedy));
        }
        if let Some((_, config)) = self.ask().filter(|_| decides || self.candidates.is_some()) {
            let strategy = &config.plan().strategy.name;
            let own = relata_active::strategy::STRATEGIES.names().iter().all(|name| name != strategy);
            if !own && !LOOK_AT_CANDIDATES.contains(&strategy.as_str()) {
                let setting = format!("ask(.., {strategy}())");
                let reason = "it draws pairs of its own, and the pipeline decides about candidates";
                return Err(unused(setting, reason, "ask by `uncertain_pairs()` or `random_pairs()`"));
            }
        }
        let classes = self.decide.as_ref().and_then(Decision::classes);
        if classes.is_some_and(|classes| classes.largest_groups().is_some() && classes.names_column().is_none()) {
            let reason = "it says how many groups get a name, and no column of names is given";
            return Err(unused("classes().largest(..)", reason, "add `.names(column)`, or leave it out"));
        }
        if classes.is_some_and(|classes| classes.names_asked_for().is_some()) && self.ask().is_none() {
            let reason = "names are asked for, and nobody is there to answer";
            return Err(unused(
                "classes().ask_names(..)",
                reason,
                "add `.ask(oracle, strategy)`, or name rows by `.names(column)`",
            ));
        }
        match self.evaluations.iter().find(|evaluation| evaluation.needs_decision()).filter(|_| self.decide.is_none()) {
            None => Ok(()),
            Some(evaluation) => {
                let setting = format!("evaluate({})", evaluation.describe().name);
                let reason = "it measures a decision, and the pipeline decides nothing";
                Err(unused(setting, reason, "add `.decide(entities())` or `.decide(classes())`, or leave it out"))
            }
        }
    }
}

/// The oracles that state something themselves, of one that may wrap or combine others.
fn sources(oracle: &dyn Oracle) -> Vec<&dyn Oracle> {
    match oracle.inner() {
        inner if inner.is_empty() => vec![oracle],
        inner => inner.into_iter().flat_map(sources).collect(),
    }
}

/// Strategies that take their pairs from the candidates where there are some.
const LOOK_AT_CANDIDATES: [&str; 2] = ["random_pairs", "uncertain_pairs"];

fn unused(setting: impl Into<String>, reason: &'static str, remedy: &'static str) -> PipelineError {
    PipelineError::Unused { setting: setting.into(), reason, remedy }
}
