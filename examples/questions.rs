//! How much each strategy learns from yes/no answers about pairs of digits: nothing is known at the start, not even how
//! many classes there are. Writes the curves to Parquet and a plot, and fails if the best strategy learns too little.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arrow::array::{AsArray, Float64Array, RecordBatch, StringArray, UInt32Array};
use arrow::datatypes::{DataType, Field, Int32Type, Schema, UInt64Type};
use relata::evaluate::Contingency;
use relata::plot::{Figure, Spread, bands};
use relata::prelude::*;
use relata_active::calibration::Calibration;
use relata_active::inference::{Belief, BeliefSettings, Constraint};
use relata_active::label_propagation::propagate_labels;
use relata_active::neighbour_graph::NeighbourGraph;
use relata_active::strategy::QueryContext;
use relata_data::OperatorError;
use relata_data::sink::{ParquetSink, write_atomically};
use relata_data::source::{ingest, session};

const SEEDS: u64 = 5;
/// Pairs asked in a round.
const ROUND: usize = 5;
/// Where accuracy is measured.
const MARKS: [usize; 6] = [25, 50, 100, 165, 250, 330];
/// Components that get a name at the end, for scoring: those that cover most rows.
const NAMES: usize = 10;
/// What the best strategy has to reach: (pairs, mean test accuracy).
const LEAST: [(usize, f64); 3] = [(100, 0.94), (165, 0.955), (330, 0.967)];

struct Digits {
    train: Vec<f32>,
    test: Vec<f32>,
    train_labels: Vec<u32>,
    test_labels: Vec<u32>,
    width: usize,
    neighbours: NeighbourGraph,
}

