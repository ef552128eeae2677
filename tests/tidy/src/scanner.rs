//! Scanner of Rust text: code without comments, strings and tests.

/// The code of a file: comments become spaces, and so do the insides of strings, if `keep_strings` is not set.
pub fn code(text: &str, keep_strings: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'/' if bytes[at..].starts_with(b"//") => blank(&mut out, at, line_end(bytes, at)),
            b'/' if bytes[at..].starts_with(b"/*") => blank(&mut out, at, comment_end(bytes, at)),
            b'r' if raw_hashes(bytes, at).is_some() => string(&mut out, at, raw_end(bytes, at), keep_strings),
            b'"' => string(&mut out, at, string_end(bytes, at), keep_strings),
            b'\'' => char_end(bytes, at),
            _ => at + 1,
        };
        at = end.max(at + 1);
    }
    // Only whole comments and strings were replaced, so the text is still UTF-8.
    String::from_utf8(out).unwrap_or_default()
}

/// The same without the items under `#[cfg(test)]`.
pub fn without_tests(code: &str) -> String {
    let mut out = code.to_owned();
    while let Some(start) = out.find("#[cfg(test)]") {
        let semicolon = out[start..].find(';').map(|at| start + at + 1);
        let brace = out[start..].find('{').map(|at| start + at);
        let end = match (semicolon, brace) {
            (Some(semicolon), Some(brace)) if semicolon < brace => semicolon,
            (_, Some(brace)) => block_end(&out, brace),
            (Some(semicolon), None) => semicolon,
            (None, None) => out.len(),
        };
        out.replace_range(start..end, "");
    }
    out
}

/// The end of the block that starts with the brace at `start`.
pub fn block_end(code: &str, start: usize) -> usize {
    let mut depth = 0;
    for (at, byte) in code.bytes().enumerate().skip(start) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return at + 1,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

fn blank(out: &mut [u8], start: usize, end: usize) -> usize {
    out[start..end].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
    end
}

fn string(out: &mut [u8], start: usize, end: usize, keep: bool) -> usize {
    if keep { end } else { blank(out, start, end) }
}

fn line_end(bytes: &[u8], start: usize) -> usize {
    bytes[start..].iter().position(|&byte| byte == b'\n').map_or(bytes.len(), |at| start + at)
}

fn comment_end(bytes: &[u8], start: usize) -> usize {
    let end = bytes[start..].windows(2).position(|pair| pair == b"*/");
    end.map_or(bytes.len(), |at| start + at + 2)
}

/// The number of hashes of a raw string that starts here.
fn raw_hashes(bytes: &[u8], start: usize) -> Option<usize> {
    let in_a_name = start > 0 && (bytes[start - 1].is_ascii_alphanumeric() || bytes[start - 1] == b'_');
    let hashes = bytes[start + 1..].iter().take_while(|&&byte| byte == b'#').count();
    (!in_a_name && bytes.get(start + 1 + hashes) == Some(&b'"')).then_some(hashes)
}

fn raw_end(bytes: &[u8], start: usize) -> usize {
    let hashes = raw_hashes(bytes, start).unwrap_or_default();
    let close: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
    let inside = start + 2 + hashes;
    let end = bytes[inside.min(bytes.len())..].windows(close.len()).position(|window| window == close);
    end.map_or(bytes.len(), |at| inside + at + close.len())
}

fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

/// The end of a character literal; a lifetime is one byte here.
fn char_end(bytes: &[u8], start: usize) -> usize {
    if bytes.get(start + 1) == Some(&b'\\') {
        let end = bytes[start + 3..].iter().position(|&byte| byte == b'\'');
        return end.map_or(bytes.len(), |at| start + 4 + at);
    }
    let width = bytes[start + 1..].iter().take(5).position(|&byte| byte == b'\'');
    match width {
        // A character has up to four bytes; `'a, 'b` has a quote later, but its first character is followed by none.
        Some(width) if width == 1 || (width > 1 && bytes[start + 1] >= 0x80) => start + width + 2,
        _ => start + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_strings_are_blank() {
        let text = "a(\"x{\", r#\"y\"{\"#, '{', '\\'', b); // z{\n/* { */ fn f<'a>(x: &'a str) {}";
        let code = code(text, false);
        assert_eq!(code.matches('{').count(), 2, "{code}");
        assert!(code.contains("fn f<'a>(x: &'a str) {}"), "{code}");
        assert!(!code.contains('z'));
    }

    #[test]
    fn tests_are_left_out() {
        let text = "#[cfg(test)]\nmod fixture;\nfn a() {}\n#[cfg(test)]\nmod tests { fn b() { {} } }\nfn c() {}";
        assert_eq!(without_tests(text).split_whitespace().collect::<Vec<_>>().join(" "), "fn a() {} fn c() {}");
    }
}
