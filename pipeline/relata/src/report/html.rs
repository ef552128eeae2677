//! HTML of the page: escaped text, numbers, sections and tables.

use std::fmt::Write;

/// Text as HTML, also within a quoted attribute.
pub(super) use html_escape::encode_quoted_attribute as escaped;

/// A number as short as it can be: 12,345, 0.953, 2.5.
pub(super) fn number(value: f64) -> String {
    if value.abs() >= 1000.0 || value.fract() == 0.0 {
        let digits = format!("{:.0}", value.abs());
        let mut grouped = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        return if value < 0.0 { format!("−{grouped}") } else { grouped };
    }
    let text = format!("{value:.3}").replace('-', "−");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A change with its sign and two significant digits: +0.0025.
pub(super) fn change(value: f64) -> String {
    if value.abs() < 1e-9 {
        return "0".to_owned();
    }
    let digits = (1 - value.abs().log10().floor() as i32).max(0) as usize;
    let sign = if value < 0.0 { '−' } else { '+' };
    format!("{sign}{:.digits$}", value.abs())
}

/// A share as a percentage.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1}%", 100.0 * share)
}

/// A cell of a table.
pub(super) enum Cell {
    /// Any text; it is escaped.
    Text(String),
    /// A number, aligned right.
    Number(f64),
    /// Anything aligned right; it is escaped.
    Figure(String),
    /// A share of 1, with a bar behind it.
    Share(f64),
    /// Nothing.
    None,
}

impl Cell {
    /// A count.
    pub fn count(count: u64) -> Self {
        Self::Number(count as f64)
    }

    /// A cell of a value that may be missing.
    pub fn of(value: Option<f64>, cell: fn(f64) -> Self) -> Self {
        value.map_or(Self::None, cell)
    }

    fn html(&self) -> String {
        match self {
            Self::Text(text) => format!("<td>{}</td>", escaped(text)),
            Self::Number(value) => format!("<td class=\"n\">{}</td>", number(*value)),
            Self::Figure(text) => format!("<td class=\"n\">{}</td>", escaped(text)),
            Self::Share(share) => {
                let width = 100.0 * share.clamp(0.0, 1.0);
                format!("<td class=\"n share\" style=\"--share:{width:.1}%\">{}</td>", percent(*share))
            }
            Self::None => "<td class=\"n none\">–</td>".to_owned(),
        }
    }
}

/// A table that scrolls by itself where it is too wide. Columns are aligned as the cells of the first row.
pub(super) fn table(head: &[&str], rows: &[Vec<Cell>]) -> String {
    let mut html = String::from("<div class=\"scroll\"><table><thead><tr>");
    for (at, title) in head.iter().enumerate() {
        let text = rows.first().is_none_or(|row| matches!(row.get(at), Some(Cell::Text(_))));
        let class = if text { "" } else { " class=\"n\"" };
        // Writing to a String cannot fail.
        let _ = write!(html, "<th scope=\"col\"{class}>{}</th>", escaped(title));
    }
    html += "</tr></thead><tbody>";
    for row in rows {
        let _ = write!(html, "<tr>{}</tr>", row.iter().map(Cell::html).collect::<String>());
    }
    html + "</tbody></table></div>"
}

/// A part of the page, which the list of contents names; nothing if its body is empty.
pub(super) fn section(title: &str, lead: &str, body: &str) -> String {
    if body.is_empty() {
        return String::new();
    }
    let lead = if lead.is_empty() { String::new() } else { format!("<p class=\"lead\">{}</p>", escaped(lead)) };
    format!("<section id=\"{}\"><h2>{}</h2>{lead}{body}</section>", anchor(title), escaped(title))
}

/// The whole page. `sections` are made by [`section`]; `titles` are theirs, for the list of contents.
pub(super) fn page(title: &str, under: &str, titles: &[&str], sections: &str) -> String {
    let there = titles.iter().filter(|title| sections.contains(&format!("<section id=\"{}\"", anchor(title))));
    let contents: String =
        there.map(|title| format!("<a href=\"#{}\">{}</a>", anchor(title), escaped(title))).collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\
         <title>{title} · Relata</title><style>{style}</style></head><body>\
         <header><h1>{title}</h1><p>{under}</p><nav>{contents}</nav></header><main>{sections}</main>\
         </body></html>\n",
        title = escaped(title),
        under = escaped(under),
        style = include_str!("page.css"),
    )
}

fn anchor(title: &str) -> String {
    title.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let numbers = [0.0, 12_345.0, -1234.5, 0.9534, 2.5, 1_000_000.0, -0.25].map(number);
        assert_eq!(numbers, ["0", "12,345", "−1,234", "0.953", "2.5", "1,000,000", "−0.25"]);
        assert_eq!([0.00251, -0.13, 12.0, 0.0].map(change), ["+0.0025", "−0.13", "+12", "0"]);
    }

    #[test]
    fn tables_escape_text_and_align_by_the_first_row() {
        let rows = [vec![Cell::Text("<i>".to_owned()), Cell::Share(0.5)], vec![Cell::None, Cell::Number(3.0)]];
        let html = table(&["a & b", "c"], &rows);
        assert!(html.contains("<th scope=\"col\">a &amp; b</th><th scope=\"col\" class=\"n\">c</th>"), "{html}");
        assert!(html.contains("<td>&lt;i&gt;</td><td class=\"n share\" style=\"--share:50.0%\">50.0%</td>"), "{html}");
    }

    #[test]
    fn the_contents_name_only_what_is_there() {
        let sections = section("One thing", "", "<p>1</p>") + &section("Two", "why", "");
        let html = page("A <run>", "u", &["One thing", "Two"], &sections);
        assert!(html.contains("<a href=\"#one-thing\">One thing</a></nav>"), "{html}");
        assert!(html.contains("<title>A &lt;run&gt; · Relata</title>") && !html.contains("<run>"));
    }
}
