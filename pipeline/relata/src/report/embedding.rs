//! Scatter plots of the embeddings, on axes and by neighbourhoods, coloured by a label and by what the answers joined.

use std::collections::BTreeMap;
use std::fmt::Write;

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, UInt64Type};
use relata_data::{DataError, ParquetFile};
use relata_schemas::embeddings::EMBEDDING;
use relata_schemas::samples::ID;
use serde::Deserialize;

use super::chart::{COLOURS, colour, legend};
use super::html::{escaped, number, percent};
use crate::audit::Audit;
use crate::error::Result;
use crate::evaluate::{Classes, MAX_CLASSES, VectorColumn, Vectors};
use crate::plot::{Projection, Tsne, projection, tsne};
use crate::store::Run;

/// The width of a picture, its least and largest height, and the room around its points.
const WIDTH: f64 = 400.0;
const HEIGHT: (f64, f64) = (160.0, 360.0);
const ROOM: f64 = 8.0;

/// What follows from the answers about each sample.
const JOINED: &str = "SELECT id, \"group\" AS component FROM memberships WHERE rel = 'answers' ORDER BY id";

#[derive(Deserialize)]
struct Joined {
    id: u64,
    component: u64,
}

/// A point's label, and the place of its component among the largest.
type PointKind = (Option<String>, Option<usize>);

/// The pictures of a run's embeddings, by the column `label` if there is one, and by the largest components that the
/// answers made: each on the first two principal axes of all rows and, unless these show everything, as a map by t-SNE.
/// Nothing if it has no embeddings yet.
pub(super) async fn pictures(run: &Run, audit: &Audit, label: Option<&str>) -> Result<String> {
    if !run.embeddings().is_file() {
        return Ok(String::new());
    }
    let components = components(audit).await?;
    let (vectors, kinds) = read(run, label, &components)?;
    let label = label.filter(|_| kinds.iter().any(|kind| kind.0.is_some()));
    if vectors.rows() < 2 || (label.is_none() && components.is_empty()) {
        return Ok(String::new());
    }
    let projected = projection(&vectors, 0)?;
    let map = tsne(&projected)?;
    let kinds: Vec<&PointKind> = projected.classes.iter().map(|class| &kinds[*class as usize]).collect();
    let both = |title: &str, names: &[String], rest: &str, place: &dyn Fn(&PointKind) -> Option<usize>| {
        let axes = scatter(title, &kinds, &projected.points, names, rest, place);
        let title = format!("{title}: neighbourhoods");
        let map = map.as_ref().map(|map| scatter(&title, &kinds, &map.points, names, rest, place));
        axes + &map.unwrap_or_default()
    };
    let mut html = String::new();
    if let Some(label) = label {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        kinds.iter().filter_map(|kind| kind.0.as_deref()).for_each(|label| *counts.entry(label).or_default() += 1);
        let mut names: Vec<&str> = counts.keys().copied().collect();
        names.sort_by_key(|name| std::cmp::Reverse(counts[name]));
        let most = Classes::new(names.into_iter().take(COLOURS).map(str::to_owned).collect());
        let place = |kind: &PointKind| kind.0.as_deref().and_then(|name| most.number(name)).map(|place| place as usize);
        html += &both(&format!("By {label}"), most.names(), "other or none", &place);
    }
    if !components.is_empty() {
        let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
        components.values().for_each(|place| *sizes.entry(*place).or_default() += 1);
        let name = |place: usize| format!("{} samples", number(sizes.get(&place).copied().unwrap_or_default() as f64));
        let names: Vec<String> = (0..COLOURS.min(sizes.len())).map(name).collect();
        let place = |kind: &PointKind| kind.1.filter(|place| *place < COLOURS);
        html += &both("What the answers joined", &names, "smaller or not asked about", &place);
    }
    Ok(format!("<div class=\"figures wide\">{html}</div><p class=\"note\">{}</p>", note(&projected, map.as_ref())))
}

/// What the pictures show, and what they do not.
fn note(projected: &Projection, map: Option<&Tsne>) -> String {
    let share = percent(projected.explained.iter().sum());
    let mut note = format!("The first two principal axes, which show {share} of the variance");
    if let Some(map) = map {
        let perplexity = map.perplexity;
        note += &format!(
            ", and neighbourhoods by t-SNE of perplexity {perplexity}: near rows stay near, while the distances between \
             groups and their sizes mean little"
        );
    }
    let shown = projected.points.len();
    if (shown as u64) < projected.all_rows {
        note += &format!(". A sample of {} of {} rows", number(shown as f64), number(projected.all_rows as f64));
    }
    note + "."
}

