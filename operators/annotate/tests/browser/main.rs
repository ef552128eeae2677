//! The page in Debian's Chromium, as people use it. `RELATA_SCREENSHOTS=FOLDER` keeps pictures of it.
#![allow(clippy::unwrap_used)]

#[path = "../shared/http_client.rs"]
mod http_client;
mod looks;
mod naming;
#[path = "../shared/served.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod served;
mod touch;
#[path = "../shared/webdriver.rs"]
mod webdriver;

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use relata_active::ledger::Ledger;
use relata_annotate::{AccessToken, PageConfig, person, serve};
use relata_data::source::{Samples, session};
use relata_oracle::{Context, Oracle};
use serde_json::json;
use served::Run;
use webdriver::{Browser, DOWN, ENTER, RIGHT, TAB};

const FOLDER: &str = "RELATA_PERSON_FOLDER";
const ADDRESS: &str = "RELATA_PERSON_ADDRESS";
/// Set where people answer what an oracle is asked, instead of what the ledger has.
const FOR_ORACLE: &str = "RELATA_PERSON_FOR_ORACLE";

impl Browser {
    /// Opens the page and says who is there.
    fn sit(&self, link: &str, name: &str) {
        self.open(link);
        self.until("!document.querySelector('#welcome').hidden");
        self.click("#name");
        self.keys(&name.split("").filter(|letter| !letter.is_empty()).collect::<Vec<_>>());
        self.keys(&[ENTER]);
        self.until("document.querySelector('#welcome').hidden && !state.busy");
    }

    /// Waits until this question is shown.
    fn shows(&self, question: u64) {
        let shown = "!document.querySelector('#choices').hidden";
        self.until(&format!("!state.busy && state.question?.question === {question} && {shown}"));
    }

    /// Waits until there is nothing to answer.
    fn rests(&self) {
        self.until("!state.busy && !document.querySelector('#rest').hidden");
    }

    /// The CSS selector of the tile of a sample.
    fn tile(&self, id: u64) -> String {
        let place = self.value(&format!("state.question.candidates.findIndex(card => card.id === '{id}') + 1"));
        format!("#choices > :nth-child({place})")
    }

    /// The key that selects a sample.
    fn key(&self, id: u64) -> String {
        self.text(&format!("{} kbd", self.tile(id)))
    }

