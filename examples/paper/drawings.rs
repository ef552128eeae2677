//! Drawings of one data set: the training rows, what the embedding's functions are over the plane, and the graph.

use std::path::Path;

use relata::Result;
use relata::data::seed::stream;
use relata::plot::{Figure, contours, matrix, scatter};

use super::active::{AT_ONCE, known_graph};
use super::circles::CLASSES;
use super::least_asked::LeastAsked;
use super::setting::Setting;

const ROWS: usize = 150;
/// Rounds of active questions before the functions and the graph are drawn.
const ROUNDS: usize = 30;
/// Half the side of the square that is drawn, and the points along a side.
const HALF: f64 = 5.0;
const PLACES: usize = 96;

/// Draws all three into a folder.
pub fn save(folder: &Path, seed: u64) -> Result<()> {
    let mut rng = stream(seed, &[]);
    let setting = Setting::draw(ROWS, 0.1, &mut rng)?;
    let (flat, classes) = (&setting.train.points, &setting.train.classes);
    let points: Vec<(f64, f64)> = flat.chunks_exact(2).map(|row| (row[0].into(), row[1].into())).collect();
    let colours: Vec<u32> = classes.iter().map(|&class| class as u32).collect();
    let names: Vec<String> = (0..CLASSES).map(|class| format!("class {class}")).collect();
    let training = scatter(format!("{ROWS} training rows"), &points, &colours, &names);
    training.with_axes("x", "y").save(folder.join("training"))?;

    let mut rule = LeastAsked::new(classes, true);
    let mut solution = setting.solve(&known_graph(&rule, ROWS, true))?;
    for _ in 0..ROUNDS {
        rule.ask(&solution, flat, classes, AT_ONCE, &mut rng);
        solution = setting.solve(&known_graph(&rule, ROWS, true))?;
    }
    let embed = |at: &[(f64, f64)]| {
        let flat: Vec<f32> = at.iter().flat_map(|(x, y)| [*x as f32, *y as f32]).collect();
        solution.embed(&flat).into_iter().map(f64::from).collect()
    };
    let functions = ["first", "second", "third", "fourth", "fifth"];
    let title = format!("The embedding's functions after {} answers", ROUNDS * AT_ONCE);
    let drawn = contours(title, -HALF..HALF, PLACES, functions, embed);
    drawn.with_points(&points, &colours).save(folder.join("functions"))?;

    // Rows in the order of their classes, so that the classes are blocks.
    let mut order: Vec<usize> = (0..ROWS).collect();
    order.sort_by_key(|&row| classes[row]);
    let entries = (0..ROWS).flat_map(|a| (0..ROWS).map(move |b| (a, b))).filter_map(|(a, b)| {
        let related = if a == b { Some(true) } else { rule.relation(order[a], order[b]) };
        related.map(|related| (a, b, if related { 1.0 } else { -1.0 }))
    });
    let graph = matrix(format!("The graph after {} answers", ROUNDS * AT_ONCE), ROWS, entries);
    let graph = graph.with_label("training rows, by class").with_meaning(1.0, "related");
    Ok(graph.with_meaning(-1.0, "not related").with_meaning(0.0, "unknown").save(folder.join("graph"))?)
}
