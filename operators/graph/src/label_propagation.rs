//! Label propagation: classes spread from the known rows over the neighbour graph.

use rayon::prelude::*;

use crate::neighbour_graph::NeighbourGraph;

/// The chance that a walk ends at each step, which keeps far seeds from deciding.
pub const SINK: f32 = 0.02;
/// Classes that are solved for together.
const LANES: usize = 8;
/// Residual norm, relative to that of the right side, at which a solution is good enough.
const TOLERANCE: f64 = 1e-4;
const MOST_STEPS: usize = 200;

/// For each class and row the chance that a random walk over the graph, which starts at the row and ends with the
/// chance [`SINK`] at each step, meets a seed of that class before any other seed.
#[derive(Debug, Clone)]
pub struct LabelPropagation {
    rows: usize,
    chances: Vec<f32>,
}

/// Spreads classes `0..classes` from the rows that have one (the harmonic solution of Zhu, Ghahramani and Lafferty 2003
/// with a sink): for rows that are no seeds, D f = (1 - sink) W f. A conjugate gradient solves it for a few classes at
/// a time; the condition number is below 2 / sink, whatever the graph.
///
/// ```
/// use relata_graph::label_propagation::propagate_labels;
/// use relata_graph::neighbour_graph::NeighbourGraph;
///
/// // Two groups of three points on a line; one point of each group has a class.
/// let graph = NeighbourGraph::of(&[0.0, 1.0, 2.0, 50.0, 51.0, 52.0], 1, 2);
/// let classes = propagate_labels(&graph, &[Some(0), None, None, None, None, Some(1)], 2).best();
/// assert_eq!(classes, [Some(0), Some(0), Some(0), Some(1), Some(1), Some(1)]);
/// ```
pub fn propagate_labels(neighbours: &NeighbourGraph, seeds: &[Option<u32>], classes: usize) -> LabelPropagation {
    let rows = neighbours.rows();
    let of_block = |first: usize| {
        let lanes = LANES.min(classes - first);
        let solved = solve::<LANES>(neighbours, seeds, first as u32);
        (0..lanes).flat_map(|lane| solved.iter().map(move |row| row[lane]).collect::<Vec<_>>()).collect::<Vec<_>>()
    };
    let blocks: Vec<usize> = (0..classes).step_by(LANES).collect();
    let chances = blocks.into_par_iter().flat_map_iter(of_block).collect();
    LabelPropagation { rows, chances }
}

/// The chances of one class only.
///
/// ```
/// use relata_graph::label_propagation::propagate_label;
/// use relata_graph::neighbour_graph::NeighbourGraph;
///
/// // Two groups of three points on a line; one point of each group has a class.
/// let graph = NeighbourGraph::of(&[0.0, 1.0, 2.0, 50.0, 51.0, 52.0], 1, 2);
/// let chances = propagate_label(&graph, &[Some(0), None, None, None, None, Some(1)], 0);
/// assert!(chances[1] > chances[4]);
/// ```
pub fn propagate_label(neighbours: &NeighbourGraph, seeds: &[Option<u32>], class: u32) -> Vec<f32> {
    solve::<1>(neighbours, seeds, class).into_iter().map(|row| row[0]).collect()
}

impl LabelPropagation {
    /// The chances of a class, by row.
    pub fn of(&self, class: usize) -> &[f32] {
        &self.chances[class * self.rows..][..self.rows]
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.chances.len() / self.rows.max(1)
    }

    /// The most probable class of each row; none where no seed can be reached.
    pub fn best(&self) -> Vec<Option<u32>> {
        let chances: Vec<&[f32]> = (0..self.classes()).map(|class| self.of(class)).collect();
        (0..self.rows).map(|row| largest(chances.iter().map(|chances| chances[row]))).collect()
    }

