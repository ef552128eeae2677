//! Oracles of active learning: they ask other oracles, or repeat the answers in a file.

#[cfg(test)]
mod fixture;
mod inner_oracles;

use relata_oracle::Oracle;

relata_registry::components! {
    /// Every oracle of active learning.
    pub static ORACLES: dyn Oracle = "oracle" [
        cascade::Cascade,
        crowd::Crowd,
        replay::Replay,
    ]
}
