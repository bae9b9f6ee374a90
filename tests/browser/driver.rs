//! A server, a browser, a page; clicks by mouse, keys by keyboard, and waiting with a deadline.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use headless_chrome::browser::tab::point::Point;
use headless_chrome::protocol::cdp::types::Event;
use headless_chrome::protocol::cdp::{Emulation, Log, Network, Runtime};
use headless_chrome::{Browser, LaunchOptions, Tab};
use serde_json::Value;

/// Nothing on this page takes longer on a slow machine with other tests beside.
const DEADLINE: Duration = Duration::from_secs(120);
const BETWEEN_LOOKS: Duration = Duration::from_millis(40);
const PLACES: [&str; 4] =
    ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/snap/bin/chromium"];
const FLAGS: [&str; 6] = [
    "--disable-quic",
    "--disable-component-update",
    "--no-proxy-server",
    "--hide-scrollbars",
    "--lang=en-GB",
    "--disable-features=DialMediaRouteProvider,MediaRouter,OptimizationHints,TranslateUI",
];

/// A page that is served by a program of its own and shown by a browser of its own.
pub struct Page {
    pub tab: Arc<Tab>,
    browser: Browser,
    server: Child,
    /// `http://127.0.0.1:PORT/`, and the token.
    pub origin: String,
    token: String,
    seen: Arc<Mutex<Seen>>,
    _profile: tempfile::TempDir,
}

/// What the browser complained of, and what it asked for.
#[derive(Default)]
struct Seen {
    complaints: Vec<String>,
    asked: Vec<String>,
}

