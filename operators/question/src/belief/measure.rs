use super::*;
use rand::RngExt;
use relata_operators::seed::stream;
use std::time::Instant;
fn go(name: &str, policy: AnswerPolicy, classes: u32, pool: u32, wrong: f64, hub: bool) {
    let mut rng = stream(1, &[2]);
    let mut belief = Belief::new(1_000_000, BeliefSettings { policy, big: 5 });
    let start = Instant::now();
    let mut worst = 0.0f64;
    for number in 0..100_000u64 {
        let (mut a, b) = (rng.random_range(0..pool), rng.random_range(0..pool));
        if hub { a = if rng.random_bool(0.5) { b % classes } else { a % classes }; }
        if a == b { continue; }
        let related = (a % classes == b % classes) ^ rng.random_bool(wrong);
        let s = Instant::now();
        belief.add(Statement { number, a, b, related, weight: rng.random_range(0.5..1.0f32) });
        worst = worst.max(s.elapsed().as_secs_f64());
    }
    let all = start.elapsed().as_secs_f64();
    let s = Instant::now(); let n = belief.doubts().len(); let d = s.elapsed().as_secs_f64();
    let s = Instant::now(); let imp = belief.implied_pairs(); let i = s.elapsed().as_secs_f64();
    let pairs: Vec<(u32,u32)> = (0..1_000_000).map(|_| (rng.random_range(0..1_000_000), rng.random_range(0..pool))).collect();
    let s = Instant::now(); let k = pairs.iter().filter(|(a,b)| belief.relation(*a,*b).is_some()).count(); let r = s.elapsed().as_secs_f64();
    let pairs: Vec<(u32,u32)> = (0..1_000_000).map(|_| (rng.random_range(0..pool), rng.random_range(0..pool))).collect();
    let s = Instant::now(); let k2 = pairs.iter().filter(|(a,b)| belief.relation(*a,*b).is_some()).count(); let r2 = s.elapsed().as_secs_f64();
    let largest = belief.known().map(|c| belief.members(c).len()).max();
    let s = Instant::now(); for n in 0..1000u64 { belief.withdraw(n * 97); } let w = s.elapsed().as_secs_f64();
    println!("{name} {policy:?}: add mean {:.1} us worst {:.2} ms; doubts {n} in {:.2} ms; implied {imp:?} {:.2} ms; relation {:.0} ns ({k}) {:.0} ns ({k2}); largest {largest:?} contradictions {}; withdraw mean {:.1} us", all*10.0, worst*1e3, d*1e3, i*1e3, r*1e3, r2*1e3, belief.contradictions().len(), w*1e3);
}
#[test]
fn measure() {
    for policy in [AnswerPolicy::WeightedVote, AnswerPolicy::ReAsk, AnswerPolicy::LatestWins] {
        go("hubs true", policy, 10, 100_000, 0.0, true);
        go("hubs 10%", policy, 10, 100_000, 0.1, true);
        go("random sparse 10%", policy, 10, 1_000_000, 0.1, false);
        go("random 30k 10%", policy, 10, 30_000, 0.1, false);
        go("random 3k 10%", policy, 10, 3_000, 0.1, false);
        go("random 3k 0%", policy, 10, 3_000, 0.0, false);
        go("many classes", policy, 3000, 30_000, 0.1, false);
    }
    let mut rng = stream(1, &[3]);
    let mut votes = vec![];
    for item in 0..33_333 { for _ in 0..3 { let annotator = rng.random_range(0..50usize); let acc = 0.6 + annotator as f64 * 0.007; votes.push(crate::crowd::Vote { item, annotator, related: (item % 3 == 0) ^ !rng.random_bool(acc), weight: 1.0 }); } }
    let s = Instant::now(); let m = crate::crowd::dawid_skene(&votes); println!("ds {:?} iterations {}", s.elapsed(), m.iterations);
    let one: Vec<_> = votes.iter().map(|v| crate::crowd::Vote { annotator: 0, item: v.item, ..*v }).collect();
    let s = Instant::now(); let m = crate::crowd::dawid_skene(&one); println!("ds one {:?} iterations {}", s.elapsed(), m.iterations);
    let pairs: Vec<_> = (0..100_000).map(|i| (i as f32 / 1e5, rng.random_bool(i as f64 / 1e5), 1.0)).collect();
    let s = Instant::now(); let p = crate::predict::Predictor::fit(&pairs); println!("fit {:?} {p:?}", s.elapsed());
}
