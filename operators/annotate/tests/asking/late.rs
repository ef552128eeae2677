//! Questions are kept for a time; an answer after that is taken unless others have given all that were wished, or are about
//! to.

use std::thread::sleep;
use std::time::Duration;

use relata_annotate::person;
use relata_oracle::Oracle;

use crate::page::{ask, awaits, free, say, says, shown};
use crate::served::Run;

const OVER: Duration = Duration::from_millis(1100);

#[test]
fn a_question_goes_to_somebody_else_when_its_time_is_over() {
    let run = Run::digits();
    run.ask(&[(0, &[1, 2])]);
    let server = run.serve(|settings| settings.lease = 1);
    let address = &server.address;
    assert_eq!(shown(address, "ada"), Some((1, vec![1, 2])));
    assert_eq!(shown(address, "bob"), None, "it is ada's");
    sleep(OVER);
    assert_eq!(shown(address, "bob"), Some((1, vec![1, 2])));
    assert_eq!(shown(address, "ada"), None, "it is bob's");

    // Two answers would be paid, and one is wished.
    for who in ["ada", "eve"] {
        let late = say(address, who, 1, Some(&[1]));
        assert_eq!(late.status, 409);
        assert!(late.text().contains("somebody else has answered it since, or has it now"), "{}", late.text());
    }
    says(address, "bob", 1, Some(&[2]));
    assert_eq!(say(address, "ada", 1, Some(&[1])).status, 409);
    let by: Vec<_> = run.said().into_iter().map(|said| (said.1, said.2, said.3)).collect();
    let expected = [("bob", 1, false), ("bob", 2, true)];
    assert_eq!(by, expected.map(|(who, candidate, yes)| (who.to_owned(), candidate, Some(yes))));
}

#[test]
fn the_page_of_an_oracle_keeps_questions_as_long() {
    let run = Run::digits();
    let questions = run.ask(&[(0, &[1, 2]), (3, &[4])]);
    let address = free();
    let oracle: Box<dyn Oracle> = Box::new(person(&*address).without_token().lease(1));
    std::thread::scope(|scope| {
        let asked = ask(scope, &run, &*oracle, &questions, &run.ledger);
        assert_eq!(awaits(&address, "ada").0, 1);
        assert_eq!((shown(&address, "bob").unwrap().0, shown(&address, "cat")), (2, None));
        sleep(OVER);
        assert_eq!(shown(&address, "cat").unwrap().0, 1, "ada's time is over");
        says(&address, "cat", 1, Some(&[]));
        let late = say(&address, "ada", 1, Some(&[1]));
        assert_eq!(late.status, 409, "{}", late.text());
        // Bob's time is over as well, but nobody has answered his question.
        says(&address, "bob", 2, Some(&[4]));
        asked.join().unwrap().unwrap();
        let over = say(&address, "eve", 2, Some(&[4]));
        assert!(over.status == 409 && over.text().contains("round ended"), "{}", over.text());
    });
    let by: Vec<_> = run.said().into_iter().map(|said| (said.0, said.1)).collect();
    assert_eq!(by, [(1, "cat"), (1, "cat"), (2, "bob")].map(|(number, who)| (number, who.to_owned())));
}
