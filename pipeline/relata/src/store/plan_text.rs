//! Plan of a run in words.

use std::fmt;

use relata_decide::decision::Decision;
use relata_registry::Description;
use serde::Serialize;

use super::plan::Plan;

impl Plan {
    /// The stages in the order in which they happen, a line each component: its stage and what it is.
    ///
    /// ```
    /// use relata::prelude::*;
    ///
    /// let plan = Pipeline::read(csv("digits.csv")).train_on("label < 5").plan();
    /// assert!(plan.lines().contains(&("train on", "label < 5".to_owned())));
    /// ```
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let mut lines = vec![("read", self.read.to_string())];
        lines.extend(
            self.extends.iter().map(|extends| ("extend", format!("{} by {}", extends.run.display(), extends.data))),
        );
        lines.extend(self.train_on.iter().map(|condition| ("train on", condition.clone())));
        lines.extend(self.seed.iter().map(|seed| ("seed", seed.to_string())));
        lines.push(("views", format!("{} of {}", self.views.count, self.views.view)));
        lines.extend(self.relate.iter().map(|oracle| ("relate", oracle.to_string())));
        lines.push(("resolve", words(&self.resolve)));
        if let Some(ask) = &self.ask {
            lines.extend([("ask", ask.oracle.to_string()), ("ask", words(&ask.config))]);
        }
        if let Some(train) = &self.train {
            let parts = [train.encoder.to_string(), train.loss.to_string(), words(&train.fit)];
            lines.extend(parts.map(|part| ("train", part)));
        }
        lines.extend(self.solve.iter().map(|settings| ("solve", words(settings))));
        lines.push(("embed", words(&Output { of: self.embed })));
        lines.extend(self.candidates.iter().map(|rules| ("compare", rules.names().join(", "))));
        lines.extend(self.link.iter().map(|column| ("compare", format!("across `{column}` only"))));
        lines.extend(self.decide.iter().map(|decision| ("decide", decision_in_words(decision))));
        lines.extend(self.evaluate.iter().map(|evaluation| ("evaluate", evaluation.to_string())));
        lines
    }
}

#[derive(Serialize)]
struct Output<T: Serialize> {
    of: T,
}

/// The fields of a struct as `field=value`, those without a value left out.
fn decision_in_words(decision: &Decision) -> String {
    let (name, words) = match decision {
        Decision::Entities(decision) => ("entities", words(decision)),
        Decision::Classes(decision) => ("classes", words(decision)),
    };
    format!("{name} {words}").trim_end().to_owned()
}

fn words(fields: &impl Serialize) -> String {
    Description::of_fields("", fields).to_string().trim_start().to_owned()
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "plan of Relata {}", self.version)?;
        let mut before = "";
        for (stage, line) in self.lines() {
            writeln!(f, "  {:<9} {line}", if stage == before { "" } else { stage })?;
            before = stage;
        }
        for (at, input) in self.inputs.iter().enumerate() {
            let name = if at == 0 { "inputs" } else { "" };
            writeln!(f, "  {name:<9} {} ({} bytes, xxh64 {})", input.path.display(), input.bytes, input.hash)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::plan;

    #[test]
    fn a_plan_is_one_line_a_component() {
        let text = plan(5).to_string();
        for line in [
            "  read      parquet path=digits.parquet",
            "  views     2 of noise std=0.5",
            "  relate    same_sample\n            same_value rel=label",
            "  train     linear width=8\n            vicreg sim=25.0\n            ",
            "  evaluate  knn label=label",
            "  inputs    digits.parquet (12 bytes, xxh64 00000000000000ff)",
        ] {
            assert!(text.contains(line), "{line:?} is not in\n{text}");
        }
    }

    #[test]
    fn weighing_oracles_is_in_the_plan_if_it_is_done() {
        let mut weighed = plan(5);
        weighed.resolve.weigh_by_agreement = true;
        let [plain, weighed] = [plan(5), weighed].map(|plan| serde_json::to_string(&plan.resolve).unwrap());
        assert!(!plain.contains("weigh") && weighed.contains("\"weigh_by_agreement\":true"), "{plain} {weighed}");
    }

    #[test]
    fn a_plan_comes_back_from_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plan");
        plan(5).write(&path).unwrap();
        assert_eq!(Plan::read(&path).unwrap(), Some(plan(5)));
        std::fs::write(&path, "{\"version\": 1}").unwrap();
        assert!(Plan::read(&path).unwrap_err().to_string().contains("another version"));
    }
}