    /// The most probable class of further vectors, by the weighted vote of their nearest rows' chances, each row's
    /// scaled to sum to 1; `vectors` are those of the graph.
    pub fn classify(
        &self,
        neighbours: &NeighbourGraph,
        vectors: &[f32],
        queries: &[f32],
        width: usize,
    ) -> Vec<Option<u32>> {
        let mut sums = vec![0f32; self.rows];
        for class in 0..self.classes() {
            sums.iter_mut().zip(self.of(class)).for_each(|(sum, chance)| *sum += chance);
        }
        let vote = |list: Vec<(u32, f32)>| {
            let of_class = |class| {
                let votes = list.iter().map(|&(row, weight)| (row as usize, weight));
                votes.map(|(row, weight)| weight * self.of(class)[row] / sums[row].max(f32::MIN_POSITIVE)).sum::<f32>()
            };
            largest((0..self.classes()).map(of_class))
        };
        neighbours.nearest(vectors, queries, width).into_iter().map(vote).collect()
    }
}

/// The first of the largest chances, if it is above 0.
fn largest(chances: impl Iterator<Item = f32>) -> Option<u32> {
    let best = chances.zip(0..).fold(
        (0.0, None),
        |best, (chance, class)| {
            if chance > best.0 { (chance, Some(class)) } else { best }
        },
    );
    best.1
}

/// The chances of the classes `first..first + N`, by conjugate gradients with the degrees as preconditioner.
fn solve<const N: usize>(neighbours: &NeighbourGraph, seeds: &[Option<u32>], first: u32) -> Vec<[f32; N]> {
    let rows = neighbours.rows();
    let keep = 1.0 - SINK;
    let degrees: Vec<f32> = (0..rows).map(|row| neighbours.degree(row).max(f32::MIN_POSITIVE)).collect();
    let free: Vec<usize> = (0..rows).filter(|&row| seeds[row].is_none()).collect();
    let mut solution = vec![[0.0; N]; rows];
    for (seed, solution) in seeds.iter().zip(&mut solution) {
        if let Some(lane) = seed.and_then(|class| class.checked_sub(first)).filter(|&lane| lane < N as u32) {
            solution[lane as usize] = 1.0;
        }
    }
    // What flows into each row in a step.
    let flow = |from: &[[f32; N]], row: usize| {
        neighbours.links(row).iter().fold([0.0; N], |mut sum: [f32; N], link| {
            let from = &from[link.row as usize];
            sum.iter_mut().zip(from).for_each(|(sum, from)| *sum += keep * link.weight * from);
            sum
        })
    };
    let mut residual = vec![[0.0; N]; rows];
    free.iter().for_each(|&row| residual[row] = flow(&solution, row));
    let scaled = |row: usize, value: f32| f64::from(value) / f64::from(degrees[row]);
    let inner = |x: &[[f32; N]], y: &[[f32; N]], scale: bool| {
        free.iter().fold([0f64; N], |mut sum, &row| {
            for ((sum, x), y) in sum.iter_mut().zip(x[row]).zip(y[row]) {
                *sum += f64::from(x) * if scale { scaled(row, y) } else { f64::from(y) };
            }
            sum
        })
    };
    let mut squares = inner(&residual, &residual, true);
    let goals = squares.map(|square| square * TOLERANCE * TOLERANCE);
    let mut direction = vec![[0.0; N]; rows];
    let mut image = vec![[0.0; N]; rows];
    let mut factors = [0f64; N];
    for _ in 0..MOST_STEPS {
        if squares.iter().zip(&goals).all(|(square, goal)| square <= goal) {
            break;
        }
        for &row in &free {
            for ((d, r), factor) in direction[row].iter_mut().zip(residual[row]).zip(factors) {
                *d = r / degrees[row] + factor as f32 * *d;
            }
        }
        for &row in &free {
            let flow = flow(&direction, row);
            for ((image, d), flow) in image[row].iter_mut().zip(direction[row]).zip(flow) {
                *image = degrees[row] * d - flow;
            }
        }
        let curvature = inner(&direction, &image, false);
        let mut steps = [0f32; N];
        for (lane, step) in steps.iter_mut().enumerate() {
            // A lane that is done stands still.
            if squares[lane] > goals[lane] && curvature[lane] > 0.0 {
                *step = (squares[lane] / curvature[lane]) as f32;
            }
        }
        for &row in &free {
            for (lane, step) in steps.iter().enumerate() {
                solution[row][lane] += step * direction[row][lane];
                residual[row][lane] -= step * image[row][lane];
            }
        }
        let before = std::mem::replace(&mut squares, inner(&residual, &residual, true));
        for ((factor, square), before) in factors.iter_mut().zip(squares).zip(before) {
            *factor = if before > 0.0 { square / before } else { 0.0 };
        }
    }
    solution.iter_mut().flatten().for_each(|chance| *chance = chance.clamp(0.0, 1.0));
    solution
}

