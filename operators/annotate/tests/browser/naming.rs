//! Groups that people name.

use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use relata_annotate::person;
use relata_data::index::SampleId;
use relata_data::source::session;
use relata_oracle::{Context, NameQuestion, Oracle};
use serde_json::json;

use super::served::Run;
use super::webdriver::{Browser, ENTER};

#[test]
fn groups_are_named_beside_their_members() {
    let run = Run::digits();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let (oracle, session) = (person(address.clone()).without_token(), session());
    let group = |ids: &[u64]| NameQuestion { group: SampleId(ids[0]), members: SampleId::slice(ids).to_vec() };
    let questions = [group(&[0, 10, 20, 30]), group(&[1, 11]), group(&[5, 15, 33])];
    let named = std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let context = Context::new(&session, &run.samples, 7);
            // On a runtime without timers, as a pipeline's may be.
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(oracle.name_groups(&context, &questions, run.folder.path())).unwrap()
        });
        while TcpStream::connect(&address).is_err() {
            std::thread::sleep(Duration::from_millis(10));
        }
        let ada = Browser::start();
        ada.sit(&format!("http://{address}/"), "Ada");
        let group = |id: &str| ada.until(&format!("state.naming === '{id}'"));
        group("0");
        ada.screenshot("naming");
        assert_eq!(ada.value("document.querySelectorAll('#members .picture').length"), json!(4));
        ada.keys(&["z", "e", "r", "o", ENTER]);
        group("1");
        ada.click("#unknown");
        group("5");
        assert_eq!(
            ada.value("[...document.querySelectorAll('#known-names option')].map(o => o.value)"),
            json!(["zero"])
        );
        assert!(ada.text("#naming-hint").contains("Group 3 of 3"));
        ada.keys(&["f", "i", "v", "e", ENTER]);
        ada.rests();
        asking.join().unwrap()
    });
    assert_eq!(named, [Some("zero".to_owned()), None, Some("five".to_owned())]);
    // What was said is not asked again.
    let context = Context::new(&session, &run.samples, 7);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let again = runtime.block_on(oracle.name_groups(&context, &questions, run.folder.path())).unwrap();
    assert_eq!(again, named);
}
