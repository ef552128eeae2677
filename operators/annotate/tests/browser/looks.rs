//! How the page looks: it fits, and says nothing that a guest would not understand.

use relata_data::source::csv;
use serde_json::json;

use crate::served::Run;
use crate::webdriver::{Browser, ENTER};

const NUMBERS: &str = "1,1,2,3,4\n2,4,3,-2,1\n3,0,1,0,1\n4,2,2,2,2\n5,3,1,2,1\n";

#[test]
fn it_fits_wide_and_narrow_windows_in_light_and_dark() {
    let told = json!({
        "round": 2, "lines": ["linear_probe.test 0.910 -> 0.940", "clustering.nmi 0.780 -> 0.850"], "known_pairs": 18_240,
    });
    let digits = Run::digits();
    digits.ask(&[(0, &[10, 20, 30, 36, 48, 1, 2, 3, 11, 12]), (4, &[14])]);
    let long = "An unbroken-".repeat(40);
    let lines = format!(
        "1,1,2,3,4,\"The parcel came two days late, and the box was open when I found it.\",Leeds\n\
         2,4,3,-2,1,\"My order arrived late and damaged.\",York\n3,0,1,0,1,\"{long}\",Hull\n\
         4,2,2,2,2,\"How do I change the address of my account?\",Bath\n5,3,1,2,1,Late again!,Ely\n"
    );
    let ask = |run: &Run| drop(run.ask(&[(1, &[2, 3, 4, 5]), (2, &[5])]));
    let (texts, rows, charts) = (Run::notes(&lines), Run::notes(&lines), numbers(NUMBERS));
    [&texts, &rows, &charts].into_iter().for_each(ask);
    let browser = Browser::start();
    let visit = |name: &str, run: &Run, show: &[&str]| {
        std::fs::write(run.folder.path().join("progress.json"), told.to_string()).unwrap();
        let server = run.serve(|settings| settings.show = show.iter().map(|&column| column.to_owned()).collect());
        let sizes = [(1280, 800), (390, 844), (320, 640)];
        let each = |screen: &str| {
            for (width, height) in sizes {
                browser.size(width, height);
                browser.fits();
                for colours in ["light", "dark"] {
                    browser.colours(colours);
                    browser.screenshot(&format!("{name}-{screen}-{width}-{colours}"));
                }
            }
            browser.size(1280, 800);
        };
        browser.open(&server.link);
        browser.until("!document.querySelector('#welcome').hidden");
        each("welcome");
        browser.sit(&server.link, "Ada Lovelace");
        browser.until("!document.querySelector('#bought').hidden");
        let bought = browser.text("#bought");
        assert!(bought.contains("Share of held-out samples named right: 91% → 94%"), "{bought}");
        assert!(!bought.contains("linear_probe") && !bought.contains("nmi"), "{bought}");
        browser.shows(1);
        browser.keys(&["2", "4"]);
        each("question");
        browser.keys(&[ENTER]);
        browser.shows(2);
        each("pair");
        browser.keys(&["y"]);
        browser.rests();
        each("rest");
    };
    visit("digits", &digits, &[]);
    visit("texts", &texts, &["note"]);
    visit("rows", &rows, &[]);
    visit("charts", &charts, &[]);
}

#[test]
fn a_row_of_a_table_is_shown_with_the_names_of_its_columns() {
    let run = Run::notes("1,1,2,3,4,late,Leeds\n2,4,3,2,1,damaged,York\n3,0,1,0,1,,\n");
    run.ask(&[(1, &[2, 3])]);
    let server = run.serve(|_| {});
    let ada = Browser::start();
    ada.sit(&server.link, "Ada");
    ada.shows(1);
    assert_eq!(ada.text("#anchor").split_whitespace().collect::<Vec<_>>(), ["note", "late", "place", "Leeds"]);
    assert!(ada.text(&ada.tile(2)).contains("York"));
    assert_eq!(ada.value("document.querySelectorAll('svg.chart').length"), json!(0));
}

#[test]
fn two_rows_stand_side_by_side_with_their_differences_marked() {
    let run = Run::notes("1,1,2,3,4,late again,Leeds\n2,4,3,2,1,Late against,Leeds\n3,0,1,0,1,,York\n");
    run.ask(&[(1, &[2]), (3, &[1])]);
    let server = run.serve(|_| {});
    let ada = Browser::start();
    ada.sit(&server.link, "Ada");
    ada.shows(1);
    ada.screenshot("pair-differences");
    let marks = "[...document.querySelectorAll('mark')].map(mark => mark.textContent)";
    assert_eq!(ada.value(marks), json!(["again", "against"]));
    assert_eq!(ada.value("document.querySelectorAll('.row.differs').length"), json!(2));
    ada.keys(&["n"]);
    ada.shows(2);
    assert_eq!(ada.value("[...document.querySelectorAll('.missing')].map(m => m.textContent)"), json!(["—"]));
    assert_eq!(ada.value(marks), json!(["York", "Leeds"]));
}

/// Samples with four numbers and nothing else: the lines of a CSV file after `id,a,b,c,d`.
fn numbers(lines: &str) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("numbers.csv");
    std::fs::write(&path, format!("id,a,b,c,d\n{lines}")).unwrap();
    Run::of(&csv(&path).feature_columns(["a", "b", "c", "d"]), folder)
}