#[cfg(test)]
mod tests {
    use rand::RngExt;
    use relata_data::seed::stream;

    use super::*;

    fn graph(rows: usize) -> (NeighbourGraph, Vec<f32>) {
        let mut rng = stream(5, &[]);
        let vectors: Vec<f32> = (0..rows * 2).map(|_| rng.random_range(-1.0..1.0)).collect();
        (NeighbourGraph::of(&vectors, 2, 5), vectors)
    }

    /// The definition: step by step.
    fn walk(neighbours: &NeighbourGraph, seeds: &[Option<u32>], class: u32) -> Vec<f64> {
        let start = seeds.iter().map(|seed| f64::from(u8::from(*seed == Some(class))));
        let mut chances: Vec<f64> = start.collect();
        for _ in 0..2000 {
            let step = |row: usize| {
                let sum: f64 =
                    neighbours.links(row).iter().map(|l| f64::from(l.weight) * chances[l.row as usize]).sum();
                f64::from(1.0 - SINK) * sum / f64::from(neighbours.degree(row))
            };
            let next = (0..seeds.len()).map(|row| if seeds[row].is_some() { chances[row] } else { step(row) });
            chances = next.collect();
        }
        chances
    }

    #[test]
    fn chances_are_those_of_the_walk() {
        let (neighbours, _) = graph(150);
        let mut seeds = vec![None; 150];
        (0..22).for_each(|row| seeds[row * 6] = Some(row as u32 % 11));
        let found = propagate_labels(&neighbours, &seeds, 11);
        assert_eq!(found.classes(), 11);
        for class in 0..11 {
            let naive = walk(&neighbours, &seeds, class);
            for (found, naive) in found.of(class as usize).iter().zip(&naive) {
                assert!((f64::from(*found) - naive).abs() < 2e-3, "{found} {naive}");
            }
            assert_eq!(propagate_label(&neighbours, &seeds, class).len(), 150);
        }
        let one = propagate_label(&neighbours, &seeds, 9);
        assert!(one.iter().zip(found.of(9)).all(|(x, y)| (x - y).abs() < 1e-3));
    }

    #[test]
    fn clusters_take_the_class_of_their_seed_and_unreachable_rows_none() {
        let vectors: Vec<f32> = (0..30).map(|row| (row / 10) as f32 * 100.0 + (row % 10) as f32).collect();
        let neighbours = NeighbourGraph::of(&vectors, 1, 3);
        let mut seeds = vec![None; 30];
        (seeds[4], seeds[17]) = (Some(1), Some(0));
        let found = propagate_labels(&neighbours, &seeds, 2);
        let expected: Vec<_> = (0..30).map(|row| [Some(1), Some(0), None][row / 10]).collect();
        assert_eq!(found.best(), expected);
        let queries = [3.2, 111.0, 207.0];
        assert_eq!(found.classify(&neighbours, &vectors, &queries, 1), [Some(1), Some(0), None]);
    }

    #[test]
    fn nothing_known_is_nothing_found() {
        let (neighbours, _) = graph(20);
        assert_eq!(propagate_labels(&neighbours, &[None; 20], 1).best(), [None; 20]);
        assert_eq!(propagate_labels(&neighbours, &[None; 20], 0).best(), [None; 20]);
    }
}