impl Drop for Page {
    fn drop(&mut self) {
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

fn chromium() -> Option<PathBuf> {
    let found = PLACES.iter().map(PathBuf::from).find(|path| path.exists());
    if found.is_none() {
        assert!(std::env::var_os("CLINREG_BROWSER").is_none(), "Chromium is missing and must be there");
        drop(writeln!(std::io::stderr(), "SKIPPED: no Chromium here, so the live page was not tested"));
    }
    found
}

/// Opens the page at `#...`; none where there is no Chromium.
pub fn open(hash: &str) -> Option<Page> {
    let path = chromium()?;
    let mut server = Command::new(env!("CARGO_BIN_EXE_clinreg"))
        .args(["serve", "--port", "0"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut line = String::new();
    BufReader::new(server.stdout.take().expect("piped")).read_line(&mut line).expect("it prints its address");
    let (origin, token) = line.trim().split_once("?token=").expect("an address with a token");
    let profile = tempfile::tempdir().expect("a temporary folder can be made");
    let options = LaunchOptions {
        path: Some(path),
        sandbox: false,
        window_size: Some((1280, 900)),
        user_data_dir: Some(profile.path().to_path_buf()),
        args: FLAGS.iter().map(OsStr::new).collect(),
        idle_browser_timeout: Duration::from_secs(120),
        ..LaunchOptions::default()
    };
    let browser = Browser::new(options).expect("Chromium starts");
    let tab = browser.new_tab().expect("a tab opens");
    let page = Page {
        tab,
        browser,
        server,
        origin: origin.to_string(),
        token: token.to_string(),
        seen: Arc::default(),
        _profile: profile,
    };
    page.listen(&page.tab);
    page.size(1280, 900, false);
    page.go(&format!("{}?token={}{hash}", page.origin, page.token));
    Some(page)
}

impl Page {
    fn listen(&self, tab: &Tab) {
        let seen = Arc::clone(&self.seen);
        let note = move |event: &Event| {
            let mut seen = seen.lock().expect("no test panics while it holds this");
            match event {
                Event::RuntimeExceptionThrown(e) => {
                    seen.complaints.push(format!("{:?}", e.params.exception_details))
                }
                Event::RuntimeConsoleAPICalled(e)
                    if e.params.Type == Runtime::ConsoleAPICalledEventTypeOption::Error =>
                {
                    seen.complaints.push(format!("{:?}", e.params.args));
                }
                Event::LogEntryAdded(e) if e.params.entry.level == Log::LogEntryLevel::Error => {
                    seen.complaints.push(format!("{} {:?}", e.params.entry.text, e.params.entry.url));
                }
                Event::NetworkRequestWillBeSent(e) => seen.asked.push(e.params.request.url.clone()),
                _ => {}
            }
        };
        tab.add_event_listener(Arc::new(note)).expect("listens");
        tab.enable_log().expect("logs");
        tab.enable_runtime().expect("runs");
        tab.call_method(Network::Enable {
            max_total_buffer_size: None,
            max_resource_buffer_size: None,
            max_post_data_size: None,
            report_direct_socket_traffic: None,
            enable_durable_messages: None,
        })
        .expect("watches the network");
    }

    /// Another tab of the same browser at an address.
    pub fn beside(&self, address: &str) -> Arc<Tab> {
        let tab = self.browser.new_tab().expect("a tab opens");
        self.listen(&tab);
        tab.navigate_to(address).expect("goes there");
        tab
    }

    pub fn go(&self, address: &str) {
        self.tab.navigate_to(address).expect("goes there");
        self.until("document.readyState === 'complete' && !!document.querySelector('[role=tablist]')");
    }

    /// Width, height, and whether the reader wants less motion.
    pub fn size(&self, width: u32, height: u32, calm: bool) {
        self.tab
            .call_method(Emulation::SetDeviceMetricsOverride {
                width,
                height,
                device_scale_factor: 1.0,
                mobile: false,
                scale: None,
                screen_width: None,
                screen_height: None,
                position_x: None,
                position_y: None,
                dont_set_visible_size: None,
                screen_orientation: None,
                viewport: None,
                display_feature: None,
                device_posture: None,
            })
            .expect("takes a size");
        let value = if calm { "reduce" } else { "no-preference" };
        let feature = Emulation::MediaFeature { name: "prefers-reduced-motion".into(), value: value.into() };
        self.tab
            .call_method(Emulation::SetEmulatedMedia { media: None, features: Some(vec![feature]) })
            .expect("takes a medium");
    }

    /// What an expression is.
    pub fn value(&self, expression: &str) -> Value {
        value_in(&self.tab, expression)
    }

    /// The text that an expression is.
    pub fn text(&self, expression: &str) -> String {
        match self.value(expression) {
            Value::String(text) => text,
            other => other.to_string(),
        }
    }

    /// The words of an element.
    pub fn words(&self, css: &str) -> String {
        self.text(&format!("document.querySelector({css:?}).textContent"))
    }

    /// Waits until an expression is true.
    pub fn until(&self, expression: &str) {
        until_in(&self.tab, expression);
    }

    /// A click of the mouse on the middle of an element.
    pub fn click(&self, css: &str) {
        self.click_at(css, 0.5, 0.5);
    }

    /// A click of the mouse at shares of an element's width and height.
    pub fn click_at(&self, css: &str, across: f64, down: f64) {
        self.until(&format!(
            "!!document.querySelector({css:?}) && !document.querySelector({css:?}).disabled"
        ));
        let place = self.text(&format!(
            "(() => {{ const e = document.querySelector({css:?}); e.scrollIntoView({{block: 'center'}}); \
             const r = e.getBoundingClientRect(); \
             return `${{r.left + {across} * r.width}},${{r.top + {down} * r.height}}`; }})()"
        ));
        let (x, y) = place.split_once(',').expect("two numbers");
        let number = |text: &str| text.parse().expect("a number");
        self.tab.click_point(Point { x: number(x), y: number(y) }).expect("clicks");
    }

    /// Chooses an option as a user's hand does.
    pub fn choose(&self, css: &str, value: &str) {
        self.value(&format!(
            "(() => {{ const e = document.querySelector({css:?}); e.value = {value:?}; \
             e.dispatchEvent(new Event('change', {{bubbles: true}})); }})()"
        ));
    }

    /// Drops a file on the page, as from a folder of the computer.
    pub fn drop_file(&self, name: &str, text: &str) {
        self.value(&format!(
            "(() => {{ const t = new DataTransfer(); t.items.add(new File([{text:?}], {name:?}, {{type: 'text/csv'}})); \
             document.querySelector('.drop').dispatchEvent(new DragEvent('drop', {{dataTransfer: t, bubbles: true, cancelable: true}})); }})()"
        ));
    }

    /// Types a formula into the box of the training.
    pub fn formula(&self, text: &str) {
        self.value(&format!(
            "(() => {{ const f = document.querySelector('#formula'); f.value = {text:?}; \
             f.dispatchEvent(new Event('input', {{bubbles: true}})); }})()"
        ));
    }

    /// Puts the focus on an element and presses a key.
    pub fn press(&self, css: &str, key: &str) {
        self.value(&format!("document.querySelector({css:?}).focus()"));
        self.tab.press_key(key).expect("presses");
    }

    /// Waits until the explorer has its answer and stands still.
    pub fn settled(&self) {
        self.until("document.querySelector('#panel-explore').dataset.busy === 'false'");
    }

    /// At the end: no complaint in the console, and no request to anywhere else.
    pub fn was_clean(&self) {
        let seen = self.seen.lock().expect("no test panics while it holds this");
        assert!(seen.complaints.is_empty(), "{:#?}", seen.complaints);
        let foreign: Vec<&String> = seen
            .asked
            .iter()
            .filter(|url| {
                !url.starts_with(&self.origin) && !url.starts_with("data:") && !url.starts_with("blob:")
            })
            .collect();
        assert!(foreign.is_empty(), "{foreign:?}");
        assert!(seen.asked.iter().any(|url| url.ends_with("/main.js")), "the listener hears nothing");
    }
}

/// What an expression is in a tab.
pub fn value_in(tab: &Tab, expression: &str) -> Value {
    let found = tab.evaluate(expression, true).unwrap_or_else(|e| panic!("{expression}: {e}"));
    assert_ne!(
        found.subtype,
        Some(Runtime::RemoteObjectSubtype::Error),
        "{expression}: {:?}",
        found.description
    );
    found.value.unwrap_or(Value::Null)
}

/// Waits in a tab until an expression is true; a page that is just loading is looked at again.
pub fn until_in(tab: &Tab, expression: &str) {
    let begun = Instant::now();
    loop {
        let found = tab.evaluate(expression, true);
        if found.as_ref().is_ok_and(|f| f.value == Some(Value::Bool(true))) {
            return;
        }
        assert!(begun.elapsed() < DEADLINE, "never true: {expression}: {found:?}");
        std::thread::sleep(BETWEEN_LOOKS);
    }
}
