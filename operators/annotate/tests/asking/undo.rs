//! What is taken back comes back: in the same round, in the next one, and through whatever is around the oracle.

use relata_annotate::person;
use relata_oracle::{Oracle, OracleExt, noisy};
use serde_json::{Value, json};

use crate::page::{ask, awaits, free, post, says, shown};
use crate::served::Run;

fn undo(address: &str, who: &str, question: u64) -> Value {
    let reply = post(address, "/api/undo", &json!({ "question": question, "annotator": who }));
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

#[test]
fn an_answer_is_taken_back_in_the_round_and_shown_as_it_was_given() {
    let run = Run::digits();
    let questions = run.ask(&[(0, &[1, 2]), (3, &[4])]);
    let address = free();
    // Everything is turned round on its way into the ledger, under another name.
    let oracle = noisy(person(&*address).without_token(), 1.0).named("team");
    std::thread::scope(|scope| {
        let asked = ask(scope, &run, &oracle, &questions, &run.ledger);
        assert_eq!(awaits(&address, "ada").0, 1);
        says(&address, "ada", 1, Some(&[1]));
        let turned = [(1, "team".to_owned(), 1, Some(false)), (1, "team".to_owned(), 2, Some(true))];
        assert_eq!(run.said(), turned);
        assert_eq!(undo(&address, "ada", 1), json!({ "undone": 1, "selected": ["1"], "passed": false }));
        assert_eq!(undo(&address, "ada", 1)["selected"], json!([]), "a repeated undo is harmless");
        assert_eq!(run.said(), []);
        assert_eq!(shown(&address, "ada").unwrap().0, 1);
        says(&address, "ada", 1, None);
        says(&address, "ada", 2, Some(&[]));
        asked.join().unwrap().unwrap();
    });
    let related: Vec<_> = run.said().into_iter().map(|said| (said.0, said.3)).collect();
    assert_eq!(related, [(1, None), (1, None), (2, Some(true))]);
}

#[test]
fn a_question_of_an_earlier_round_comes_back_with_the_next() {
    let run = Run::digits();
    let questions = run.ask(&[(0, &[1, 2]), (3, &[4]), (5, &[6])]);
    let address = free();
    let oracle: Box<dyn Oracle> = Box::new(person(&*address).without_token());
    std::thread::scope(|scope| {
        let first = ask(scope, &run, &*oracle, &questions[..1], &run.ledger);
        awaits(&address, "ada");
        says(&address, "ada", 1, Some(&[1]));
        first.join().unwrap().unwrap();
        assert_eq!(undo(&address, "ada", 1)["selected"], json!(["1"]));
        assert_eq!(shown(&address, "ada"), None, "nobody waits for answers");
    });
    // Another process, to which only the ledger tells what was taken back.
    let address = free();
    let oracle: Box<dyn Oracle> = Box::new(person(&*address).without_token());
    std::thread::scope(|scope| {
        let second = ask(scope, &run, &*oracle, &questions[1..2], &run.ledger);
        assert_eq!(awaits(&address, "bob"), (1, vec![1, 2]));
        assert_eq!(shown(&address, "ada").unwrap().0, 2);
        says(&address, "bob", 1, Some(&[2]));
        says(&address, "ada", 2, Some(&[]));
        second.join().unwrap().unwrap();
    });
    let said: Vec<_> = run.said().into_iter().map(|said| (said.0, said.1, said.3)).collect();
    let expected = [(1, "bob", false), (1, "bob", true), (2, "ada", false)];
    assert_eq!(said, expected.map(|(number, who, yes)| (number, who.to_owned(), Some(yes))));
}
