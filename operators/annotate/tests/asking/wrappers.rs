//! Oracles around people: they see every answer before the page says that it is written down, and people are asked what
//! is theirs to answer, whatever others have said.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use relata_active::ledger::Ledger;
use relata_active::oracle::{cascade, crowd};
use relata_annotate::person;
use relata_data::DataError;
use relata_oracle::{Answer, Oracle, OracleExt, Question, Record, Result, noisy};

use crate::page::{Knows, ask, awaits, free, say, says, shown};
use crate::served::Run;

type Boxed = Box<dyn Oracle>;

/// What stands, as (question, candidate, annotator, related).
fn said(run: &Run) -> Vec<(u64, u64, String, Option<bool>)> {
    let mut said: Vec<_> =
        run.said().into_iter().map(|(question, by, about, yes)| (question, about, by, yes)).collect();
    said.sort();
    said
}

fn row(question: u64, candidate: u64, by: &str, related: Option<bool>) -> (u64, u64, String, Option<bool>) {
    (question, candidate, by.to_owned(), related)
}

#[test]
fn noise_name_weight_and_price_reach_the_ledger() {
    let run = Run::digits();
    let questions = run.ask(&[(0, &[1, 2])]);
    let address = free();
    let oracle = OracleExt::priced(noisy(person(&*address).without_token(), 1.0).named("team").weighted(0.5), 3.0, 1.0);
    std::thread::scope(|scope| {
        let asked = ask(scope, &run, &oracle, &questions, &run.ledger);
        awaits(&address, "ada");
        says(&address, "ada", 1, Some(&[1]));
        says(&address, "ada", 1, Some(&[1]));
        asked.join().unwrap().unwrap();
    });
    assert_eq!(said(&run), [row(1, 1, "team", Some(false)), row(1, 2, "team", Some(true))]);
    let standing = run.standing();
    assert!(standing.iter().all(|a| a.oracle == "person" && a.confidence == 0.5 && a.cost == 2.5), "{standing:?}");
    assert_eq!(run.ledger.since(0).unwrap().len(), 2);
}

#[test]
fn people_get_what_earlier_oracles_passed() {
    let run = Run::digits();
    let questions = run.ask(&[(0, &[1, 2, 3]), (3, &[4]), (5, &[6])]);
    let address = free();
    let oracle = || cascade([Box::new(Knows(&[1, 4])) as Boxed, Box::new(person(&*address).without_token())]);
    let whole = oracle();
    std::thread::scope(|scope| {
        let asked = ask(scope, &run, &whole, &questions, &run.ledger);
        assert_eq!(awaits(&address, "ada"), (1, vec![2, 3]));
        says(&address, "ada", 1, Some(&[3]));
        assert_eq!(said(&run).len(), 4, "in the ledger when the page says so");
        assert_eq!(shown(&address, "ada"), Some((3, vec![6])));
        says(&address, "ada", 3, None);
        // Nobody is asked after them, so that a pass is there as well.
        assert_eq!(said(&run).last(), Some(&row(3, 6, "ada", None)));
        asked.join().unwrap().unwrap();
    });
    let expected = [
        row(1, 1, "knows", Some(true)),
        row(1, 2, "ada", Some(false)),
        row(1, 3, "ada", Some(true)),
        row(2, 4, "knows", Some(true)),
        row(3, 6, "ada", None),
    ];
    assert_eq!(said(&run), expected);
    // Asked by another process, everything is there: nobody is asked, and nothing is written.
    drop(whole);
    let again = oracle();
    std::thread::scope(|scope| ask(scope, &run, &again, &questions, &run.ledger).join().unwrap().unwrap());
    assert_eq!(run.ledger.since(0).unwrap().len(), expected.len());
}

#[test]
fn what_people_pass_goes_on_to_the_next_oracle() {
    let run = Run::digits();
    let questions = run.ask(&[(0, &[1, 2]), (3, &[4])]);
    let address = free();
    let oracle = cascade([Box::new(person(&*address).without_token()) as Boxed, Box::new(Knows(&[4]))]);
    std::thread::scope(|scope| {
        let asked = ask(scope, &run, &oracle, &questions, &run.ledger);
        awaits(&address, "ada");
        says(&address, "ada", 1, Some(&[1]));
        says(&address, "ada", 2, None);
        asked.join().unwrap().unwrap();
    });
    let expected = [row(1, 1, "ada", Some(true)), row(1, 2, "ada", Some(false)), row(2, 4, "knows", Some(true))];
    assert_eq!(said(&run), expected);
    assert_eq!(run.ledger.spent().unwrap(), 4.0, "the pass is paid");
}