/// A measurement: strategy, seed, pairs, test accuracy and NMI.
type Point = (&'static str, u32, u32, f64, f64);

/// Makes a fresh strategy.
type Make = fn() -> Box<dyn Strategy>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let digits = Digits::read().await?;
    let folder = std::path::Path::new("runs/questions");
    std::fs::create_dir_all(folder)?;
    let strategies: [(&'static str, Make); 7] = [
        ("explore_consolidate", || Box::new(explore_consolidate())),
        ("representatives", || Box::new(representatives(5))),
        ("most_implied", || Box::new(most_implied())),
        ("uncertain_pairs", || Box::new(uncertain_pairs())),
        ("diverse", || Box::new(diverse())),
        ("boundary", || Box::new(boundary())),
        ("random_pairs", || Box::new(random_pairs())),
    ];
    let mut points: Vec<Point> = Vec::new();
    println!("mean test accuracy (NMI) of {SEEDS} seeds after so many pairs");
    println!("{:<20}{}", "", MARKS.map(|mark| format!("{mark:>16}")).concat());
    for (name, strategy) in strategies {
        for seed in 0..SEEDS {
            points.extend(digits.ask(name, &*strategy(), seed));
        }
        let mean = |mark: usize, value: fn(&Point) -> f64| mean(&points, name, mark, value);
        let cell = |mark| format!("{:>8.4} ({:.3})", mean(mark, |p| p.3), mean(mark, |p| p.4));
        println!("{name:<20}{}", MARKS.map(cell).concat());
    }
    write(&folder.join("curves.parquet"), &points)?;
    draw(folder, &points)?;
    println!("curves in {0}/curves.parquet, plot in {0}/accuracy.png", folder.display());
    for (pairs, least) in LEAST {
        let found = mean(&points, "explore_consolidate", pairs, |p| p.3);
        if found < least {
            return Err(format!("{found:.4} after {pairs} pairs, at least {least} expected").into());
        }
    }
    Ok(())
}

impl Digits {
    async fn read() -> relata::Result<Self> {
        let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/digits.parquet");
        let folder = tempfile::tempdir().map_err(OperatorError::io("a temporary folder"))?;
        let session = session();
        let samples = ingest(&parquet(data).features("image"), &session, folder.path(), &mut |_| {}).await?;
        let width = samples.features.shape().len();
        let path = samples.samples_path.display().to_string();
        relata_data::query::register_parquet(&session, "samples", &path).await.map_err(OperatorError::from)?;
        let (mut train, mut test, mut train_labels, mut test_labels) = (vec![], vec![], vec![], vec![]);
        let text = "SELECT id, label, split = 'train' AS train FROM samples ORDER BY id";
        let table = relata_data::query::plan_sql(&session, text).await.map_err(OperatorError::from)?;
        for batch in relata_data::query::collect(table).await.map_err(OperatorError::from)? {
            let ids = batch["id"].as_primitive::<UInt64Type>().values();
            let labels = batch["label"].as_primitive::<Int32Type>().values();
            for (at, (&id, &label)) in ids.iter().zip(labels).enumerate() {
                let mut row = vec![0.0; width];
                samples.features.read(samples.ids.row(id).unwrap_or_default() as usize, &mut row);
                let norm = row.iter().map(|v| v * v).sum::<f32>().sqrt();
                row.iter_mut().for_each(|v| *v /= norm);
                let (rows, labels) = match batch["train"].as_boolean().value(at) {
                    true => (&mut train, &mut train_labels),
                    false => (&mut test, &mut test_labels),
                };
                rows.extend(row);
                labels.push(label as u32);
            }
        }
        let neighbours = NeighbourGraph::of(&train, width, 5);
        Ok(Self { train, test, train_labels, test_labels, width, neighbours })
    }

    /// Asks until the last mark and measures at each.
    fn ask(&self, name: &'static str, strategy: &dyn Strategy, seed: u64) -> Vec<Point> {
        let mut belief = Belief::new(self.train_labels.len(), BeliefSettings::default());
        let (mut closed, mut pairs, mut answers) = (HashSet::new(), Vec::new(), 0);
        let mut points = Vec::new();
        for round in 1.. {
            let calibration = if pairs.is_empty() { Calibration::prior() } else { Calibration::fit(&pairs) };
            let scene = QueryContext {
                embeddings: &self.train,
                width: self.width,
                belief: &belief,
                calibration: &calibration,
                closed: &closed,
                seed,
                round,
            };
            let proposals = strategy.propose(&scene, ROUND);
            let asked: Vec<(u32, u32, f32)> = proposals
                .iter()
                .flat_map(|p| p.candidates.iter().map(|&c| (p.anchor, c, scene.similarity(p.anchor, c))))
                .collect();
            for &(a, b, similarity) in asked.iter() {
                let related = self.train_labels[a as usize] == self.train_labels[b as usize];
                answers += 1;
                closed.insert((a.min(b), a.max(b)));
                pairs.push((similarity, related, 1.0));
                belief.add(Constraint { number: answers as u64, a, b, related, weight: 1.0 });
            }
            if MARKS.contains(&answers) || asked.is_empty() {
                let (accuracy, nmi) = self.score(&belief);
                points.push((name, seed as u32, answers as u32, accuracy, nmi));
            }
            if asked.is_empty() || answers >= MARKS[MARKS.len() - 1] {
                break;
            }
        }
        points
    }

    /// Spreads the components over the graph, names the ten that cover most rows by the label of one member each, and
    /// gives test accuracy, and NMI of the (unnamed) components that test rows fall into.
    fn score(&self, belief: &Belief) -> (f64, f64) {
        let known: Vec<u32> = belief.components().collect();
        let mut seeds = vec![None; self.train_labels.len()];
        for (class, &component) in known.iter().enumerate() {
            belief.members(component).iter().for_each(|&row| seeds[row as usize] = Some(class as u32));
        }
        let all = propagate_labels(&self.neighbours, &seeds, known.len());
        let mut covered = vec![0usize; known.len()];
        all.best().into_iter().flatten().for_each(|class| covered[class as usize] += 1);
        let mut order: Vec<usize> = (0..known.len()).collect();
        order.sort_by_key(|&class| std::cmp::Reverse(covered[class]));
        order.truncate(NAMES);
        let numbers: BTreeMap<u32, u32> = order.iter().zip(0..).map(|(&class, n)| (class as u32, n)).collect();
        let names: Vec<u32> =
            order.iter().map(|&class| self.train_labels[belief.members(known[class])[0] as usize]).collect();
        let seeds: Vec<Option<u32>> =
            seeds.iter().map(|seed| seed.and_then(|class| numbers.get(&class).copied())).collect();
        let named = propagate_labels(&self.neighbours, &seeds, names.len());
        let found = named.classify(&self.neighbours, &self.train, &self.test, self.width);
        let mut table = Contingency::new();
        let mut right = 0;
        for (class, &label) in found.iter().zip(&self.test_labels) {
            right += usize::from(class.is_some_and(|class| names[class as usize] == label));
            table.add(class.map_or(NAMES as u32, |class| class), label);
        }
        (right as f64 / self.test_labels.len() as f64, table.nmi())
    }
}

fn mean(points: &[Point], name: &str, pairs: usize, value: fn(&Point) -> f64) -> f64 {
    let found: Vec<f64> =
        points.iter().filter(|point| point.0 == name && point.2 as usize == pairs).map(value).collect();
    found.iter().sum::<f64>() / found.len() as f64
}

fn write(path: &std::path::Path, points: &[Point]) -> relata::Result<()> {
    let field = |name: &str, data_type| Field::new(name, data_type, false);
    let schema = Arc::new(Schema::new(vec![
        field("strategy", DataType::Utf8),
        field("seed", DataType::UInt32),
        field("pairs", DataType::UInt32),
        field("accuracy", DataType::Float64),
        field("nmi", DataType::Float64),
    ]));
    let batch = RecordBatch::try_new(
        schema.clone(),
        vec![
            Arc::new(StringArray::from_iter_values(points.iter().map(|p| p.0))),
            Arc::new(UInt32Array::from_iter_values(points.iter().map(|p| p.1))),
            Arc::new(UInt32Array::from_iter_values(points.iter().map(|p| p.2))),
            Arc::new(Float64Array::from_iter_values(points.iter().map(|p| p.3))),
            Arc::new(Float64Array::from_iter_values(points.iter().map(|p| p.4))),
        ],
    );
    let mut sink = ParquetSink::create(path, schema)?;
    sink.write(&batch.map_err(OperatorError::from)?)?;
    sink.finish()?;
    Ok(())
}

fn draw(folder: &std::path::Path, points: &[Point]) -> relata::Result<()> {
    let mut names: Vec<&str> = points.iter().map(|p| p.0).collect();
    names.dedup();
    let series: Vec<(String, Vec<Spread>)> = names
        .iter()
        .map(|&name| {
            let at = |mark: usize| points.iter().filter(move |p| p.0 == name && p.2 as usize == mark).map(|p| p.3);
            (name.to_owned(), MARKS.map(|mark| Spread::of(mark as f64, at(mark))).to_vec())
        })
        .collect();
    let chart =
        bands("Digits: test accuracy from answers about pairs", "accuracy", &series).with_x_label("pairs asked");
    write_atomically(&folder.join("accuracy.svg"), chart.svg()?.as_bytes())?;
    write_atomically(&folder.join("accuracy.png"), &chart.png()?)?;
    Ok(())
}
