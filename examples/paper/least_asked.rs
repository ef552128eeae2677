//! The paper's active rule, word for word.

use faer::Mat;
use rand::seq::index::sample;
use relata::active::inference::Belief;
use relata::data::seed::Rng;

/// Asks about the class that has been asked about least. Of the rows whose relation to it is open, those are shown that
/// the embedding `[rows, width]`, read out by least squares on the known rows, predicts to be in it; any, if these are
/// too few. `labelled` has a row of each class. Returns the pairs that are asked about, at most `most`.
pub fn least_asked(
    belief: &Belief,
    labelled: &[u32],
    embeddings: &[f32],
    width: usize,
    most: usize,
    rng: &mut Rng,
) -> Vec<(u32, u32)> {
    let rows = || 0..belief.rows() as u32;
    let asked = |of: u32| rows().filter(|&row| belief.relation(of, row).is_some()).count();
    let Some(class) = (0..labelled.len()).min_by_key(|&class| asked(labelled[class])) else { return vec![] };
    let anchor = labelled[class];
    let open: Vec<u32> = rows().filter(|&row| row != anchor && belief.relation(anchor, row).is_none()).collect();
    let predicted = predict(belief, labelled, embeddings, width);
    let likely: Vec<u32> = open.iter().copied().filter(|&row| predicted[row as usize] == class).collect();
    let shown = if likely.len() > most { likely } else { open };
    let drawn = sample(rng, shown.len(), most.min(shown.len()));
    drawn.into_iter().map(|at| (anchor, shown[at])).collect()
}

/// The class of each row by the read-out.
fn predict(belief: &Belief, labelled: &[u32], embeddings: &[f32], width: usize) -> Vec<usize> {
    let rows = Mat::from_fn(belief.rows(), width, |row, k| f64::from(embeddings[row * width + k]));
    let class = |row: usize| labelled.iter().position(|&of| belief.component(of) == belief.component(row as u32));
    let known: Vec<(usize, usize)> = (0..belief.rows()).filter_map(|row| Some((row, class(row)?))).collect();
    let of_known = Mat::from_fn(known.len(), width, |at, k| rows[(known[at].0, k)]);
    let labels = Mat::from_fn(known.len(), labelled.len(), |at, of| if known[at].1 == of { 1.0 } else { 0.0 });
    // There may be fewer known rows than dimensions.
    let inverse = of_known.thin_svd().map_or_else(|_| Mat::zeros(width, known.len()), |svd| svd.pseudoinverse());
    let scores = rows * (inverse * labels);
    let best = |row: usize| (0..labelled.len()).max_by(|&a, &b| scores[(row, a)].total_cmp(&scores[(row, b)]));
    (0..belief.rows()).map(|row| best(row).unwrap_or_default()).collect()
}
