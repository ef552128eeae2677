//! Modules of a crate: the tree of its files, and which module every `use` and path of a file leads to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::scanner::{code, without_tests};
use crate::workspace::{root, text};

/// A module's path below the crate: `["view", "crop"]`; the crate itself is empty.
pub type Module = Vec<String>;

/// The modules of a crate and their code, without tests.
#[derive(Debug)]
pub struct Tree {
    code: BTreeMap<Module, String>,
}

impl Tree {
    /// The modules below `src` of a crate, or below another root file's folder.
    pub fn of(src: &Path) -> Self {
        let mut tree = Self { code: BTreeMap::new() };
        tree.add(src, &mut Vec::new());
        tree
    }

    fn add(&mut self, folder: &Path, module: &mut Module) {
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for path in entries.flatten().map(|entry| entry.path()) {
            let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            if path.is_dir() && stem != "bin" {
                module.push(stem);
                self.add(&path, module);
                module.pop();
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let mut name = module.clone();
                if !matches!(stem.as_str(), "lib" | "main" | "mod") {
                    name.push(stem);
                }
                let path = path.strip_prefix(root()).unwrap_or(&path).to_path_buf();
                self.code.insert(name, without_tests(&code(&text(&path), false)));
            }
        }
    }

    /// All modules.
    pub fn modules(&self) -> impl Iterator<Item = &Module> {
        self.code.keys()
    }

    /// The modules in which the things that a module names are defined.
    pub fn used_by(&self, module: &Module) -> BTreeSet<Module> {
        let paths = self.code.get(module).map(|code| paths(code)).unwrap_or_default();
        let kept = paths.into_iter().filter(|path| !path.exported);
        kept.filter_map(|path| self.resolve(module, &path.segments, 8)).filter(|used| used != module).collect()
    }

    /// The module in which the thing at a path is defined, as seen from a module.
    fn resolve(&self, from: &Module, path: &[String], depth: usize) -> Option<Module> {
        let mut at = match path.first()?.as_str() {
            "crate" => vec![],
            "super" => from[..from.len().checked_sub(1)?].to_vec(),
            "self" => from.clone(),
            first => {
                let child: Module = from.iter().cloned().chain([first.to_owned()]).collect();
                return self.code.contains_key(&child).then(|| self.below(child, &path[1..], depth)).flatten();
            }
        };
        let mut rest = &path[1..];
        while rest.first().is_some_and(|segment| segment == "super") {
            at.pop();
            rest = &rest[1..];
        }
        self.below(at, rest, depth)
    }

    fn below(&self, mut at: Module, mut rest: &[String], depth: usize) -> Option<Module> {
        while let Some(segment) = rest.first() {
            at.push(segment.clone());
            if !self.code.contains_key(&at) {
                at.pop();
                break;
            }
            rest = &rest[1..];
        }
        let Some(name) = rest.first().filter(|name| depth > 0 && *name != "*") else { return Some(at) };
        if defines(&self.code[&at], name) {
            return Some(at);
        }
        // A re-export leads to where the thing is defined, by name or by a glob or macro of the module.
        let exports =
            paths(&self.code[&at]).into_iter().filter(|path| path.exported && path.segments.last() == Some(name));
        let named = exports.filter_map(|path| self.resolve(&at, &path.segments, depth - 1)).next();
        let child = || {
            let below = self.code.iter().filter(|(module, _)| module.len() == at.len() + 1 && module.starts_with(&at));
            below.filter(|(_, code)| defines(code, name)).map(|(module, _)| module.clone()).next()
        };
        named.or_else(child).or(Some(at))
    }
}

/// A path of a file, and whether the file passes it on (`pub use`).
#[derive(Debug, PartialEq)]
struct Used {
    segments: Vec<String>,
    exported: bool,
}

/// Every path that starts in this crate: those of `use`, and those in the code.
fn paths(code: &str) -> Vec<Used> {
    let mut found = Vec::new();
    let mut rest = String::new();
    let mut at = 0;
    while let Some(start) = code[at..].find("use ").map(|start| at + start) {
        let before = code[..start].trim_end();
        let word = before.is_empty() || before.ends_with([';', '}', ')', ']', '{']) || before.ends_with("pub");
        let end = code[start..].find(';').map_or(code.len(), |end| start + end);
        let fits = word && code[start + 4..end].chars().all(|c| c.is_alphanumeric() || "_:{}*, \n".contains(c));
        rest.push_str(&code[at..start]);
        if fits {
            let exported = before.ends_with("pub") || before.ends_with(')') && before.rfind("pub(") > before.rfind(';');
            tree(&code[start + 4..end], &mut Vec::new(), exported, &mut found);
            at = end;
        } else {
            at = start + 4;
        }
    }
    rest.push_str(&code[at..]);
    inline(&rest, &mut found);
    found
}

