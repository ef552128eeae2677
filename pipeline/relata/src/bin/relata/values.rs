//! Values by name, as a small table or as JSON.

use std::io::{self, Write};

use serde_json::{Map, Value};

/// Writes a line a number, the names in one column.
pub fn write_table(out: &mut impl Write, values: &[(String, f64)]) -> io::Result<()> {
    let width = values.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    values.iter().try_for_each(|(name, value)| writeln!(out, "{name:<width$}  {value:>12.6}"))
}

/// An object with every number in full precision; what is not a finite number is null.
pub fn object(values: &[(String, f64)]) -> Value {
    Value::Object(values.iter().map(|(name, value)| (name.clone(), Value::from(*value))).collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_aligned_and_objects_are_exact() {
        let values = [("a".to_owned(), 0.1 + 0.2), ("longer".to_owned(), -1000.0)];
        let mut out = Vec::new();
        write_table(&mut out, &values).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "a           0.300000\nlonger  -1000.000000\n");
        assert_eq!(object(&values).to_string(), r#"{"a":0.30000000000000004,"longer":-1000.0}"#);
    }
}
