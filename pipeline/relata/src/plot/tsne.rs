//! t-SNE: a map in which near rows stay near (van der Maaten and Hinton 2008), where two principal axes show but a part
//! of the variance.
//!
//! It starts from the principal axes, so that its large parts lie as those do and nothing is random, and the learning rate
//! is the number of rows by the exaggeration (Kobak and Berens 2019; Belkina et al. 2019).

use std::convert::Infallible;

use bhtsne::{Neighbor, tSNE};
use rayon::ThreadPoolBuilder;
use relata_graph::knn::{Metric, top_k};

use super::projection::Projection;
use super::scatter::{Scatter, scatter};
use crate::evaluate::{Classes, EvaluateError, Result};

/// Fewer rows are no neighbourhoods.
const FEWEST: usize = 10;
/// If two axes show this share of the variance, they are the map.
const WHOLE: f64 = 0.999;
/// About as many rows count as the neighbours of one, if there are enough.
const PERPLEXITY: usize = 30;
/// The standard deviation of the start along the first axis.
const START: f64 = 1e-4;
/// How much stronger neighbours attract each other at first, so that groups form.
const EARLY_EXAGGERATION: f32 = 12.0;
const EARLY_ITERATIONS: usize = 100;
const ITERATIONS: usize = 300;
const MOMENTUM: f32 = 0.8;
/// Rows that are seen under a smaller angle repel as one (Barnes and Hut 1986; van der Maaten 2014).
const ANGLE: f32 = 0.5;

/// Rows in a plane; see [`tsne`].
#[derive(Debug, Clone, PartialEq)]
pub struct Tsne {
    /// The places of the rows.
    pub points: Vec<(f64, f64)>,
    /// Their classes.
    pub classes: Vec<u32>,
    /// About how many rows count as the neighbours of one.
    pub perplexity: usize,
    /// How many rows there are, mapped or not.
    pub all_rows: u64,
}

/// Maps the projected rows by their Euclidean distances in all dimensions, with a perplexity of 30, or of a third of the
/// rows if that is less. The map is the same on any number of threads; 5,000 rows take some seconds. None if there are
/// fewer than 10 rows, or if the two axes of the projection show (almost) all of the variance.
///
/// ```
/// use relata::evaluate::Vectors;
/// use relata::plot::{projection, tsne};
///
/// let mut vectors = Vectors::builder(3)?;
/// for row in 0..12 {
///     let mut vector = [0.0, 0.0, 0.0];
///     vector[row % 3] = 1.0 + row as f32;
///     vectors.push(&vector, 0)?;
/// }
/// let map = tsne(&projection(&vectors.finish()?, 7)?)?;
/// assert_eq!(map.map(|map| (map.points.len(), map.perplexity)), Some((12, 3)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn tsne(projection: &Projection) -> Result<Option<Tsne>> {
    let (rows, explained) = (projection.points.len(), projection.explained.iter().sum::<f64>());
    if rows < FEWEST || !(explained > 0.0 && explained < WHOLE) {
        return Ok(None);
    }
    let perplexity = PERPLEXITY.min((rows - 1) / 3);
    let (Some(start), Some(neighbours)) = (start(&projection.points), neighbours(projection, 3 * perplexity)) else {
        return Ok(None);
    };
    let vectors: Vec<&[f32]> = projection.vectors.chunks_exact(projection.width).collect();
    let descend = |start: Vec<f32>, exaggeration: f32, iterations: usize| {
        let mut fit = tSNE::<f32, &[f32], 2>::new(&vectors);
        fit.perplexity(perplexity as f32)
            .early_exaggeration(exaggeration)
            .stop_lying_epoch(iterations)
            .learning_rate(rows as f32 / exaggeration)
            .momentum(MOMENTUM)
            .final_momentum(MOMENTUM)
            .epochs(iterations)
            .initial_embedding(start)
            .barnes_hut_with_neighbors(ANGLE, &neighbours);
        fit.embedding()
    };
    // Its sums depend on how threads share the work, so it gets one.
    let thread = ThreadPoolBuilder::new().num_threads(1).build().map_err(EvaluateError::Thread)?;
    let map = thread.install(|| descend(descend(start, EARLY_EXAGGERATION, EARLY_ITERATIONS), 1.0, ITERATIONS));
    if map.iter().any(|x| !x.is_finite()) {
        return Ok(None);
    }
    let points = map.chunks_exact(2).map(|at| (f64::from(at[0]), f64::from(at[1]))).collect();
    Ok(Some(Tsne { points, classes: projection.classes.clone(), perplexity, all_rows: projection.all_rows }))
}

/// The points, scaled; none if they do not differ along the first axis.
fn start(points: &[(f64, f64)]) -> Option<Vec<f32>> {
    let mean = |values: &dyn Fn(&(f64, f64)) -> f64| points.iter().map(values).sum::<f64>() / points.len() as f64;
    let middle = mean(&|point| point.0);
    let scale = START / mean(&|point| (point.0 - middle).powi(2)).sqrt();
    let scaled = points.iter().flat_map(|point| [(scale * point.0) as f32, (scale * point.1) as f32]);
    scale.is_finite().then(|| scaled.collect())
}