    /// Everything fits into the width of the window, and what is tapped is large enough for a finger.
    fn fits(&self) {
        let wide = self.value("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        assert_eq!(wide, json!(0), "scrolls sideways: {}", self.text("body"));
        let small = self.value(
            "[...document.querySelectorAll('button, input')].filter(e => e.checkVisibility()).filter(e => { \
             const r = e.getBoundingClientRect(); return r.width < 44 || r.height < 44 || r.right > innerWidth + 1; })\
             .map(e => e.outerHTML)",
        );
        assert_eq!(small, json!([]));
    }
}

/// Rows of what is said, without the name.
fn related(run: &Run) -> Vec<(u64, u64, Option<bool>)> {
    run.said().into_iter().map(|(question, _, candidate, related)| (question, candidate, related)).collect()
}

#[test]
fn a_round_is_answered_by_clicks_with_pass_and_undo() {
    let run = Run::digits();
    run.ask(&[(0, &[10, 20, 30, 1]), (1, &[11, 21]), (2, &[12]), (3, &[13, 23])]);
    let server = run.serve(|_| {});
    let ada = Browser::start();
    ada.sit(&server.link, "Ada");
    ada.shows(1);
    assert_eq!(ada.text("#task"), "Select all that are the same kind as this one");
    assert_eq!(ada.value("document.querySelector('#anchor img').alt"), json!("sample 0"));
    assert_eq!(ada.text("#submit-label"), "None of these");
    for id in [10, 30, 20, 20] {
        ada.click(&ada.tile(id));
    }
    assert_eq!(ada.text("#submit-label"), "These 2");
    assert_eq!(ada.value(&format!("document.querySelector('{}').ariaPressed", ada.tile(30))), json!("true"));
    assert_eq!(ada.value(&format!("document.querySelector('{}').ariaPressed", ada.tile(20))), json!("false"));
    ada.click("#submit");
    ada.shows(2);
    let first = [(1, 1, Some(false)), (1, 10, Some(true)), (1, 20, Some(false)), (1, 30, Some(true))];
    assert_eq!(related(&run), first);

    ada.click("#undo");
    ada.shows(1);
    assert_eq!(related(&run), []);
    assert_eq!(ada.text("#submit-label"), "These 2", "what was said is there to be changed");
    ada.click(&ada.tile(10));
    assert_eq!(ada.text("#submit-label"), "This one");
    ada.click("#submit");
    ada.shows(2);
    ada.click("#pass");
    ada.shows(3);
    assert_eq!(ada.text("#task"), "Are these two the same kind?");
    ada.click("#same");
    ada.shows(4);
    ada.click("#all");
    assert_eq!(ada.text("#submit-label"), "All 2");
    ada.click("#submit");
    ada.rests();
    ada.until("document.querySelector('#rest-text').innerText.includes('you answered 4 questions')");
    let expected = [
        [(1, 1, Some(false)), (1, 10, Some(false)), (1, 20, Some(false)), (1, 30, Some(true))].as_slice(),
        &[(2, 11, None), (2, 21, None), (3, 12, Some(true)), (4, 13, Some(true)), (4, 23, Some(true))],
    ];
    assert_eq!(related(&run), expected.concat());
    assert!(run.said().iter().all(|said| said.1 == "Ada"));

    // The last answer can still be taken back, after the page was loaded again as well.
    ada.open(&format!("http://{}/", server.address));
    ada.rests();
    ada.click("#undo");
    ada.shows(4);
    ada.click("#submit");
    ada.rests();
}

#[test]
fn a_round_is_answered_by_keys() {
    let run = Run::digits();
    let twelve: Vec<u64> = (10..22).collect();
    run.ask(&[(0, &twelve), (1, &[11, 21]), (2, &[12, 22, 32]), (3, &[13])]);
    let server = run.serve(|_| {});
    let ada = Browser::start();
    ada.sit(&server.link, "Ada");
    ada.shows(1);
    let tenth = ada.value("state.question.candidates[9].id");
    ada.keys(&["0", "1", "1"]);
    assert_eq!(ada.text("#submit-label"), "This one");
    assert_eq!(ada.value("[...state.selected]"), json!([tenth]));
    ada.keys(&["a"]);
    assert_eq!(ada.text("#submit-label"), "All 12");
    ada.keys(&["a", "2", ENTER]);
    ada.shows(2);
    assert_eq!(related(&run).iter().filter(|said| said.2 == Some(true)).count(), 1);

    ada.keys(&["u"]);
    ada.shows(1);
    assert_eq!(ada.value("state.selected.size"), json!(1));
    ada.keys(&[ENTER]);
    ada.shows(2);
    ada.keys(&["p"]);
    ada.shows(3);
    // Arrows go from tile to tile, and the one that the keys go to can be seen.
    let focused = "[...document.querySelector('#choices').children].indexOf(document.activeElement)";
    ada.keys(&[RIGHT, RIGHT]);
    assert_eq!(ada.value(focused), json!(1));
    assert_eq!(ada.value("getComputedStyle(document.activeElement).outlineStyle"), json!("solid"));
    ada.keys(&[" ", TAB, " ", DOWN]);
    assert_eq!((ada.value(focused), ada.value("state.selected.size")), (json!(2), json!(2)));
    ada.keys(&[ENTER]);
    ada.shows(4);
    assert_eq!(related(&run).iter().filter(|said| said.0 == 3 && said.2 == Some(true)).count(), 2);
    ada.keys(&["n"]);
    ada.rests();
    assert_eq!(related(&run).last(), Some(&(4, 13, Some(false))));
    // On a button, Enter is that button's.
    ada.keys(&["u"]);
    ada.shows(4);
    ada.value("document.querySelector('#pass').focus()");
    ada.keys(&[ENTER]);
    ada.rests();
    assert_eq!(related(&run).last(), Some(&(4, 13, None)));
}

#[test]
fn two_people_at_once_answer_different_questions() {
    let run = Run::digits();
    run.ask(&[(0, &[10, 20]), (1, &[11, 21]), (2, &[12, 22])]);
    let server = run.serve(|_| {});
    let (ada, bob) = (Browser::start(), Browser::start());
    ada.sit(&server.link, "Ada");
    bob.sit(&server.link, "Bob");
    ada.shows(1);
    bob.shows(2);
    ada.keys(&[&ada.key(10), ENTER]);
    ada.shows(3);
    bob.keys(&[ENTER]);
    bob.rests();
    bob.until("document.querySelector('#rest-text').innerText.includes('with other people')");
    // What Bob takes back is his own, although Ada answers as well.
    ada.keys(&["u"]);
    ada.shows(1);
    bob.until("state.question?.question === 3");
    bob.keys(&["u"]);
    bob.shows(2);
    bob.keys(&[ENTER]);
    bob.shows(3);
    bob.keys(&[ENTER]);
    ada.keys(&[ENTER]);
    ada.rests();
    bob.rests();
    let by = |name: &str| run.said().iter().filter(|said| said.1 == name).map(|said| said.0).collect::<Vec<_>>();
    assert_eq!((by("Ada"), by("Bob")), (vec![1, 1], vec![2, 2, 3, 3]));
}

/// The body of the server's process; nothing to test where there is no folder.
#[test]
fn server_process() {
    let (Ok(folder), Ok(address)) = (std::env::var(FOLDER), std::env::var(ADDRESS)) else { return };
    let folder = Path::new(&folder);
    let (samples, ledger) = (Samples::open(folder).unwrap(), Ledger::open(folder).unwrap());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if std::env::var(FOR_ORACLE).is_err() {
        return runtime
            .block_on(serve(
                samples,
                ledger,
                PageConfig { open: true, ..PageConfig::new(address) },
                |_| {},
                std::future::pending(),
            ))
            .unwrap();
    }
    let (oracle, session) = (person(address).without_token(), session());
    let context = Context::new(&session, &samples, 0);
    let questions = ledger.questions().unwrap();
    loop {
        // As a run asks again for what was taken back while the round was not over.
        runtime.block_on(oracle.answer(&context, &questions, &ledger)).unwrap();
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn start_server(folder: &Path, address: &str, for_oracle: bool) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["server_process", "--exact", "--nocapture", "--test-threads=1"]);
    if for_oracle {
        command.env(FOR_ORACLE, "1");
    }
    command.env(FOLDER, folder).env(ADDRESS, address).stdout(Stdio::null()).stderr(Stdio::null());
    let child = command.spawn().unwrap();
    while TcpStream::connect(address).is_err() {
        std::thread::sleep(Duration::from_millis(10));
    }
    child
}

fn kill(mut child: Child) {
    // On Unix this is SIGKILL: nothing is written or said any more.
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_server_that_is_killed_between_any_two_clicks_loses_nothing_and_asks_nothing_twice() {
    kill_between_clicks(false);
}

#[test]
fn a_run_that_is_killed_between_any_two_clicks_loses_nothing_and_asks_nothing_twice() {
    kill_between_clicks(true);
}

fn kill_between_clicks(for_oracle: bool) {
    let run = Run::digits();
    let lists: Vec<[u64; 2]> = (0..6).map(|at| [10 + at, 20 + at]).collect();
    let questions: Vec<(u64, &[u64])> = lists.iter().zip(0..).map(|(list, anchor)| (anchor, list.as_slice())).collect();
    run.ask(&questions);
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut server = start_server(run.folder.path(), &address, for_oracle);
    let ada = Browser::start();
    ada.sit(&format!("http://{address}/"), "Ada");
    for number in 1..=6 {
        ada.shows(number);
        let candidate = 9 + number;
        if number % 2 == 0 {
            // Killed and started again before the click, between two clicks, and without a click.
            kill(server);
            server = start_server(run.folder.path(), &address, for_oracle);
            ada.click(&ada.tile(candidate));
            ada.click("#submit");
        } else {
            // Killed before the click, which the page keeps until there is a server again.
            ada.click(&ada.tile(candidate));
            kill(server);
            ada.click("#submit");
            ada.until("document.querySelector('#notice').innerText.includes('Your answers are safe')");
            ada.screenshot(&format!("lost-{number}"));
            // Clicks in the meantime are not answers to anything.
            ada.keys(&["p", ENTER, "u"]);
            assert_eq!(related(&run).len() as u64, 2 * (number - 1));
            server = start_server(run.folder.path(), &address, for_oracle);
        }
    }
    ada.rests();
    assert_eq!(ada.text("#notice"), "");
    let expected = (1..=6).flat_map(|number| [(number, 9 + number, Some(true)), (number, 19 + number, Some(false))]);
    assert_eq!(related(&run), expected.collect::<Vec<_>>());
    assert_eq!(run.ledger.since(0).unwrap().len(), 12, "no answer came twice");
    // Without a click in between: killed as soon as an answer was confirmed.
    ada.click("#undo");
    ada.shows(6);
    kill(server);
    let server = start_server(run.folder.path(), &address, for_oracle);
    ada.open(&format!("http://{address}/"));
    ada.shows(6);
    ada.click("#pass");
    ada.rests();
    kill(server);
    assert_eq!(related(&run)[10..], [(6, 15, None), (6, 25, None)]);
}

#[test]
fn markup_in_samples_is_shown_as_text() {
    let attack = "<img src=x onerror=document.title='broken'><script>document.title='broken'</script>";
    let run = Run::notes(&format!("1,1,2,3,4,\"{attack}\",home\n2,4,3,2,1,a & b,\"<b>away</b>\"\n3,0,0,0,1,,\n"));
    run.ask(&[(1, &[2, 3])]);
    let server = run.serve(|settings| {
        settings.show = vec!["note".to_owned()];
        settings.question_text = Some("Which <i>notes</i> agree?".to_owned());
    });
    let ada = Browser::start();
    ada.sit(&server.link, "<b>Ada</b>");
    ada.shows(1);
    assert_eq!(ada.text("#anchor"), attack);
    assert_eq!(ada.text("#task"), "Which <i>notes</i> agree?");
    assert_eq!(ada.text("#who"), "<b>Ada</b>");
    assert!(ada.text(&ada.tile(2)).contains("a & b"));
    assert_eq!(ada.value("document.querySelectorAll('main img, main script, main b, main i').length"), json!(0));
    assert_ne!(ada.value("document.title"), json!("broken"));
    ada.keys(&[ENTER]);
    ada.rests();
    assert!(run.said().iter().all(|said| said.1 == "<b>Ada</b>"));
}

#[test]
fn the_link_with_the_token_opens_the_page_and_leaves_no_trace() {
    let run = Run::digits();
    run.ask(&[(0, &[10, 20])]);
    let server = run.serve(|settings| {
        settings.address = "0.0.0.0:0".to_owned();
        settings.token = Some(AccessToken::generate());
    });
    let ada = Browser::start();
    ada.sit(&server.link, "Ada");
    ada.shows(1);
    assert_eq!(ada.value("location.search"), json!(""));
    assert_eq!(ada.value("document.cookie"), json!(""), "scripts cannot read the cookie");
    ada.until("document.querySelector('#anchor img').naturalWidth === 128");
    ada.keys(&[&ada.key(20), ENTER]);
    ada.rests();
    assert_eq!(related(&run), [(1, 10, Some(false)), (1, 20, Some(true))]);
    // Loaded again, the cookie is enough.
    ada.open(server.link.split('?').next().unwrap());
    ada.rests();
}
