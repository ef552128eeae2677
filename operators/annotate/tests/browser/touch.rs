//! A finger on a telephone: taps select, a finger that moves only scrolls.

use serde_json::json;

use crate::served::Run;
use crate::webdriver::Browser;

#[test]
fn a_round_is_answered_by_taps() {
    let run = Run::digits();
    run.ask(&[(0, &[10, 20, 30, 36, 48, 1, 2, 3, 11, 12, 13, 14]), (4, &[14])]);
    let server = run.serve(|_| {});
    let ada = Browser::start();
    ada.size(390, 640);
    ada.open(&server.link);
    ada.until("!document.querySelector('#welcome').hidden");
    ada.tap("#name");
    ada.keys(&["A", "d", "a"]);
    ada.tap("#introduce button");
    ada.shows(1);
    ada.value("(window.fingers = 0, window.addEventListener('touchstart', () => { window.fingers += 1; }), 0)");
    for id in [10, 30, 20, 20] {
        ada.tap(&ada.tile(id));
    }
    assert_eq!(ada.value("window.fingers"), json!(4), "no mouse was there");
    assert_eq!(ada.text("#submit-label"), "These 2");
    // A finger that pushes the page up has not meant the sample under it.
    ada.swipe(&ada.tile(10), -150);
    ada.until("window.scrollY > 50");
    assert_eq!(ada.text("#submit-label"), "These 2");
    ada.tap("#submit");
    ada.shows(2);
    ada.tap("#same");
    ada.rests();
    let yes: Vec<_> = run.said().into_iter().filter(|said| said.3 == Some(true)).map(|said| (said.0, said.2)).collect();
    assert_eq!(yes, [(1, 10), (1, 30), (2, 14)]);
    ada.tap("#undo");
    ada.shows(2);
    ada.tap("#pass");
    ada.rests();
    assert_eq!(run.said().last().map(|said| said.3), Some(None));
}

#[test]
fn an_answer_that_came_too_late_says_so_and_goes_on() {
    let run = Run::digits();
    run.ask(&[(0, &[10, 20]), (4, &[14])]);
    let server = run.serve(|settings| settings.lease = 1);
    let ada = Browser::start();
    ada.sit(&server.link, "Ada");
    ada.shows(1);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let body = json!({ "question": 1, "annotator": "Bob", "selected": [] }).to_string();
    let json = [("content-type", "application/json")];
    let reply = crate::http_client::request(&server.address, "POST", "/api/answer", &json, &body).unwrap();
    assert_eq!(reply.status, 200);
    ada.click("#submit");
    ada.shows(2);
    assert!(ada.text("#notice").contains("somebody else has answered it since"), "{}", ada.text("#notice"));
    ada.screenshot("late");
    ada.click("#same");
    ada.rests();
    assert_eq!(ada.text("#notice"), "");
    let by: Vec<_> = run.said().into_iter().map(|said| (said.0, said.1)).collect();
    assert_eq!(by, [(1, "Bob"), (1, "Bob"), (2, "Ada")].map(|(number, who)| (number, who.to_owned())));
}