/// The `k` nearest other rows of each, and their distances by the mean of all, so that the scale of the vectors does not
/// matter; none if all distances are 0.
fn neighbours(projection: &Projection, k: usize) -> Option<Vec<Vec<Neighbor<f32>>>> {
    let vectors = &projection.vectors[..];
    // A row is among its own nearest, unless it has many doubles.
    let Ok(nearest) = top_k(vectors, projection.width, [Ok::<_, Infallible>((0, vectors))], k + 1, Metric::L2);
    let distances = || nearest.iter().flatten().map(|near| f64::from(near.1));
    let scale = distances().count() as f64 / distances().sum::<f64>();
    let others = |(row, near): (u64, &Vec<(u64, f32)>)| -> Vec<Neighbor<f32>> {
        let others = near.iter().filter(|(other, _)| *other != row).take(k);
        let scaled = |distance: f32| (scale * f64::from(distance)) as f32;
        others.map(|&(other, distance)| Neighbor { index: other as usize, distance: scaled(distance) }).collect()
    };
    (scale.is_finite() && scale > 0.0).then(|| (0..).zip(&nearest).map(others).collect())
}

impl Tsne {
    /// The picture. Its axes have no unit: what counts is who is near whom.
    pub fn figure(&self, title: impl Into<String>, classes: &Classes) -> Scatter {
        let (shown, all) = (self.points.len(), self.all_rows);
        let rows = if shown as u64 == all { format!("{all} rows") } else { format!("{shown} of {all} rows") };
        let x = format!("t-SNE 1 ({rows}, perplexity {})", self.perplexity);
        scatter(title, &self.points, &self.classes, classes.names()).with_axes(x, "t-SNE 2")
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;
    use relata_data::seed;

    use super::*;
    use crate::evaluate::Vectors;
    use crate::plot::projection;

    /// Rows around as many centres as there are classes.
    fn blobs(rows: u32, classes: u32, width: usize) -> Projection {
        let mut rng = seed::stream(5, &[]);
        let mut draw = |scale: f32| scale * (rng.random::<f32>() + rng.random::<f32>() - 1.0);
        let centres: Vec<f32> = (0..classes as usize * width).map(|_| draw(3.0)).collect();
        let mut vectors = Vectors::builder(width).unwrap();
        for row in 0..rows {
            let centre = &centres[(row % classes) as usize * width..][..width];
            let vector: Vec<f32> = centre.iter().map(|x| x + draw(1.0)).collect();
            vectors.push(&vector, row % classes).unwrap();
        }
        projection(&vectors.finish().unwrap(), 0).unwrap()
    }

    /// The share of points whose nearest other point is of their class.
    fn at_home(points: &[(f64, f64)], classes: &[u32]) -> f64 {
        let far = |a: (f64, f64), b: (f64, f64)| (a.0 - b.0).powi(2) + (a.1 - b.1).powi(2);
        let of_own_class = |&row: &usize| {
            let others = (0..points.len()).filter(|other| *other != row);
            let nearest = others.min_by(|a, b| far(points[row], points[*a]).total_cmp(&far(points[row], points[*b])));
            nearest.is_some_and(|nearest| classes[nearest] == classes[row])
        };
        (0..points.len()).filter(of_own_class).count() as f64 / points.len() as f64
    }

    #[test]
    fn two_blobs_are_apart() {
        let map = tsne(&blobs(60, 2, 8)).unwrap().unwrap();
        assert_eq!((map.points.len(), map.perplexity), (60, 19));
        assert!(at_home(&map.points, &map.classes) > 0.99, "{map:?}");
    }

    #[test]
    fn neighbours_stay_where_two_axes_do_not_keep_them() {
        let projected = blobs(300, 20, 24);
        let map = tsne(&projected).unwrap().unwrap();
        let (by_axes, by_map) = (at_home(&projected.points, &map.classes), at_home(&map.points, &map.classes));
        assert!(by_map > 0.95 && by_axes < 0.9, "{by_axes} {by_map}");
    }

    #[test]
    fn the_map_does_not_depend_on_the_threads() {
        let projected = blobs(120, 5, 12);
        let mapped = |threads: usize| {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| tsne(&projected).unwrap().unwrap())
        };
        assert_eq!(mapped(1), mapped(3));
    }

    #[test]
    fn the_scale_of_the_vectors_does_not_matter() {
        for scale in [1e-12, 1e12] {
            let mut projected = blobs(60, 2, 8);
            projected.vectors.iter_mut().for_each(|x| *x *= scale);
            projected.points.iter_mut().for_each(|point| {
                *point = (f64::from(scale) * point.0, f64::from(scale) * point.1);
            });
            let map = tsne(&projected).unwrap().unwrap();
            assert!(at_home(&map.points, &map.classes) > 0.99, "{scale}");
        }
    }

    #[test]
    fn doubles_are_mapped_and_what_needs_no_map_is_not() {
        let of = |rows: u32, vector: &dyn Fn(u32) -> Vec<f32>| {
            let mut vectors = Vectors::builder(vector(0).len()).unwrap();
            (0..rows).for_each(|row| vectors.push(&vector(row), 0).unwrap());
            tsne(&projection(&vectors.finish().unwrap(), 0).unwrap()).unwrap()
        };
        let corner =
            |row: u32| -> Vec<f32> { (0..4).map(|at| f32::from(row.is_multiple_of(9) && row / 9 % 4 == at)).collect() };
        assert_eq!(of(100, &corner).map(|map| map.points.len()), Some(100));
        assert_eq!(of(9, &|row| (0..9).map(|at| f32::from(at == row)).collect()), None);
        assert_eq!(of(50, &|row| vec![row as f32, (row % 7) as f32]), None);
        assert_eq!(of(50, &|_| vec![1.0; 5]), None);
    }
}