#[test]
fn a_crowd_waits_for_people_although_others_have_answered() {
    let run = Run::digits();
    let questions = run.ask(&[(0, &[1, 2]), (3, &[4])]);
    let address = free();
    let oracle = crowd([Box::new(Knows(&[1, 4])) as Boxed, Box::new(person(&*address).without_token().annotators(2))]);
    oracle.check().unwrap();
    assert_eq!(oracle.annotators(), 3);
    std::thread::scope(|scope| {
        let asked = ask(scope, &run, &oracle, &questions, &run.ledger);
        for who in ["ada", "bob"] {
            assert_eq!(awaits(&address, who).0, 1);
            says(&address, who, 1, Some(&[]));
            says(&address, who, 2, Some(&[4]));
        }
        assert_eq!(shown(&address, "eve"), None);
        asked.join().unwrap().unwrap();
    });
    assert!(run.ledger.unanswered(3).unwrap().is_empty());
    assert_eq!(said(&run).iter().filter(|said| said.2 == "knows").count(), 3);
}

#[test]
fn each_page_of_a_crowd_counts_its_own_answers() {
    let run = Run::digits();
    let questions = run.ask(&[(0, &[1, 2]), (3, &[4])]);
    let addresses = [free(), free()];
    let [left, right] = &addresses;
    let pages = || {
        crowd([
            person(left.as_str()).without_token().page("left"),
            person(right.as_str()).without_token().page("right"),
        ])
        .at_once()
    };
    let same = crowd([person("127.0.0.1:0").named("a"), person("127.0.0.1:1").named("b")]);
    assert!(same.check().unwrap_err().to_string().contains(".page("));
    let oracle = pages();
    oracle.check().unwrap();
    std::thread::scope(|scope| {
        let asked = ask(scope, &run, &oracle, &questions, &run.ledger);
        assert_eq!((awaits(left, "ada").0, awaits(right, "bob").0), (1, 1), "kept at each page for its own people");
        says(left, "ada", 1, Some(&[1]));
        says(left, "ada", 2, Some(&[4]));
        assert_eq!(shown(left, "ada"), None);
        says(right, "bob", 1, Some(&[2]));
        assert_eq!(shown(right, "bob").unwrap().0, 2);
        says(right, "bob", 2, None);
        asked.join().unwrap().unwrap();
    });
    assert_eq!(run.said().len(), 6);
    drop(oracle);
    // After a restart each page knows its own.
    let oracle = pages();
    std::thread::scope(|scope| ask(scope, &run, &oracle, &questions, &run.ledger).join().unwrap().unwrap());
    assert_eq!(run.ledger.since(0).unwrap().len(), 6);
    let mut by: Vec<_> = run.standing().into_iter().map(|answer| (answer.oracle, answer.annotator)).collect();
    by.dedup();
    let expected = [("person(left)", "ada"), ("person(right)", "bob")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert!(by.iter().all(|who| expected.contains(who)), "{by:?}");
}

/// Fails as long as it is told to.
struct Full<'a> {
    ledger: &'a Ledger,
    is_full: AtomicBool,
}

impl Record for Full<'_> {
    fn record(&self, answers: &[Answer]) -> Result<()> {
        if self.is_full.load(Ordering::SeqCst) {
            let error = std::io::Error::from(std::io::ErrorKind::StorageFull);
            return Err(DataError::io(self.ledger.path())(error).into());
        }
        Ok(self.ledger.record(answers)?)
    }

    fn folder(&self) -> &Path {
        self.ledger.folder()
    }
}

#[test]
fn the_page_says_that_an_answer_is_written_down_only_when_it_is() {
    let run = Run::digits();
    let questions: Vec<Question> = run.ask(&[(0, &[1, 2])]);
    let address = free();
    let oracle: Boxed = Box::new(person(&*address).without_token());
    let out = Full { ledger: &run.ledger, is_full: AtomicBool::new(true) };
    std::thread::scope(|scope| {
        let asked = ask(scope, &run, &*oracle, &questions, &out);
        awaits(&address, "ada");
        let refused = say(&address, "ada", 1, Some(&[1]));
        assert_eq!(refused.status, 500, "{}", refused.text());
        assert_eq!(shown(&address, "ada").unwrap().0, 1, "it is still hers");
        out.is_full.store(false, Ordering::SeqCst);
        says(&address, "ada", 1, Some(&[1]));
        asked.join().unwrap().unwrap();
    });
    assert_eq!(said(&run), [row(1, 1, "ada", Some(true)), row(1, 2, "ada", Some(false))]);
}
