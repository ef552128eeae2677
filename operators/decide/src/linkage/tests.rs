//! Tests of linkage.
