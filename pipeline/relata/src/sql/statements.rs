//! Statements: text split at semicolons, at once or line by line.

/// The statement that is being typed, line by line, for prompts.
///
/// ```
/// use relata::sql::Statements;
///
/// let mut typed = Statements::default();
/// assert!(typed.push("SELECT 1").is_empty());
/// assert_eq!(typed.push("+ 1; SELECT"), ["SELECT 1\n+ 1"]);
/// assert_eq!(typed.take().as_deref(), Some("SELECT"));
/// ```
#[derive(Debug, Default)]
pub struct Statements {
    text: String,
}

impl Statements {
    /// Whether nothing but blanks and comments has been typed since the last statement.
    pub fn is_empty(&self) -> bool {
        is_blank(&self.text)
    }

    /// Adds a line; returns the statements that it completes, without their semicolons.
    pub fn push(&mut self, line: &str) -> Vec<String> {
        self.text.push_str(line);
        self.text.push('\n');
        let mut complete = Vec::new();
        while let Some(end) = end(&self.text) {
            let rest = self.text.split_off(end + 1);
            let statement = std::mem::replace(&mut self.text, rest);
            if !is_blank(&statement[..end]) {
                complete.push(statement[..end].trim().to_owned());
            }
        }
        complete
    }

    /// Takes what has been typed without a semicolon.
    pub fn take(&mut self) -> Option<String> {
        let text = std::mem::take(&mut self.text);
        (!is_blank(&text)).then(|| text.trim().to_owned())
    }
}

/// Where the first semicolon outside quotes and comments is.
fn end(text: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(&byte) = text.as_bytes().get(at) {
        let rest = text.get(at..).unwrap_or_default();
        at += match byte {
            b';' => return Some(at),
            // A doubled quote closes the string and opens it again.
            b'\'' | b'"' => 2 + rest[1..].find(char::from(byte))?,
            _ if rest.starts_with("--") => rest.find('\n')?,
            _ if rest.starts_with("/*") => 4 + rest[2..].find("*/")?,
            _ => 1,
        };
    }
    None
}

fn is_blank(mut text: &str) -> bool {
    loop {
        text = text.trim_start();
        let comment = match text.get(..2) {
            Some("--") => text.find('\n'),
            Some("/*") => text[2..].find("*/").map(|end| end + 3),
            _ => return text.is_empty(),
        };
        match comment {
            Some(end) => text = &text[end + 1..],
            None => return true,
        }
    }
}

/// The statements of a text, without the semicolons between them.
///
/// ```
/// use relata::sql::statements;
///
/// assert_eq!(statements("SELECT ';'; SELECT 2"), ["SELECT ';'", "SELECT 2"]);
/// ```
pub fn statements(text: &str) -> Vec<String> {
    let mut all = Statements::default();
    let mut complete = all.push(text);
    complete.extend(all.take());
    complete
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(lines: &[&str]) -> (Vec<String>, Option<String>) {
        let mut statements = Statements::default();
        let complete = lines.iter().flat_map(|line| statements.push(line)).collect();
        (complete, statements.take())
    }

    #[test]
    fn statements_end_at_semicolons_outside_quotes_and_comments() {
        let (complete, rest) =
            all(&["SELECT 'a;''b', \"x;y\" -- no; end", "/* ; */ FROM é; SELECT 2;;", "SELECT", "3"]);
        assert_eq!(complete, ["SELECT 'a;''b', \"x;y\" -- no; end\n/* ; */ FROM é", "SELECT 2"]);
        assert_eq!(rest.unwrap(), "SELECT\n3");
    }

    #[test]
    fn open_quotes_continue_and_comments_are_nothing() {
        assert_eq!(all(&["SELECT 'a;", "b'; "]), (vec!["SELECT 'a;\nb'".to_owned()], None));
        assert_eq!(all(&["-- only; this", " /* and", "that; */ ;", "-- end"]), (vec![], None));
        assert_eq!(all(&["/* open ;"]), (vec![], None));
        assert_eq!(all(&["/*/ open ;"]), (vec![], None));
        assert_eq!(all(&["SELECT 1 /", "2;"]), (vec!["SELECT 1 /\n2".to_owned()], None));
        let mut statements = Statements::default();
        statements.push("-- hello");
        assert!(statements.is_empty());
        statements.push("SELECT");
        assert!(!statements.is_empty());
    }
}
