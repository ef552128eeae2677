//! Inner oracles of a cascade or a crowd: what both of them hand on.

use std::fmt;
use std::ops::Deref;

use relata_oracle::Oracle;
use relata_registry::{Description, ReadError, Registry};

/// The setting that holds the inner oracles.
pub(super) const OF: &str = "of";

/// The oracles that another one asks.
pub(super) struct InnerOracles(Vec<Box<dyn Oracle>>);

impl InnerOracles {
    pub fn new<O: Oracle + 'static>(oracles: impl IntoIterator<Item = O>) -> Self {
        Self(oracles.into_iter().map(|oracle| Box::new(oracle) as Box<dyn Oracle>).collect())
    }

    /// Reads the inner oracles of a description, whose other settings are `settings`.
    pub fn read(
        description: &Description,
        registry: &Registry<dyn Oracle>,
        settings: &[&str],
    ) -> Result<Self, ReadError> {
        description.known(&settings.iter().copied().chain([OF]).collect::<Vec<_>>())?;
        let of: Vec<Description> = description.setting(OF)?;
        Ok(Self(of.iter().map(|oracle| registry.read(oracle)).collect::<Result<_, _>>()?))
    }

    pub fn descriptions(&self) -> Vec<Description> {
        self.iter().map(|oracle| oracle.describe()).collect()
    }

    /// All of them, as [`Oracle::inner`] gives them.
    pub fn all(&self) -> Vec<&dyn Oracle> {
        self.iter().map(|oracle| &**oracle).collect()
    }
}

impl Deref for InnerOracles {
    type Target = [Box<dyn Oracle>];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl fmt::Debug for InnerOracles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.descriptions().iter().map(Description::to_string)).finish()
    }
}
