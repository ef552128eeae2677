//! Debian's Chromium without a screen, driven over the W3C WebDriver protocol.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::http_client::request;

/// The key under which WebDriver hides an element's reference.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// Chromium keeps to itself, and to the profile that it is given.
const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
];

pub const ENTER: &str = "\u{e007}";
pub const TAB: &str = "\u{e004}";
pub const RIGHT: &str = "\u{e014}";
pub const DOWN: &str = "\u{e015}";

/// A browser of one person.
pub struct Browser {
    driver: Child,
    address: String,
    session: String,
    _profile: TempDir,
}

impl Browser {
    /// Starts a browser with a window of 1280 x 800 and a new profile.
    pub fn start() -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is missing: sudo apt-get install -y chromium chromium-driver");
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            let line = line.ok()?;
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        let address = format!("127.0.0.1:{}", port.expect("chromedriver tells its port"));
        // What it prints later is read away, so that it never waits for that.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        let profile = tempfile::tempdir().unwrap();
        let mut arguments: Vec<String> = FLAGS.map(str::to_owned).to_vec();
        arguments.push("--window-size=1280,800".to_owned());
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        let options = json!({ "goog:chromeOptions": { "args": arguments } });
        let mut browser = Self { driver, address, session: String::new(), _profile: profile };
        let started = browser.send("POST", "/session", &json!({ "capabilities": { "alwaysMatch": options } }));
        let missing = "chromium does not start: sudo apt-get install -y chromium chromium-driver";
        browser.session = started["sessionId"].as_str().expect(missing).to_owned();
        browser.size(1280, 800);
        browser
    }

    fn send(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if method == "POST" { body.to_string() } else { String::new() };
        let headers = [("Content-Type", "application/json")];
        let reply = request(&self.address, method, path, &headers, &body).unwrap();
        let value = reply.json()["value"].clone();
        assert_eq!(reply.status, 200, "{method} {path} {body}: {value}");
        value
    }

    fn post(&self, command: &str, body: &Value) -> Value {
        self.send("POST", &format!("/session/{}/{command}", self.session), body)
    }

    fn devtools(&self, command: &str, parameters: &Value) {
        self.post("goog/cdp/execute", &json!({ "cmd": command, "params": parameters }));
    }

    /// Opens a page.
    pub fn open(&self, link: &str) {
        self.post("url", &json!({ "url": link }));
    }

    /// Lays the page out in a window of this size; narrow ones as on a telephone.
    pub fn size(&self, width: u32, height: u32) {
        let phone = width < 500;
        let scale = if phone { 2 } else { 1 };
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": phone });
        self.devtools("Emulation.setDeviceMetricsOverride", &size);
        self.devtools("Emulation.setTouchEmulationEnabled", &json!({ "enabled": phone }));
    }

    /// Prefers light or dark colours.
    pub fn colours(&self, scheme: &str) {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", &features);
    }

    fn element(&self, selector: &str) -> String {
        let found = self.post("element", &json!({ "using": "css selector", "value": selector }));
        found[ELEMENT].as_str().unwrap().to_owned()
    }

    /// Clicks what a CSS selector finds first.
    pub fn click(&self, selector: &str) {
        let element = self.element(selector);
        self.post(&format!("element/{element}/click"), &json!({}));
    }

    /// Touches the middle of what a CSS selector finds first with a finger.
    pub fn tap(&self, selector: &str) {
        self.swipe(selector, 0);
    }

    /// Touches it, and moves the finger so many pixels down before it is lifted.
    pub fn swipe(&self, selector: &str, down: i32) {
        let element = self.element(selector);
        self.post(
            "execute/sync",
            &json!({
                "script": "arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' });",
                "args": [{ ELEMENT: element }],
            }),
        );
        let moved = |origin: Value, down: i32, duration: u32| json!({ "type": "pointerMove", "origin": origin, "x": 0, "y": down, "duration": duration });
        let mut touch = vec![moved(json!({ ELEMENT: element }), 0, 0), json!({ "type": "pointerDown", "button": 0 })];
        touch.extend((down != 0).then(|| moved(json!("pointer"), down, 300)));
        touch.push(json!({ "type": "pointerUp", "button": 0 }));
        let finger = json!({
            "type": "pointer", "id": "finger", "parameters": { "pointerType": "touch" }, "actions": touch,
        });
        self.post("actions", &json!({ "actions": [finger] }));
    }

    /// Presses keys one after the other.
    pub fn keys(&self, keys: &[&str]) {
        let press = |key: &&str| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key }));
        let presses: Vec<Value> = keys.iter().flat_map(press).collect();
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": presses });
        self.post("actions", &json!({ "actions": [keyboard] }));
    }

    /// The value of a JavaScript expression in the page.
    pub fn value(&self, expression: &str) -> Value {
        self.post("execute/sync", &json!({ "script": format!("return {expression};"), "args": [] }))
    }

    /// The text that is seen in what a CSS selector finds first.
    pub fn text(&self, selector: &str) -> String {
        let text = self.value(&format!("document.querySelector('{selector}').innerText"));
        text.as_str().unwrap().trim().to_owned()
    }

    /// Waits until a JavaScript expression holds.
    pub fn until(&self, expression: &str) {
        let start = Instant::now();
        while self.value(&format!("Boolean({expression})")) != json!(true) {
            if start.elapsed() > Duration::from_secs(20) {
                panic!("`{expression}` does not hold after 20 s; the page shows: {}", self.text("body"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Keeps a picture of the page in the folder that `RELATA_SCREENSHOTS` names, if it does.
    pub fn screenshot(&self, name: &str) {
        let Ok(folder) = std::env::var("RELATA_SCREENSHOTS") else { return };
        // Entrances and images take a moment.
        std::thread::sleep(Duration::from_millis(400));
        let picture = self.send("GET", &format!("/session/{}/screenshot", self.session), &Value::Null);
        let bytes = BASE64_STANDARD.decode(picture.as_str().unwrap()).unwrap();
        std::fs::write(Path::new(&folder).join(format!("{name}.png")), bytes).unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ends the browser; the driver alone would leave it behind.
        request(&self.address, "DELETE", &format!("/session/{}", self.session), &[], "").ok();
        self.driver.kill().ok();
        self.driver.wait().ok();
    }
}
