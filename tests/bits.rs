//! Embeddings of small runs, held against those that an earlier version of Relata made: what a run computes stays the
//! same. On the processor on which they were recorded they agree bit for bit; elsewhere products are summed in another
//! order, so that they agree to a few digits.

use std::collections::BTreeMap;
use std::path::Path;

use relata::dsl::Ready;
use relata::prelude::*;

use crate::data;

/// The processor, then for each run its name, a hash of all embeddings' bits, and the numbers of its first 16 rows.
const RECORDED: &str = include_str!("bits/embeddings.csv");

/// If this variable is set, the embeddings are recorded anew: for a change that is meant to change them.
const RECORD: &str = "RELATA_RECORD_BITS";

/// A little of everything that takes part in what a run computes.
fn pipelines(folder: &Path) -> Vec<(&'static str, Pipeline<Ready>)> {
    let read = || Pipeline::read(parquet(data::digits()).features("image").limit(400));
    let fit = || Fit::epochs(2).batch(128).seed(7).device(DeviceChoice::Cpu);
    let at = |name: &str| folder.join(name);
    let views = read()
        .views(2, affine().with_rotation(15.0).with_scale(0.9, 1.1).then(noise(0.1)))
        .relate(same_sample())
        .train(mlp([64, 32]).project([32, 16]), nt_xent(0.2), fit())
        .evaluate(linear_probe("label"))
        .write(at("views"));
    let labels = read()
        .views(2, crop(0.6).then(flip().with_probability(0.5)).then(cutout(0.2)))
        .relate(mix(same_sample(), same_label("label").rows(100), 0.5))
        .train(convnet().with_channels([8, 16]).project([32, 16]), vicreg(), fit().optimiser(sgd(0.05)))
        .write(at("labels"));
    let neighbours = read()
        .views(2, resample(0.3).then(dropout(0.1)))
        .relate(nearest(5).weighted(0.5))
        .relate(noisy(same_label("label"), 0.1))
        .train(mlp([32]), barlow_twins(), fit().optimiser(lars(0.1)))
        .write(at("neighbours"));
    let signed = read()
        .relate(same_label("label").signed())
        .relate(rule("same_end", "a.id + 1 = b.id"))
        .infer()
        .train(linear(8), spectral_contrastive(), fit())
        .write(at("signed"));
    let solved = read().relate(same_label("label")).solve(closed_form(Kernel::Linear, 8)).write(at("closed_form"));
    let asked = read()
        .views(2, shift(1).then(noise(0.1)))
        .relate(same_sample())
        .ask(labels_of("label"), explore_consolidate().budget(60.0).per_round(20))
        .train(mlp([32, 16]).project([16, 8]), nt_xent(0.2), fit())
        .write(at("asked"));
    vec![
        ("views", views),
        ("labels", labels),
        ("neighbours", neighbours),
        ("signed", signed),
        ("closed_form", solved),
        ("asked", asked),
    ]
}

/// `labels` is a variable above.
fn labels_of(column: &str) -> impl Oracle + 'static {
    relata::prelude::labels(column)
}

/// FNV-1a over the bytes of all bits.
fn hash(bits: &[u32]) -> String {
    let step = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    format!("{:016x}", bits.iter().flat_map(|bits| bits.to_le_bytes()).fold(0xcbf2_9ce4_8422_2325, step))
}

fn processor() -> String {
    let about = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = about.lines().find_map(|line| line.strip_prefix("model name"));
    model.and_then(|line| line.split_once(": ")).map(|(_, name)| name.to_owned()).unwrap_or_default()
}

#[test]
fn runs_compute_what_they_computed_before() {
    let (recorded_on, runs) = RECORDED.trim_start_matches("# ").split_once('\n').unwrap();
    let recorded: BTreeMap<&str, (&str, Vec<f32>)> = runs
        .lines()
        .map(|line| {
            let mut fields = line.split(',');
            let (name, hash) = (fields.next().unwrap(), fields.next().unwrap());
            (name, (hash, fields.map(|number| number.parse().unwrap()).collect()))
        })
        .collect();
    let same_processor = processor() == recorded_on;
    let folder = tempfile::tempdir().unwrap();
    let mut anew = format!("# {}\n", processor());
    for (name, pipeline) in pipelines(folder.path()) {
        let run = pipeline.run().unwrap();
        let bits = data::embedding_bits(run.folder());
        let (expected, numbers) = &recorded[name];
        if std::env::var_os(RECORD).is_some() {
            let first = bits.iter().take(numbers.len()).map(|&bits| f32::from_bits(bits).to_string());
            anew += &format!("{name},{},{}\n", hash(&bits), first.collect::<Vec<_>>().join(","));
            continue;
        }
        for (at, (bits, number)) in bits.iter().zip(numbers).enumerate() {
            let found = f32::from_bits(*bits);
            assert!(
                (found - number).abs() < 2e-3 * (1.0 + number.abs()),
                "{name}: number {at} is {found}, was {number}"
            );
        }
        assert!(!same_processor || hash(&bits) == *expected, "{name}: other bits than those recorded on {recorded_on}");
    }
    if std::env::var_os(RECORD).is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/bits/embeddings.csv"), anew).unwrap();
    }
}
