//! Registry of components: every component of one kind by its name.

use std::fmt;

use serde_json::{Map, Value};

use crate::description::Description;
use crate::error::ReadError;
use crate::settings::Settings;

/// A component of a registry of `T`, such as `dyn Augment`. [`Settings`] are components of any registry.
///
/// Implement it by hand for components that hold others: `read` refuses other settings with [`Description::known`] and
/// reads the inner ones with [`Registry::read_setting`], so that they may come from any crate whose list of entries is
/// part of the registry.
pub trait Component<T: ?Sized + 'static>: Sized {
    /// The name in plans and on the command line.
    const NAME: &'static str;
    /// What it is, in one line.
    const SUMMARY: &'static str;

    /// The component with its default settings, described; `None` if it cannot be without other components.
    fn defaults() -> Option<Description>;

    /// The component that was described. `registry` reads the components that it holds.
    fn read(description: &Description, registry: &Registry<T>) -> Result<Self, ReadError>;
}

impl<T: ?Sized + 'static, S: Settings> Component<T> for S {
    const NAME: &'static str = S::NAME;
    const SUMMARY: &'static str = S::SUMMARY;

    fn defaults() -> Option<Description> {
        Some(Description::of(&S::default()))
    }

    fn read(description: &Description, _: &Registry<T>) -> Result<Self, ReadError> {
        description.settings()
    }
}

/// One component of a registry.
pub struct Entry<T: ?Sized + 'static> {
    /// The name in plans and on the command line.
    pub name: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
    defaults: fn() -> Option<Description>,
    read: fn(&Description, &Registry<T>) -> Result<Box<T>, ReadError>,
}

impl<T: ?Sized + 'static> Entry<T> {
    /// The entry of `C`; `read` boxes what [`Component::read`] gives (the [`registry!`](crate::registry!) writes it).
    pub const fn of<C: Component<T>>(read: fn(&Description, &Registry<T>) -> Result<Box<T>, ReadError>) -> Self {
        Self { name: C::NAME, summary: C::SUMMARY, defaults: C::defaults, read }
    }

    /// The component with its default settings, described; `None` if it needs other components.
    pub fn defaults(&self) -> Option<Description> {
        (self.defaults)()
    }
}

impl<T: ?Sized + 'static> fmt::Debug for Entry<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Every component of one kind, such as the losses.
pub struct Registry<T: ?Sized + 'static> {
    kind: &'static str,
    parts: &'static [&'static [Entry<T>]],
}

impl<T: ?Sized + 'static> fmt::Debug for Registry<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("kind", &self.kind).field("names", &self.names()).finish()
    }
}

impl<T: ?Sized + 'static> Registry<T> {
    /// A registry of several lists of entries, such as those of several crates.
    pub const fn new(kind: &'static str, parts: &'static [&'static [Entry<T>]]) -> Self {
        Self { kind, parts }
    }

    /// The lists of entries, to be joined with others.
    pub const fn parts(&self) -> &'static [&'static [Entry<T>]] {
        self.parts
    }

    /// What the components are: `loss`, `oracle`.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// All entries in the order of registration.
    pub fn entries(&self) -> impl Iterator<Item = &'static Entry<T>> + use<T> {
        let parts = self.parts;
        parts.iter().flat_map(|part| part.iter())
    }

    /// All names in the order of registration.
    pub fn names(&self) -> Vec<&'static str> {
        self.entries().map(|entry| entry.name).collect()
    }

    /// The entry of this name.
    pub fn entry(&self, name: &str) -> Result<&'static Entry<T>, ReadError> {
        let unknown = || ReadError::Unknown { kind: self.kind, name: name.to_owned(), known: self.names() };
        self.entries().find(|entry| entry.name == name).ok_or_else(unknown)
    }

    /// The component that was described.
    pub fn read(&self, description: &Description) -> Result<Box<T>, ReadError> {
        (self.entry(&description.name)?.read)(description, self)
    }

    /// The component that was described, read from a setting of another one.
    pub fn read_setting(&self, description: &Description, setting: &str) -> Result<Box<T>, ReadError> {
        self.read(&description.setting(setting)?)
    }

    /// The component of this name, with settings such as `("tau", "0.1")` beside its defaults. A value is read as the
    /// type that the setting has by default; what is no JSON is a text.
    pub fn parse(&self, name: &str, settings: &[(String, String)]) -> Result<Box<T>, ReadError> {
        let mut description = self.entry(name)?.defaults().unwrap_or_else(|| Description::new(name));
        let known = description.values.clone();
        for (setting, text) in settings {
            check_known(name, setting, &known)?;
            let value = if known[setting].is_string() { text.as_str().into() } else { value_of(text) };
            description.values.insert(setting.clone(), value);
        }
        self.read(&description)
    }

    /// One line a component for the help: its name, its settings with their defaults, and what it is.
    pub fn help(&self) -> Vec<(String, &'static str)> {
        let words = |entry: &Entry<T>| entry.defaults().map_or(entry.name.to_owned(), |defaults| defaults.to_string());
        self.entries().map(|entry| (words(entry), entry.summary)).collect()
    }
}

