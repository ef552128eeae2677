//! Words of texts, for views that change them.

use crate::fields::Value;

/// The texts among raw values.
pub(super) fn texts(values: &mut [Value]) -> impl Iterator<Item = &mut String> {
    values.iter_mut().filter_map(|value| match value {
        Value::Text(text) => Some(text),
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
