//! The suites over every built-in component that needs nothing but its default settings.

use relata_active::strategy::STRATEGIES;
use relata_data::view::VIEWS;
use relata_graph as _;
use relata_loss::LOSSES;
use relata_oracle::OracleExt;
use relata_oracle::{labels, mix, nearest, noisy, rule, same_label, same_sample, same_value};
use relata_testing::{check_encoder, check_loss, check_oracle, check_strategy, check_view};
use relata_train::encoder::ENCODERS;

#[test]
fn losses_keep_their_contract() {
    LOSSES.entries().for_each(|entry| check_loss(&*LOSSES.parse(entry.name, &[]).unwrap()));
}

#[test]
fn encoders_keep_their_contract() {
    ENCODERS.entries().for_each(|entry| check_encoder(ENCODERS.parse(entry.name, &[]).unwrap()));
}

#[test]
fn views_keep_their_contract() {
    VIEWS.entries().filter(|entry| entry.defaults().is_some()).for_each(|entry| {
        check_view(&*VIEWS.parse(entry.name, &[]).unwrap());
    });
}

#[test]
fn strategies_keep_their_contract() {
    STRATEGIES.entries().for_each(|entry| check_strategy(&*STRATEGIES.parse(entry.name, &[]).unwrap()));
}

#[test]
fn oracles_keep_their_contract() {
    check_oracle(&same_sample());
    check_oracle(&same_label("label"));
    check_oracle(&same_value("name"));
    check_oracle(&labels("label"));
    check_oracle(&rule("same_label", "a.label = b.label"));
    check_oracle(&nearest(3));
    check_oracle(&noisy(labels("label"), 0.1));
    check_oracle(&mix(same_sample(), same_label("label"), 0.5));
    check_oracle(&labels("label").weighted(0.5).named("ann").priced(1.0, 2.0));
}