fn check_known(name: &str, setting: &str, known: &Map<String, Value>) -> Result<(), ReadError> {
    if known.contains_key(setting) {
        return Ok(());
    }
    let names: Vec<&str> = known.keys().map(String::as_str).collect();
    let known = if names.is_empty() { "it has no settings".to_owned() } else { format!("one of {}", names.join(", ")) };
    Err(ReadError::Settings { name: name.to_owned(), found: format!("unknown setting `{setting}`; expected {known}") })
}

fn value_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;

    trait Named: Send + Sync {
        fn describe(&self) -> Description;
    }

    #[derive(Serialize, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Leaf {
        size: f64,
        colour: String,
    }

    impl Default for Leaf {
        fn default() -> Self {
            Self { size: 1.0, colour: "green".to_owned() }
        }
    }

    impl Settings for Leaf {
        const NAME: &'static str = "leaf";
        const SUMMARY: &'static str = "a leaf";
    }

    impl Named for Leaf {
        fn describe(&self) -> Description {
            Description::of(self)
        }
    }

    struct Twice(Box<dyn Named>);

    impl Component<dyn Named> for Twice {
        const NAME: &'static str = "twice";
        const SUMMARY: &'static str = "another one twice";

        fn defaults() -> Option<Description> {
            None
        }

        fn read(description: &Description, registry: &Registry<dyn Named>) -> Result<Self, ReadError> {
            Ok(Self(registry.read_setting(description, "of")?))
        }
    }

    impl Named for Twice {
        fn describe(&self) -> Description {
            Description::new("twice").with("of", self.0.describe())
        }
    }

    crate::registry! {
        static NAMED: dyn Named = "thing" [Leaf, Twice]
    }

    fn set(setting: &str, value: &str) -> [(String, String); 1] {
        [(setting.to_owned(), value.to_owned())]
    }

    #[test]
    fn components_come_back_from_their_descriptions() {
        let nested = Twice(Box::new(Twice(Box::new(Leaf { size: 2.0, ..Leaf::default() }))));
        let back = NAMED.read(&nested.describe()).unwrap();
        assert_eq!(back.describe(), nested.describe());
        assert_eq!(back.describe().to_string(), "twice of=(twice of=(leaf colour=green size=2.0))");
    }

    #[test]
    fn settings_are_parsed_from_text() {
        assert_eq!(NAMED.parse("leaf", &set("size", "3")).unwrap().describe().get("size"), Some(&3.0.into()));
        assert_eq!(NAMED.parse("leaf", &set("colour", "red")).unwrap().describe().get("colour"), Some(&"red".into()));
        let help = NAMED.help();
        assert_eq!(help[0], ("leaf colour=green size=1.0".to_owned(), "a leaf"));
        assert_eq!(help[1].0, "twice");
    }

    #[test]
    fn what_is_unknown_is_named_beside_what_is_known() {
        let error = |name: &str, setting: &str| NAMED.parse(name, &set(setting, "1")).err().unwrap().to_string();
        assert_eq!(error("root", "size"), "thing: unknown `root`; there is leaf, twice");
        assert_eq!(error("leaf", "age"), "leaf: unknown setting `age`; expected one of colour, size");
        let unknown = NAMED.read(&Description::new("leaf").with("age", 1)).err().unwrap().to_string();
        assert!(unknown.starts_with("leaf: unknown field `age`"), "{unknown}");
        let missing = NAMED.read(&Description::new("twice")).err().unwrap().to_string();
        assert_eq!(missing, "twice: `of`: is missing");
    }
}
