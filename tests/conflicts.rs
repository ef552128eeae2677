//! Contradictions: every policy decides its own way, and the `conflicts` table tells.

use relata::prelude::*;

use crate::data::{self, answer};

/// Edges and conflicts of a run under a policy: `a` says that 0-1, 0-2 and 4-5 are related, `b` contradicts two of
/// them, and the label (row modulo 4) relates 0 and 4 and is contradicted by `b`.
async fn resolved(policy: Policy, infer: bool) -> (Vec<String>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let samples = data::text_file(folder.path(), "samples.csv", &data::circle(12, 4));
    let a = data::text_file(folder.path(), "a.csv", "src,dst,weight\n0,1,1\n0,2,0.5\n4,5,1\n");
    let b = data::text_file(folder.path(), "b.csv", "src,dst,weight,confidence\n1,0,-0.5,0.5\n2,0,-0.5,1\n0,4,-1,1\n");
    let related = Pipeline::read(csv(samples)).relate(edges(a)).relate(edges(b)).relate(same_label("label"));
    let related = if infer { related.resolve(policy).infer() } else { related.resolve(policy) };
    let trained = related.train(mlp([3]), vicreg(), data::short_fit());
    let run = trained.write(folder.path().join("run")).run_async().await.unwrap();
    let edges = answer(&run, "SELECT src, dst, weight FROM edges ORDER BY src, dst").await;
    let conflicts = "SELECT src, dst, positive, negative, policy, kept FROM conflicts ORDER BY src, dst, positive";
    (edges, answer(&run, conflicts).await)
}

#[tokio::test]
async fn every_policy_keeps_what_it_says() {
    let cases = [
        (Policy::LatestWins, "latest_wins", ["0.75", "0.0", "-1.0"]),
        (Policy::WeightedVote, "weighted_vote", ["0.75", "0.0", "0.0"]),
        (Policy::NegativeWins, "negative_wins", ["-0.5", "-0.5", "-1.0"]),
        (Policy::PositiveWins, "positive_wins", ["1.0", "0.5", "1.0"]),
    ];
    for (policy, name, kept) in cases {
        let (edges, conflicts) = resolved(policy, false).await;
        let expected = [
            format!("0\t1\ta\tb\t{name}\t{}", kept[0]),
            format!("0\t2\ta\tb\t{name}\t{}", kept[1]),
            format!("0\t4\tgroups\tb\t{name}\t{}", kept[2]),
        ];
        assert_eq!(conflicts, expected);
        let explicit = [format!("0\t1\t{}", kept[0]), format!("0\t2\t{}", kept[1]), "0\t4\t-1.0".to_owned()];
        let explicit = explicit.into_iter().chain(["4\t5\t1.0".to_owned()]).filter(|edge| !edge.ends_with("\t0.0"));
        assert_eq!(edges, explicit.collect::<Vec<_>>(), "{name}");
    }
}

#[tokio::test]
async fn a_negative_within_an_inferred_component_is_a_conflict() {
    let (_, conflicts) = resolved(Policy::PositiveWins, true).await;
    assert!(conflicts.contains(&"0\t4\tclosure\tedge\tpositive_wins\t-1.0".to_owned()), "{conflicts:?}");
}
