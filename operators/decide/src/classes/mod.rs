//! Classes: of which class each row is, by what is known of some rows and by their neighbours.

mod class_probabilities;
mod known_groups;
mod temperature;

use relata_graph::label_propagation::propagate_labels;
use relata_graph::neighbour_graph::NeighbourGraph;

use self::class_probabilities::ClassProbabilities;
pub use self::known_groups::KnownGroups;
use crate::error::{DecideError, Result};

/// The class of every row.
#[derive(Debug, Clone, PartialEq)]
pub struct Classified {
    /// By row; none where it is of none of the classes.
    pub class: Vec<Option<u32>>,
    /// By row: the probability that its class is right, in [0, 1].
    pub probability: Vec<f64>,
    /// By row: whether its class was known.
    pub known: Vec<bool>,
    /// The share of known rows whose class follows from the others, when they are hidden in turn; nothing where none can be.
    pub agreement: Option<f64>,
}

/// Spreads the classes of known groups over the neighbour graph (see
/// [`propagate_labels`]).
///
/// A group without a class that is known to be apart from every class is a class of its own, "none of these". Another
/// group without a class gets that of most of the probability of its rows, without the classes that it is apart from.
/// Chances `f` become probabilities as `f^(1/T)`, scaled to sum to 1, with the temperature `T` (Guo et al. 2017) that suits
/// rows whose class is known best, when they are hidden in turn. Rows whose best class has a probability below `least`
/// are of none.
///
/// ```
/// use relata_decide::classes::{KnownGroups, classify};
/// use relata_graph::neighbour_graph::NeighbourGraph;
///
/// // Two groups of three points on a line; one point of each has a class.
/// let graph = NeighbourGraph::of(&[0.0, 1.0, 2.0, 50.0, 51.0, 52.0], 1, 2);
/// let mut groups = KnownGroups::new(vec![Some(0), None, None, None, None, Some(1)]);
/// groups.classes = vec![Some(0), Some(1)];
/// let found = classify(&graph, &groups, 0.0)?;
/// assert_eq!(found.class, [Some(0), Some(0), Some(0), Some(1), Some(1), Some(1)]);
/// # Ok::<(), relata_decide::DecideError>(())
/// ```
pub fn classify(neighbours: &NeighbourGraph, groups: &KnownGroups, least: f64) -> Result<Classified> {
    let classes = groups.class_count();
    if classes == 0 {
        return Err(DecideError::NoClasses);
    }
    let ruled_out = groups.ruled_out();
    let of_group = groups.with_none(&ruled_out);
    let rows = neighbours.rows();
    let seed = |row: usize| groups.of_row[row].and_then(|group| of_group[group as usize]);
    let seeds: Vec<Option<u32>> = (0..rows).map(seed).collect();
    let spread = |seeds: &[Option<u32>]| propagate_labels(neighbours, seeds, classes + 1);
    let (temperature, agreement) = temperature::fit(&seeds, &groups.of_row, classes + 1, &spread);
    let probabilities = ClassProbabilities::new(&spread(&seeds), temperature);
    let (mut class, mut probability) = (vec![None; rows], vec![0.0; rows]);
    for row in 0..rows {
        (class[row], probability[row]) = match seeds[row] {
            Some(seed) => (Some(seed), 1.0),
            None => probabilities.best(&[row], |_| true),
        };
    }
    for (group, members) in groups.members().into_iter().enumerate() {
        if of_group[group].is_none() {
            let (best, sure) = probabilities.best(&members, |class| !ruled_out[group].contains(&class));
            members.iter().for_each(|&row| (class[row], probability[row]) = (best, sure));
        }
    }
    for (class, probability) in class.iter_mut().zip(&mut probability) {
        if *probability < least {
            (*class, *probability) = (None, 1.0 - *probability);
        }
        *class = class.filter(|&class| (class as usize) < classes);
    }
    Ok(Classified { class, probability, known: seeds.iter().map(Option::is_some).collect(), agreement })
}

#[cfg(test)]
mod tests;
