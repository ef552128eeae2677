//! Temperature scaling: how much sharper or flatter the chances of label propagation have to be to be probabilities.

use relata_graph::label_propagation::LabelPropagation;

use super::class_probabilities::score;

/// Parts of the known rows that are hidden in turn.
const FOLDS: usize = 5;
/// The logarithms of the temperatures that are tried, from minus this to this.
const WIDEST: f64 = 2.5;
/// Steps on each side of 0.
const STEPS: i32 = 50;
/// The standard deviation of the normal prior of the logarithm.
const PRIOR: f64 = 1.0;

/// The temperature of the greatest posterior probability of the classes of known rows, each found from the seeds of other
/// folds. Rows of a group are spread over the folds; rows that are their class's only ones are never hidden. 1 where nothing
/// can be hidden. And the share of hidden rows whose class is found.
pub(super) fn fit(
    seeds: &[Option<u32>],
    groups: &[Option<u32>],
    classes: usize,
    spread: &dyn Fn(&[Option<u32>]) -> LabelPropagation,
) -> (f64, Option<f64>) {
    let mut in_group = vec![0usize; groups.iter().flatten().max().map_or(0, |&last| last as usize + 1)];
    let fold = |(seed, group): (&Option<u32>, &Option<u32>)| {
        let (_, group) = (seed.as_ref()?, group.as_ref()?);
        let place = &mut in_group[*group as usize];
        *place += 1;
        Some((*place - 1 + *group as usize) % FOLDS)
    };
    let folds: Vec<Option<usize>> = seeds.iter().zip(groups).map(fold).collect();
    let mut hidden_rows: Vec<(Vec<f64>, usize)> = Vec::new();
    for hidden in 0..FOLDS {
        let kept = |(seed, fold): (&Option<u32>, &Option<usize>)| seed.filter(|_| *fold != Some(hidden));
        let left: Vec<Option<u32>> = seeds.iter().zip(&folds).map(kept).collect();
        let mut has_seed = vec![false; classes];
        left.iter().flatten().for_each(|&class| has_seed[class as usize] = true);
        let asked =
            |&row: &usize| folds[row] == Some(hidden) && seeds[row].is_some_and(|class| has_seed[class as usize]);
        let rows: Vec<usize> = (0..seeds.len()).filter(asked).collect();
        if rows.is_empty() {
            continue;
        }
        let found = spread(&left);
        let scores = |row: usize| (0..classes).map(|class| score(found.of(class)[row])).collect::<Vec<f64>>();
        hidden_rows.extend(rows.into_iter().filter_map(|row| Some((scores(row), seeds[row]? as usize))));
    }
    let loss = |step: &i32| {
        let log = WIDEST * f64::from(*step) / f64::from(STEPS);
        let of_row = |(scores, class): &(Vec<f64>, usize)| {
            let scaled: Vec<f64> = scores.iter().map(|score| score / log.exp()).collect();
            let most = scaled.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            most + scaled.iter().map(|score| (score - most).exp()).sum::<f64>().ln() - scaled[*class]
        };
        hidden_rows.iter().map(of_row).sum::<f64>() + (log / PRIOR).powi(2) / 2.0
    };
    let best = (-STEPS..=STEPS).map(|step| (loss(&step), step)).min_by(|a, b| a.0.total_cmp(&b.0));
    let temperature = best.map_or(1.0, |(_, step)| (WIDEST * f64::from(step) / f64::from(STEPS)).exp());
    let is_found = |(scores, class): &&(Vec<f64>, usize)| scores.iter().all(|score| *score <= scores[*class]);
    let found = hidden_rows.iter().filter(is_found).count();
    (temperature, (!hidden_rows.is_empty()).then(|| found as f64 / hidden_rows.len() as f64))
}
