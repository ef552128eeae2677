//! Candidates of small tables.

use relata_data::index::Row;
use relata_data::query;
use relata_data::source::{csv, ingest, session};
use relata_oracle::{nearest, rule, same_value};
use tempfile::TempDir;

use super::*;
use crate::records::record_columns;

struct Fixture {
    _folder: TempDir,
    session: Session,
    samples: Samples,
}

impl Fixture {
    async fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("samples.csv");
        std::fs::write(&file, text).unwrap();
        let session = session();
        let samples = ingest(&csv(file).id("id"), &session, folder.path(), &mut |_| {}).await.unwrap();
        query::register_parquet(&session, "samples", &samples.samples_path.display().to_string()).await.unwrap();
        Self { _folder: folder, session, samples }
    }

    async fn find(&self, candidates: Candidates, angles: &[f32], sources: Option<&Sources>) -> CandidatePairs {
        let embeddings: Vec<f32> =
            angles.iter().flat_map(|angle| [angle.to_radians().cos(), angle.to_radians().sin()]).collect();
        let (session, samples) = (&self.session, &self.samples);
        let (records, embeddings) = (&record_columns(samples)[..], &embeddings[..]);
        let context = CandidateContext {
            session,
            samples,
            records,
            embeddings,
            width: 2,
            index: None,
            sources,
            asked: &[],
            seed: 7,
        };
        candidates.check().unwrap();
        candidates.find(&context).await.unwrap()
    }
}

const PEOPLE: &str = "id,name,zip,shop\n10,ann,1,a\n11,Ann,1,b\n12,bob,2,a\n13,eve,1,b\n14,bob,,b\n";
const ANGLES: [f32; 5] = [0.0, 10.0, 80.0, 95.0, 170.0];

fn pairs(found: &CandidatePairs) -> Vec<(u32, u32)> {
    found.pairs().map(|(Row(a), Row(b))| (a, b)).collect()
}

#[tokio::test]
async fn rules_find_pairs_and_each_pair_is_there_once() {
    let fixture = Fixture::new(PEOPLE).await;
    let candidates = nearest(1).or(same_value("lower(name)")).or(rule("zip", "a.zip = b.zip"));
    let found = fixture.find(candidates, &ANGLES, None).await;
    assert_eq!(pairs(&found), [(0, 1), (0, 3), (1, 3), (2, 3), (2, 4), (3, 4)]);
    assert_eq!(found.rules_of(0).collect::<Vec<_>>(), ["nearest", "same_value(lower(name))", "zip"]);
    let counts: Vec<_> = found.counts().into_iter().map(|count| (count.pairs, count.alone)).collect();
    assert_eq!(counts, [(3, 2), (2, 1), (3, 2)]);
}

#[tokio::test]
async fn rows_meet_by_their_words_wherever_these_stand() {
    let text =
        "id,name,city\n1,katherine lopez,oslo\n2,oslo,lopez kathxrine\n3,bo li,rome\n4,al xu,rome\n5,jo oz,lima\n";
    let fixture = Fixture::new(text).await;
    let found = fixture.find(shared_words(1).into(), &ANGLES, None).await;
    assert_eq!(pairs(&found), [(0, 1), (2, 3)]);
    assert!(Candidates::from(shared_words(0)).check().unwrap_err().to_string().contains("`k`"));
}

#[tokio::test]
async fn linked_sources_have_pairs_across_only() {
    let fixture = Fixture::new(PEOPLE).await;
    let sources = Sources::read(&fixture.session, &fixture.samples, "shop").await.unwrap();
    assert_eq!(sources.of_rows(), [0, 1, 0, 1, 1]);
    let candidates = nearest(1).or(same_value("zip")).or(rule("all", "true"));
    let found = fixture.find(candidates, &ANGLES, Some(&sources)).await;
    assert_eq!(pairs(&found), [(0, 1), (0, 3), (0, 4), (1, 2), (2, 3), (2, 4)]);
    let nearest_only = fixture.find(nearest(1).into(), &ANGLES, Some(&sources)).await;
    assert_eq!(pairs(&nearest_only), [(0, 1), (2, 3), (2, 4)]);
    for (column, said) in [("zip", "null in `zip`"), ("id", "")] {
        let read = Sources::read(&fixture.session, &fixture.samples, column).await;
        assert!(
            said.is_empty() == read.is_ok() && read.map_or_else(|e| e.to_string(), |_| String::new()).contains(said)
        );
    }
}

#[tokio::test]
async fn large_blocks_are_left_out_and_named() {
    let fixture = Fixture::new(PEOPLE).await;
    let found = fixture.find(Candidates::from(same_value("zip")).largest_block(2), &ANGLES, None).await;
    assert!(found.is_empty());
    assert_eq!(found.cut_blocks(), [CutBlock { rule: "same_value(zip)".into(), value: "1".into(), rows: 3 }]);
}

#[tokio::test]
async fn an_approximate_search_finds_most_of_the_exact_one() {
    let rows: String = (0..400).map(|row| format!("{row},x{row}\n")).collect();
    let fixture = Fixture::new(&format!("id,name\n{rows}")).await;
    let angles: Vec<f32> = (0..400).map(|row| (row * 7919 % 3600) as f32 / 10.0).collect();
    let exact = pairs(&fixture.find(nearest(5).into(), &angles, None).await);
    let approximate = pairs(&fixture.find(nearest(5).exact_up_to(10).into(), &angles, None).await);
    let common = exact.iter().filter(|pair| approximate.contains(pair)).count();
    assert!(common as f64 > 0.95 * exact.len() as f64, "{common} of {}", exact.len());
}

#[test]
fn settings_of_relations_are_refused() {
    let refused = |candidates: Candidates| candidates.check().unwrap_err().to_string();
    assert!(refused(nearest(5).l2().into()).contains("metric"));
    assert!(refused(same_value("a").rows(9).into()).contains("rows"));
    assert!(refused(rule("x", "true").negative().into()).contains("weight"));
    assert!(refused(Candidates::from(nearest(0))).contains("k"));
    assert!(refused(Candidates::from(nearest(5)).largest_block(1)).contains("largest_block"));
    let candidates = nearest(20).or(same_value("phone")).or(rule("zip", "a.zip = b.zip"));
    let again: Candidates = serde_json::from_str(&serde_json::to_string(&candidates).unwrap()).unwrap();
    assert_eq!(again.names(), candidates.names());
}
