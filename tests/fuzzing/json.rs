//! Damage to JSON: values of another type, missing and unknown keys, numbers and texts at the ends of their ranges.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

/// One change of a value: of which of its parts, and how.
#[derive(Debug, Clone)]
enum Edit {
    Set(Index, Value),
    Remove(Index),
    Rename(Index, String),
    Add(Index, Value),
    /// The part in the place of another one.
    Copy(Index, Index),
}

/// One of these values after a few changes.
pub fn changed(values: Vec<Value>) -> impl Strategy<Value = Value> {
    (select(values), vec(edit(), 0..5)).prop_map(|(mut value, edits)| {
        edits.iter().for_each(|edit| apply(edit, &mut value));
        value
    })
}

/// The paths to all parts of a value, such as `/train/fit/epochs`; the first is the value itself.
pub fn paths(value: &Value) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut at = 0;
    while at < found.len() {
        let path = found[at].clone();
        let key = |key: &str| format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
        match value.pointer(&path) {
            Some(Value::Object(parts)) => found.extend(parts.keys().map(|name| key(name))),
            Some(Value::Array(parts)) => found.extend((0..parts.len()).map(|number| key(&number.to_string()))),
            _ => {}
        }
        at += 1;
    }
    found
}

/// Values that a parser of anything should expect.
pub fn extreme() -> impl Strategy<Value = Value> {
    let fixed = [
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(-1),
        json!(2),
        json!(3),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(u64::MAX - 1),
        json!(u32::MAX),
        json!(1_u64 << 32),
        json!(1_u64 << 53),
        json!(0.0),
        json!(-0.0),
        json!(0.5),
        json!(-1.5),
        json!(f64::MAX),
        json!(f64::MIN_POSITIVE),
        json!(1e39),
        json!(""),
        json!("\u{0}"),
        json!("é\u{1F600}"),
        json!("18446744073709551615"),
        json!("a".repeat(201)),
        json!("0000-00-00T00:00:00Z"),
        json!("1677-09-21T00:12:43.145224192Z"),
        json!("2262-04-11T23:47:16.854775807Z"),
        json!("9999-12-31T23:59:60+24:00"),
        json!([]),
        json!([0]),
        json!([[]]),
        json!([1, 1]),
        json!({}),
        json!({ "name": "" }),
        json!({ "name": 1 }),
    ];
    prop_oneof![4 => select(fixed.to_vec()), 1 => any::<i64>().prop_map(|v| json!(v)), 1 => any::<f64>().prop_map(|v| json!(v)), 1 => ".{0,12}".prop_map(|v| json!(v))]
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = any::<Index>;
    prop_oneof![
        4 => (at(), extreme()).prop_map(|(at, value)| Edit::Set(at, value)),
        1 => at().prop_map(Edit::Remove),
        1 => (at(), "[a-z_]{0,8}").prop_map(|(at, name)| Edit::Rename(at, name)),
        1 => (at(), extreme()).prop_map(|(at, value)| Edit::Add(at, value)),
        2 => (at(), at()).prop_map(|(at, from)| Edit::Copy(at, from)),
    ]
}

fn apply(edit: &Edit, value: &mut Value) {
    let paths = paths(value);
    let path = |at: &Index| at.get(&paths).as_str();
    match edit {
        Edit::Set(at, new) => set(value, path(at), new.clone()),
        Edit::Copy(at, from) => {
            let new = value.pointer(path(from)).cloned().unwrap_or_default();
            set(value, path(at), new);
        }
        Edit::Remove(at) => drop(take(value, path(at))),
        Edit::Rename(at, name) => {
            if let Some((parts, part)) = take(value, path(at))
                && let Some(Value::Object(parts)) = value.pointer_mut(&parts)
            {
                parts.insert(name.clone(), part);
            }
        }
        Edit::Add(at, new) => match value.pointer_mut(path(at)) {
            Some(Value::Array(parts)) => parts.push(new.clone()),
            Some(Value::Object(parts)) => drop(parts.insert("more".to_owned(), new.clone())),
            _ => {}
        },
    }
}

fn set(value: &mut Value, path: &str, new: Value) {
    if let Some(place) = value.pointer_mut(path) {
        *place = new;
    }
}

/// Takes a part out, and gives the path of what it was in with it.
fn take(value: &mut Value, path: &str) -> Option<(String, Value)> {
    let (parts, last) = path.rsplit_once('/')?;
    let part = match value.pointer_mut(parts)? {
        Value::Object(parts) => parts.remove(&last.replace("~1", "/").replace("~0", "~"))?,
        Value::Array(parts) => parts.remove(last.parse().ok()?),
        _ => return None,
    };
    Some((parts.to_owned(), part))
}
