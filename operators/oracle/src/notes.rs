//! Notes of an oracle: what whoever runs the pipeline should know while it works, such as the address of a page.

use std::fmt;

/// Where notes go; nowhere by default.
///
/// ```
/// use std::sync::Mutex;
///
/// use relata_oracle::Notes;
///
/// let heard = Mutex::new(vec![]);
/// let hear = |text: &str| heard.lock().unwrap().push(text.to_owned());
/// Notes::to(&hear).note("the page is at http://localhost:7878");
/// Notes::default().note("nobody hears this");
/// assert_eq!(*heard.lock().unwrap(), ["the page is at http://localhost:7878"]);
/// ```
#[derive(Clone, Copy, Default)]
pub struct Notes<'a>(Option<&'a (dyn Fn(&str) + Send + Sync)>);

impl<'a> Notes<'a> {
    /// Notes that are told to a function.
    pub fn to(hear: &'a (dyn Fn(&str) + Send + Sync)) -> Self {
        Self(Some(hear))
    }

    /// Tells whoever listens.
    pub fn note(&self, text: &str) {
        if let Some(hear) = self.0 {
            hear(text);
        }
    }
}

impl fmt::Debug for Notes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Notes(..)" } else { "Notes(nowhere)" })
    }
}
