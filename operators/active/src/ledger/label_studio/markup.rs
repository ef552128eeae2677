//! HTML markup of a sample; everything that comes from the data is escaped.

use std::fmt::Write;

use html_escape::encode_quoted_attribute as escaped;
use relata_data::index::SampleId;
use serde_json::Value;

/// A sample's HTML: an image, a text, or a table of whatever else there is; its id if there is nothing.
pub(super) fn html(id: SampleId, rendered: &Value) -> String {
    let Value::Object(fields) = rendered else {
        return match rendered {
            Value::Null => format!("<p>{id}</p>"),
            Value::String(text) => format!("<p>{}</p>", escaped(text)),
            other => format!("<p>{}</p>", escaped(&other.to_string())),
        };
    };
    let (mut shown, mut rows) = (String::new(), String::new());
    for (name, value) in fields {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match name.as_str() {
            "image" => shown += &image(id, &text),
            "text" => shown += &format!("<p>{}</p>", escaped(&text)),
            _ => rows += &format!("<tr><th>{}</th><td>{}</td></tr>", escaped(name), escaped(&text)),
        }
    }
    if !rows.is_empty() {
        let _ = write!(shown, "<table>{rows}</table>");
    }
    if shown.is_empty() { format!("<p>{id}</p>") } else { shown }
}

fn image(id: SampleId, url: &str) -> String {
    // Label Studio removes `data:` from the source of images, but not from styles.
    let plain = |c: char| c.is_ascii_alphanumeric() || "+/=:;,.-_".contains(c);
    if url.starts_with("data:image/") && url.chars().all(plain) {
        return format!(
            "<span role=\"img\" aria-label=\"{id}\" style=\"display:inline-block;width:160px;height:160px;\
             image-rendering:pixelated;background:url('{url}') center/contain no-repeat\"></span>"
        );
    }
    format!("<img alt=\"{id}\" style=\"max-width:160px;max-height:160px\" src=\"{}\">", escaped(url))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn samples_are_shown_by_what_they_have() {
        assert_eq!(html(SampleId(7), &Value::Null), "<p>7</p>");
        assert_eq!(html(SampleId(7), &json!({})), "<p>7</p>");
        assert_eq!(html(SampleId(7), &json!("a & b")), "<p>a &amp; b</p>");
        assert_eq!(
            html(SampleId(7), &json!({ "text": "a", "x<y": 3 })),
            "<p>a</p><table><tr><th>x&lt;y</th><td>3</td></tr></table>"
        );
        let linked = html(SampleId(7), &json!({ "image": "https://example.org/7.png?a=1&b=2" }));
        assert!(linked.contains("src=\"https://example.org/7.png?a=1&amp;b=2\""), "{linked}");
        let inline = html(SampleId(7), &json!({ "image": "data:image/png;base64,iVBO+/w==" }));
        assert!(inline.contains("background:url('data:image/png;base64,iVBO+/w==')"), "{inline}");
    }

    #[test]
    fn nothing_breaks_out_of_the_markup() {
        let attack = "data:image/png;base64,'\"><script>alert(1)</script>";
        for rendered in
            [json!(attack), json!({ "image": attack }), json!({ "text": attack }), json!({ attack: attack })]
        {
            let html = html(SampleId(7), &rendered);
            assert!(!html.contains("<script") && !html.contains("'\">"), "{html}");
        }
    }
}
