//! Words of texts, for views that change them.

use super::augment::View;
use crate::fields::{FieldKind, Value};

/// The texts of a row of a table. Categories are none: one that is misspelt is another one.
pub(super) fn texts<'a>(view: &'a mut View<'_>) -> impl Iterator<Item = &'a mut String> {
    let fields = view.store.table().map(|table| &table.fitted().fields[..]).unwrap_or_default();
    let values = view.record.as_mut().map(|record| &mut record.values[..]).unwrap_or_default();
    fields.iter().zip(values).filter_map(|(fitted, value)| match (fitted.field.kind, value) {
        (FieldKind::Text {} | FieldKind::StaticText {}, Value::Text(text)) => Some(text),
        _ => None,
    })
}

/// Changes the words of a text, which are put together again with blanks; a text without words stays as it is.
pub(super) fn change(text: &mut String, change: impl FnOnce(&mut Vec<&str>)) {
    let changed = {
        let mut words: Vec<&str> = text.split_whitespace().collect();
        if words.is_empty() {
            return;
        }
        change(&mut words);
        words.join(" ")
    };
    *text = changed;
}
