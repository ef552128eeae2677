//! A query loop from end to end: which questions it asks, what it makes of the answers, and when it stops.

mod answers;
mod ending;
mod questions;