/// The paths of a `use`: `a::{b, c::d}` is two.
fn tree(text: &str, prefix: &mut Vec<String>, exported: bool, found: &mut Vec<Used>) {
    let depth = prefix.len();
    let text = text.trim();
    match text.find('{') {
        Some(open) => {
            prefix.extend(segments(&text[..open]));
            let inside = &text[open + 1..text.rfind('}').unwrap_or(text.len())];
            let (mut level, mut start) = (0, 0);
            for (at, c) in inside.char_indices().chain([(inside.len(), ',')]) {
                match c {
                    '{' => level += 1,
                    '}' => level -= 1,
                    ',' if level == 0 => {
                        if !inside[start..at].trim().is_empty() {
                            tree(&inside[start..at], prefix, exported, found);
                        }
                        start = at + 1;
                    }
                    _ => {}
                }
            }
        }
        None => {
            let text = text.split(" as ").next().unwrap_or(text);
            let mut path = prefix.clone();
            path.extend(segments(text).into_iter().filter(|segment| prefix.is_empty() || segment != "self"));
            found.push(Used { segments: path, exported });
        }
    }
    prefix.truncate(depth);
}

fn segments(path: &str) -> Vec<String> {
    path.split("::").map(|segment| segment.trim().to_owned()).filter(|segment| !segment.is_empty()).collect()
}

/// Paths in the code that start with `crate`, `super` or `self`.
fn inline(code: &str, found: &mut Vec<Used>) {
    for start in ["crate::", "super::", "self::"] {
        for (at, _) in code.match_indices(start) {
            let whole = at == 0 || !code[..at].ends_with(|c: char| c.is_alphanumeric() || "_:$".contains(c));
            let end = code[at..]
                .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'))
                .map_or(code.len(), |e| at + e);
            let declared = code[..at].trim_end().ends_with("in");
            if whole && !declared {
                found.push(Used { segments: segments(&code[at..end]), exported: false });
            }
        }
    }
}

fn defines(code: &str, name: &str) -> bool {
    let kinds = ["fn ", "struct ", "enum ", "trait ", "type ", "const ", "static ", "union ", "macro_rules! "];
    kinds.iter().any(|kind| {
        let wanted = format!("{kind}{name}");
        code.match_indices(&wanted).any(|(at, _)| {
            let indented = code[..at].rsplit('\n').next().is_some_and(|line| line.starts_with(' '));
            !indented && !code[at + wanted.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_')
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(code: &str) -> Vec<String> {
        paths(code)
            .iter()
            .map(|path| format!("{}{}", if path.exported { "pub " } else { "" }, path.segments.join("::")))
            .collect()
    }

    #[test]
    fn groups_are_spelled_out() {
        let code = "use crate::a::{self, b::{C, D as E}, *};\npub(crate) use self::x::Y;\nfn f() -> super::Z { crate::m::g() }";
        let wanted = [
            "crate::a",
            "crate::a::b::C",
            "crate::a::b::D",
            "crate::a::*",
            "pub self::x::Y",
            "crate::m::g",
            "super::Z",
        ];
        assert_eq!(shown(code), wanted);
    }

    #[test]
    fn a_re_export_leads_to_the_definition() {
        let module = |path: &str| path.split('/').filter(|s| !s.is_empty()).map(str::to_owned).collect::<Module>();
        let code = BTreeMap::from([
            (module(""), "mod a;\npub use a::Thing;".to_owned()),
            (module("a"), "mod b;\npub use b::Thing;".to_owned()),
            (module("a/b"), "pub struct Thing;".to_owned()),
            (module("c"), "use crate::Thing;\nuse crate::a::Thing;".to_owned()),
        ]);
        let tree = Tree { code };
        assert_eq!(tree.used_by(&module("c")), BTreeSet::from([module("a/b")]));
        assert_eq!(tree.used_by(&module("a")), BTreeSet::new());
    }
}