/// The place of every sample's component, the largest first; components of one sample are none.
async fn components(audit: &Audit) -> Result<BTreeMap<u64, usize>> {
    let joined: Vec<Joined> = audit.rows(JOINED).await?;
    let mut sizes: BTreeMap<u64, usize> = BTreeMap::new();
    joined.iter().for_each(|row| *sizes.entry(row.component).or_default() += 1);
    let mut order: Vec<(usize, u64)> = sizes.into_iter().map(|(component, size)| (size, component)).collect();
    order.retain(|(size, _)| *size > 1);
    order.sort_by_key(|(size, component)| (std::cmp::Reverse(*size), *component));
    let places: BTreeMap<u64, usize> = order.into_iter().map(|(_, component)| component).zip(0..).collect();
    Ok(joined.iter().filter_map(|row| Some((row.id, *places.get(&row.component)?))).collect())
}

/// All embeddings; the class of each is its place among the kinds.
fn read(run: &Run, label: Option<&str>, components: &BTreeMap<u64, usize>) -> Result<(Vectors, Vec<PointKind>)> {
    let path = run.embeddings();
    let (mut kinds, mut known): (Vec<PointKind>, BTreeMap<PointKind, u32>) = (vec![], BTreeMap::new());
    let (mut builder, mut first_row) = (None, 0);
    let table = path.display().to_string();
    for batch in ParquetFile::open(&path)?.all_batches()? {
        let batch = batch?;
        let vectors = VectorColumn::new(&table, EMBEDDING, first_row, batch[EMBEDDING].clone())?;
        let ids = batch[ID].as_primitive::<UInt64Type>().values();
        let labels = label.and_then(|label| batch.column_by_name(label)).map(|column| cast(column, &DataType::Utf8));
        let labels = labels.transpose().map_err(DataError::from)?;
        let labels = labels.as_ref().map(|column| column.as_string::<i32>());
        for (row, id) in ids.iter().enumerate() {
            let name = labels.filter(|labels| labels.is_valid(row)).map(|labels| labels.value(row).to_owned());
            let mut kind = (name, components.get(id).copied().filter(|place| *place < COLOURS));
            // The last kind is that of all for which there is no number left.
            if known.len() >= MAX_CLASSES - 1 && !known.contains_key(&kind) {
                kind = (None, None);
            }
            let class = *known.entry(kind).or_insert_with_key(|kind| {
                kinds.push(kind.clone());
                kinds.len() as u32 - 1
            });
            let vector = vectors.row(row, None)?;
            let builder = match &mut builder {
                Some(builder) => builder,
                None => builder.insert(Vectors::builder(vector.len())?),
            };
            builder.push(vector, class)?;
        }
        first_row += batch.num_rows() as u64;
    }
    let builder = builder.map_or_else(|| Vectors::builder(1), Ok)?;
    Ok((builder.finish()?, kinds))
}

