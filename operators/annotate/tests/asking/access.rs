//! Access: who is let in by which token, and under which name.

use relata_annotate::AccessToken;
use serde_json::{Value, json};

use crate::http_client::{Response, request};
use crate::page::post;
use crate::served::Run;

const JSON: (&str, &str) = ("content-type", "application/json");

fn get(address: &str, path: &str) -> Response {
    request(address, "GET", path, &[], "").unwrap()
}

#[test]
fn also_on_loopback_a_token_is_needed_unless_it_is_said_otherwise() {
    let run = Run::digits();
    run.ask(&[(0, &[1, 2])]);
    let server = run.serve(|settings| settings.open = false);
    assert_eq!((get(&server.address, "/").status, get(&server.address, "/api/next?annotator=eve").status), (401, 401));
    let token = server.link.split("?token=").nth(1).unwrap();
    let bearer = format!("Bearer {token}");
    let program = [("authorization", bearer.as_str())];
    assert_eq!(request(&server.address, "GET", "/api/next?annotator=ada", &program, "").unwrap().status, 200);
    assert!(!server.invitation.contains("not encrypted"), "{}", server.invitation);
    let beyond = run.serve(|settings| (settings.address, settings.open) = ("0.0.0.0:0".to_owned(), false));
    assert!(
        beyond.invitation.contains("not encrypted") && beyond.invitation.contains("?token="),
        "{}",
        beyond.invitation
    );
}

#[test]
fn whoever_is_invited_answers_under_the_own_name_alone() {
    let run = Run::digits();
    run.ask(&[(0, &[1, 2]), (3, &[4])]);
    let people = ["Ada", "Zoë B"].map(str::to_owned).to_vec();
    let invite = || {
        let (people, token) = (people.clone(), AccessToken::new("correct-horse"));
        run.serve(move |settings| (settings.open, settings.invited, settings.token) = (false, people, Some(token)))
    };
    let server = invite();
    let links =
        |text: &str| -> Vec<String> { text.split("?token=").skip(1).map(|rest| rest[..32].to_owned()).collect() };
    let tokens = links(&server.invitation);
    assert!(
        server.invitation.contains("&name=Ada") && server.invitation.contains("&name=Zo%C3%AB%20B"),
        "{}",
        server.invitation
    );
    assert_eq!(get(&server.address, "/?token=correct-horse").status, 401, "nobody else");
    let page = get(&server.address, &format!("/?token={}&name=Ada", tokens[0]));
    let cookie = page.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let say = |who: &str, path: &str, body: &Value| {
        let mut body = body.clone();
        body["annotator"] = who.into();
        request(&server.address, "POST", path, &[JSON, ("cookie", &cookie)], &body.to_string()).unwrap()
    };
    let answer = json!({ "question": 1, "selected": [] });
    let refused = say("Zoë B", "/api/answer", &answer);
    assert!(refused.status == 403 && refused.text().contains("invited as Ada"), "{}", refused.text());
    assert_eq!(say("A\u{200b}da", "/api/answer", &answer).status, 200, "a name that looks the same is the same");
    assert_eq!(say("Zoë B", "/api/undo", &json!({ "question": 1 })).status, 403);
    assert!(run.said().iter().all(|row| row.1 == "Ada") && run.said().len() == 2);
    assert_eq!(say("Ada", "/api/undo", &json!({ "question": 1 })).status, 200);
    drop(server);
    assert_eq!(links(&invite().invitation), tokens, "the same links another day");
}

#[test]
fn what_one_person_has_before_them_is_not_answered_by_another() {
    let run = Run::digits();
    run.ask(&[(0, &[1, 2])]);
    let server = run.serve(|_| {});
    assert_eq!(crate::page::shown(&server.address, "ada").map(|shown| shown.0), Some(1));
    let answer =
        |who: &str| post(&server.address, "/api/answer", &json!({ "question": 1, "annotator": who, "selected": [1] }));
    assert_eq!(answer("bob").status, 409, "it would be paid twice");
    assert_eq!((answer("ada").status, run.said().len()), (200, 2));
    assert_eq!((answer("bob").status, run.said().len()), (409, 2));
}
