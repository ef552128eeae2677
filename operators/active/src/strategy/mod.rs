//! Query strategies: which questions to ask next. One file each; implement [`Strategy`] to plug in your own.

mod batch_selection;
mod candidate_pool;
mod candidate_queries;
mod cholesky;
mod facility_location;
#[cfg(test)]
mod fixture;
mod query_context;
mod query_strategy;
mod ridge;
mod scored_candidates;
mod spectral_embedding;
mod unqueried_pairs;

pub use query_context::QueryContext;
pub use query_strategy::{Query, Strategy};
pub use scored_candidates::ScoredCandidates;

relata_registry::components! {
    /// Every query strategy.
    pub static STRATEGIES: dyn Strategy = "strategy" [
        random_pairs::RandomPairs,
        representatives::Representatives,
        uncertain_pairs::UncertainPairs,
        explore_consolidate::ExploreConsolidate,
        most_implied::MostImplied,
        diverse::Diverse,
        boundary::Boundary,
    ]
}