/// Points in the plane, on the same scale both ways; those without a place among the names lie below, in grey.
fn scatter(
    title: &str,
    kinds: &[&PointKind],
    points: &[(f64, f64)],
    names: &[String],
    rest: &str,
    place: impl Fn(&PointKind) -> Option<usize>,
) -> String {
    let bounds = |axis: fn(&(f64, f64)) -> f64| {
        let values = points.iter().map(axis);
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
    };
    let (x, y) = (bounds(|point| point.0), bounds(|point| point.1));
    let inside = WIDTH - 2.0 * ROOM;
    let height = (inside * (y.1 - y.0) / (x.1 - x.0) + 2.0 * ROOM).clamp(HEIGHT.0, HEIGHT.1);
    let height = if height.is_finite() { height.round() } else { HEIGHT.0 };
    let scale = (inside / (x.1 - x.0)).min((height - 2.0 * ROOM) / (y.1 - y.0));
    let scale = if scale.is_finite() { scale } else { 1.0 };
    let at = |(px, py): (f64, f64)| {
        (WIDTH / 2.0 + scale * (px - (x.0 + x.1) / 2.0), height / 2.0 - scale * (py - (y.0 + y.1) / 2.0))
    };
    // A dot is a line of no length with round ends: a class is one path, and a page of thousands of dots stays small.
    let mut paths = vec![String::new(); names.len() + 1];
    for (kind, point) in kinds.iter().zip(points) {
        let (x, y) = at(*point);
        let path = &mut paths[place(kind).map_or(0, |place| place + 1)];
        // Writing to a String cannot fail.
        let _ = write!(path, "M{x:.1} {y:.1}h0");
    }
    let classes = std::iter::once("other".to_owned()).chain((0..names.len()).map(colour));
    let drawn = classes.clone().zip(&paths).filter(|(_, path)| !path.is_empty());
    let dots: String = drawn.map(|(class, path)| format!("<path class=\"dots {class}\" d=\"{path}\"/>")).collect();
    let mut entries: Vec<(String, String)> = classes.skip(1).zip(names.iter().cloned()).collect();
    if !paths[0].is_empty() {
        entries.push(("other".to_owned(), rest.to_owned()));
    }
    let title = escaped(title);
    format!(
        "<figure><figcaption>{title}</figcaption><svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-label=\"{title}\">{dots}</svg>{}</figure>",
        legend(&entries)
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, RecordBatch, StringArray};
    use arrow::datatypes::{Field, Schema};

    use super::*;
    use crate::fixture;
    use crate::fixture::memberships;
    use crate::store::Artifact;

    #[tokio::test]
    async fn points_are_coloured_by_label_and_by_component() {
        let folder = tempfile::tempdir().unwrap();
        let run = fixture::run(folder.path());
        let vectors = fixture::vectors(&[(0, [0.0, 0.0]), (1, [10.0, 0.0]), (2, [0.0, 4.0]), (3, [10.0, 4.0])]);
        let labels: ArrayRef = Arc::new(StringArray::from(vec![Some("<b>"), Some("a"), None, Some("a")]));
        let mut fields: Vec<Field> = vectors.schema().fields().iter().map(|field| field.as_ref().clone()).collect();
        fields.push(Field::new("label", DataType::Utf8, true));
        let columns = vectors.columns().iter().cloned().chain([labels]).collect();
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
        fixture::write(&run, Artifact::Embeddings, &batch);
        memberships(
            &run,
            &[(0, 5, "answers", false), (3, 5, "answers", false), (1, 6, "answers", false), (2, 5, "x", false)],
        );
        let audit = Audit::open(&run).await.unwrap();
        let html = pictures(&run, &audit, Some("label")).await.unwrap();
        assert_eq!(html.matches("<figure>").count(), 2);
        let (by_label, by_component) = html.split_once("What the answers joined").unwrap();
        assert!(by_label.contains("<li class=\"c0\">&lt;b&gt;</li><li class=\"c1\">a</li><li class=\"other\">"));
        let dots = |html: &str, class: &str| {
            let path = html.split(&format!("dots {class}\" d=\"")).nth(1).unwrap();
            path.split('"').next().unwrap().matches('M').count()
        };
        assert_eq!((dots(by_label, "c1"), dots(by_label, "c0"), dots(by_label, "other")), (2, 1, 1));
        // A component of one sample is none.
        assert!(by_component.contains("<li class=\"c0\">2 samples</li><li class=\"other\">"), "{by_component}");
        assert_eq!((dots(by_component, "c0"), dots(by_component, "other")), (2, 2));
        assert!(html.contains("100.0% of the variance"));
    }

    #[tokio::test]
    async fn each_picture_has_a_map_of_neighbourhoods_where_two_axes_do_not_show_everything() {
        let folder = tempfile::tempdir().unwrap();
        let run = fixture::run(folder.path());
        let corner = |row: u64| (row, [0, 1, 2, 3].map(|at| if row % 4 == at { 2.0 } else { row as f32 / 40.0 }));
        fixture::embeddings(&run, &(0..24).map(corner).collect::<Vec<_>>());
        memberships(&run, &[(0, 5, "answers", false), (4, 5, "answers", false)]);
        let audit = Audit::open(&run).await.unwrap();
        let html = pictures(&run, &audit, None).await.unwrap();
        assert_eq!(html.matches("<figure>").count(), 2);
        assert!(html.contains("What the answers joined: neighbourhoods") && html.contains("t-SNE of perplexity 7"));
    }

    #[tokio::test]
    async fn nothing_is_drawn_without_embeddings_or_anything_to_tell_apart() {
        let folder = tempfile::tempdir().unwrap();
        let run = fixture::run(folder.path());
        let audit = Audit::open(&run).await.unwrap();
        assert_eq!(pictures(&run, &audit, None).await.unwrap(), "");
        fixture::embeddings(&run, &[(0, [1.0]), (1, [1.0])]);
        assert_eq!(pictures(&run, &audit, Some("label")).await.unwrap(), "");
    }
}
