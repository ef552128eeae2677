//! Circular modules: at every level of a crate's tree, the modules beside each other are used in one direction only.

use std::collections::{BTreeMap, BTreeSet};

use crate::modules::{Module, Tree};
use crate::workspace::{crates, root};

/// Circles of modules, a line each: `crate: a -> b -> a`.
pub fn circles() -> Vec<String> {
    let mut found = Vec::new();
    for package in crates() {
        let name = package.folder.strip_prefix(root()).unwrap_or(&package.folder).display().to_string();
        let src = package.folder.join("src");
        let mut trees = vec![(name.clone(), Tree::of(&src))];
        if let Ok(binaries) = std::fs::read_dir(src.join("bin")) {
            let folders = binaries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir());
            trees.extend(folders.map(|folder| (format!("{name} (command)"), Tree::of(&folder))));
        }
        for (name, tree) in trees {
            found.extend(circles_of(&tree).into_iter().map(|circle| format!("{name}: {circle}")));
        }
    }
    found
}

/// The circles of one crate: at each level, between the modules beside each other and the parent's own file.
fn circles_of(tree: &Tree) -> Vec<String> {
    let mut levels: BTreeMap<Module, BTreeMap<Module, BTreeSet<Module>>> = BTreeMap::new();
    for user in tree.modules() {
        for used in tree.used_by(user) {
            let shared = user.iter().zip(&used).take_while(|(a, b)| a == b).count();
            let cut = |module: &Module| module[..module.len().min(shared + 1)].to_vec();
            let level = levels.entry(user[..shared].to_vec()).or_default();
            level.entry(cut(user)).or_default().insert(cut(&used));
        }
    }
    levels.values().filter_map(circle).map(|circle| shown(&circle)).collect()
}

/// A circle of a graph, its first module again at the end.
fn circle(uses: &BTreeMap<Module, BTreeSet<Module>>) -> Option<Vec<Module>> {
    let mut done = BTreeSet::new();
    uses.keys().find_map(|start| visit(start, uses, &mut Vec::new(), &mut done))
}

fn visit(
    module: &Module,
    uses: &BTreeMap<Module, BTreeSet<Module>>,
    way: &mut Vec<Module>,
    done: &mut BTreeSet<Module>,
) -> Option<Vec<Module>> {
    if let Some(at) = way.iter().position(|before| before == module) {
        return Some(way[at..].iter().cloned().chain([module.clone()]).collect());
    }
    if !done.insert(module.clone()) {
        return None;
    }
    way.push(module.clone());
    let found = uses.get(module).into_iter().flatten().find_map(|used| visit(used, uses, way, done));
    way.pop();
    found
}

fn shown(circle: &[Module]) -> String {
    let name = |module: &Module| if module.is_empty() { "(root)".to_owned() } else { module.join("::") };
    circle.iter().map(name).collect::<Vec<_>>().join(" -> ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_crate_has_a_circle_of_modules() {
        assert_eq!(circles(), Vec::<String>::new());
    }

    #[test]
    fn a_circle_is_found_and_shown() {
        let module = |name: &str| vec![name.to_owned()];
        let uses = |pairs: &[(&str, &str)]| {
            let mut uses: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
            pairs.iter().for_each(|(a, b)| {
                uses.entry(module(a)).or_default().insert(module(b));
            });
            uses
        };
        let found = circle(&uses(&[("a", "b"), ("b", "c"), ("c", "b")])).unwrap();
        assert_eq!(shown(&found), "b -> c -> b");
        assert_eq!(circle(&uses(&[("a", "b"), ("a", "c"), ("b", "c")])), None);
    }
}
