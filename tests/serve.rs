//! The local page as strangers and as its own script meet it: who gets in, what is refused, and whose numbers it tells.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::ops::Deref;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clinreg::serve::state::Limits;
use clinreg::serve::{Options, Server};
use serde_json::{Value, json};

use crate::cli::Folder;

/// Asks a server.
struct Client {
    port: u16,
    token: String,
}

/// A server of its own, whose temporary files lie where the test can see them.
struct Served {
    child: Child,
    folder: Folder,
    client: Client,
}

/// A server inside the test, with limits of the test's choice.
struct Inside {
    client: Client,
    stop: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

/// What came back.
#[derive(Debug)]
struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Deref for Served {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Deref for Inside {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Inside {
    fn new(limits: Limits) -> Inside {
        let server = Server::bind(&Options { port: 0, limits }).expect("a free port");
        let client = Client::at(&server.address());
        let stop = Arc::new(AtomicBool::new(false));
        let wish = Arc::clone(&stop);
        let run = move || server.run(&|| wish.load(Ordering::Relaxed)).expect("it serves");
        Inside { client, stop, thread: Some(thread::spawn(run)) }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _it_is_told_already = self.thread.take().map(thread::JoinHandle::join);
    }
}

impl Served {
    fn new(words: &[&str]) -> Served {
        let folder = Folder::new();
        fs::create_dir(folder.path("tmp")).expect("a folder for temporary files");
        let words: Vec<&str> = ["serve"].iter().chain(words).copied().collect();
        let mut child = folder
            .command(&words)
            .env("TMPDIR", folder.path("tmp"))
            .stdout(Stdio::piped())
            .stderr(fs::File::create(folder.path("err.txt")).expect("a file for what is said"))
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("it is piped");
        BufReader::new(out).read_line(&mut line).expect("it prints its address");
        Served { child, folder, client: Client::at(line.trim()) }
    }

    /// Asks it to end as Ctrl-C does; what it said on standard error.
    fn end(mut self) -> String {
        let asked = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        assert!(asked.expect("kill is there").success());
        assert!(self.child.wait().expect("it ends").success());
        let left: Vec<_> = fs::read_dir(self.folder.path("tmp")).expect("it is there").collect();
        assert!(left.is_empty(), "the private folder goes with the program: {left:?}");
        fs::read_to_string(self.folder.path("err.txt")).expect("it is there")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _gone_already = self.child.kill();
        let _gone_already = self.child.wait();
    }
}

impl Client {
    fn at(address: &str) -> Client {
        let (place, token) = address.split_once("/?token=").expect("an address with a token");
        let port = place.rsplit(':').next().and_then(|p| p.parse().ok()).expect("a port");
        assert_eq!(place, format!("http://127.0.0.1:{port}"));
        Client { port, token: token.to_string() }
    }

    fn raw(&self, bytes: &[u8]) -> Option<Reply> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
        let _it_may_be_closed_early = stream.write_all(bytes);
        reply(&mut stream)
    }

    /// A request with this server's host and the lines given.
    fn ask(&self, method: &str, path: &str, lines: &str, body: &str) -> Reply {
        let text = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n{lines}Content-Length: {}\r\n\r\n{body}",
            self.port,
            body.len()
        );
        self.raw(text.as_bytes()).unwrap_or_else(|| panic!("no answer to {method} {path}"))
    }

    fn known(&self) -> String {
        format!("X-Clinreg-Token: {}\r\n", self.token)
    }

    fn get(&self, path: &str) -> Value {
        let reply = self.ask("GET", path, &self.known(), "");
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        serde_json::from_str(&reply.body).expect("JSON")
    }

    fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let lines = format!("{}Content-Type: application/json\r\n", self.known());
        let reply = self.ask("POST", path, &lines, &body.to_string());
        (reply.status, serde_json::from_str(&reply.body).unwrap_or(Value::Null))
    }

    fn train(&self, wish: &Value) -> String {
        let (status, told) = self.post("/api/train", wish);
        assert_eq!(status, 201, "{told}");
        told["id"].as_str().expect("an id").to_string()
    }

    /// Looks until something holds of the run's status.
    fn until(&self, id: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let since = Instant::now();
        loop {
            let status = self.get(&format!("/api/train/{id}"));
            if holds(&status) {
                return status;
            }
            assert!(since.elapsed() < Duration::from_secs(60), "{what}: {status}");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

fn reply(stream: &mut TcpStream) -> Option<Reply> {
    let mut bytes = Vec::new();
    let _reset_after_the_answer = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    let body = if chunked { unchunked(body) } else { body.to_string() };
    Some(Reply { status, head: head.to_string(), body })
}

fn unchunked(mut body: &str) -> String {
    let mut text = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap_or(0);
        if size == 0 || rest.len() < size {
            break;
        }
        text.push_str(&rest[..size]);
        body = rest[size..].trim_start_matches("\r\n");
    }
    text
}

fn masks(more: &Value) -> Value {
    let mut wish =
        json!({"data": "@masks_patients", "formula": "masks ~ patients", "method": "gradient-descent"});
    for (key, value) in more.as_object().expect("an object") {
        wish[key] = value.clone();
    }
    wish
}

#[test]
fn the_printed_address_lets_in_and_every_answer_is_guarded() {
    let served = Served::new(&[]);
    let entered = served.ask("GET", &format!("/?token={}", served.token), "", "");
    assert_eq!(entered.status, 303);
    let cookie = format!("clinreg_{}={}", served.port, served.token);
    assert!(entered.head.contains(&format!("set-cookie: {cookie}; HttpOnly; SameSite=Strict; Path=/")));
    let page = served.ask("GET", "/", &format!("Cookie: {cookie}\r\n"), "");
    assert_eq!(page.status, 200);
    assert!(page.body.contains(&format!("content=\"{}\"", served.token)));
    assert!(!page.body.contains("http://") && !page.body.contains("https://"), "the page loads nothing");
    let locked = served.ask("GET", "/", "", "");
    assert_eq!(locked.status, 401);
    assert!(locked.body.contains("clinreg serve") && !locked.body.contains(&served.token));
    for reply in [&entered, &page, &locked] {
        for line in [
            "content-security-policy: default-src 'none'",
            "x-content-type-options: nosniff",
            "cache-control: no-store",
            "referrer-policy: no-referrer",
            "x-frame-options:",
        ] {
            assert!(reply.head.contains(line), "{line} in {}", reply.head);
        }
    }
    served.end();
}

/// Two hundred and more requests that must not get in, by kind.
fn hostile(served: &Served) -> Vec<(String, Vec<u8>)> {
    let (port, token) = (served.port, &served.token);
    let own = format!("Host: 127.0.0.1:{port}\r\n");
    let key = format!("X-Clinreg-Token: {token}\r\n");
    let mut all = Vec::new();
    let mut add = |what: &str, text: String| all.push((what.to_string(), text.into_bytes()));
    let paths = [
        "/",
        "/api/datasets",
        "/api/data/@iris",
        "/api/train",
        "/main.js",
        "/style.css",
        "/api/train/r1/events",
    ];
    for host in [
        "evil.example",
        "127.0.0.1",
        "localhost",
        "127.0.0.1:1",
        "[::1]:80",
        "evil.example:80",
        "0.0.0.0",
        "",
    ] {
        for path in paths {
            add("host", format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{key}Connection: close\r\n\r\n"));
        }
    }
    for path in paths {
        add("two hosts", format!("GET {path} HTTP/1.1\r\n{own}Host: evil\r\n{key}Connection: close\r\n\r\n"));
        add("no host", format!("GET {path} HTTP/1.1\r\n{key}Connection: close\r\n\r\n"));
        add(
            "authority",
            format!("GET http://evil.example{path} HTTP/1.1\r\n{own}{key}Connection: close\r\n\r\n"),
        );
        add(
            "cross-site",
            format!(
                "GET {path} HTTP/1.1\r\n{own}{key}Sec-Fetch-Site: cross-site\r\nConnection: close\r\n\r\n"
            ),
        );
        for origin in ["https://evil.example", "null", "http://127.0.0.1:1", "http://localhost", "file://"] {
            add(
                "origin",
                format!("GET {path} HTTP/1.1\r\n{own}{key}Origin: {origin}\r\nConnection: close\r\n\r\n"),
            );
        }
    }
    let cookie = format!("Cookie: clinreg_{port}={token}\r\n");
    for (method, path) in [
        ("POST", "/api/train"),
        ("POST", "/api/data?name=x.csv"),
        ("DELETE", "/api/data/d1"),
        ("POST", "/api/train/r1/control"),
        ("POST", "/api/formula"),
        ("PUT", "/api/train"),
        ("PATCH", "/api/data/d1"),
    ] {
        for key in [
            "",
            "X-Clinreg-Token: \r\n",
            "X-Clinreg-Token: 00000000000000000000000000000000\r\n",
            "Authorization: Bearer x\r\n",
            cookie.as_str(),
        ] {
            add(
                "token",
                format!(
                    "{method} {path} HTTP/1.1\r\n{own}{key}Content-Type: application/json\r\n\
                                  Connection: close\r\nContent-Length: 2\r\n\r\n{{}}"
                ),
            );
        }
    }
    for path in [
        "/api/data/..%2f..%2fetc%2fpasswd",
        "/api/data/%2e%2e",
        "/../../etc/passwd",
        "//etc/passwd",
        "/%00",
        "/api/data/@..%2firis",
        "/api/data/@/etc/passwd",
        "/api/data//etc/passwd",
        "/api/train/..",
        "/page/index.html",
        "/api/train/r1/files/..%2f..%2fx",
        "/api/train/r1/files/%2fetc%2fpasswd",
        "/index.html%00.js",
        "/style.css/..",
        "/api/data/d1%00",
        "/api/train/r999999999999999999999",
        "/C:\\windows\\win.ini",
        "/api/%ff%fe",
        "/.git/config",
    ] {
        add("path", format!("GET {path} HTTP/1.1\r\n{own}{key}Connection: close\r\n\r\n"));
    }
    for body in [
        "{",
        "[]",
        "null",
        "\"x\"",
        "{\"data\": 1}",
        "{\"data\": \"/etc/passwd\", \"formula\": \"y ~ x\"}",
        "{\"data\": \"@iris\", \"formula\": \"a ~\"}",
        "{\"data\": \"@iris\", \"formula\": \"species ~ nope\"}",
        "{\"data\": \"@iris\", \"formula\": \"petal_width ~ .\", \"rate\": -1}",
        "{\"data\":\"@iris\",\"formula\":\"\"}",
        "{\"data\": \"@iris\", \"formula\": \"petal_width ~ .\", \"extra\": 1}",
        "\u{0}\u{1}",
    ] {
        for path in ["/api/train", "/api/formula"] {
            add(
                "body",
                format!(
                    "POST {path} HTTP/1.1\r\n{own}{key}Content-Type: application/json\r\n\
                                 Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                ),
            );
        }
    }
    let deep = "[".repeat(20_000);
    let long = "x".repeat(70_000);
    for body in [deep.as_str(), long.as_str()] {
        add(
            "large",
            format!(
                "POST /api/train HTTP/1.1\r\n{own}{key}Content-Type: application/json\r\n\
                              Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            ),
        );
    }
    let many_brackets = format!("{{\"data\": {}1{}}}", "[".repeat(100), "]".repeat(100));
    add(
        "deep",
        format!(
            "POST /api/train HTTP/1.1\r\n{own}{key}Content-Type: application/json\r\n\
                         Connection: close\r\nContent-Length: {}\r\n\r\n{many_brackets}",
            many_brackets.len()
        ),
    );
    add(
        "multipart",
        format!(
            "POST /api/train HTTP/1.1\r\n{own}{key}Content-Type: multipart/form-data; boundary=b\r\n\
                              Connection: close\r\nContent-Length: 12\r\n\r\n--b\r\nbroken\r"
        ),
    );
    add(
        "oversized",
        format!(
            "POST /api/data HTTP/1.1\r\n{own}{key}Connection: close\r\nContent-Length: 99999999999\r\n\r\na"
        ),
    );
    let chunk = format!("20000\r\n{}\r\n", "a".repeat(0x20000));
    add(
        "endless",
        format!(
            "POST /api/data HTTP/1.1\r\n{own}{key}Transfer-Encoding: chunked\r\n\r\n{}",
            chunk.repeat(12)
        ),
    );
    for csv in ["", "a", "a,a\n1,2\n", "a,b\n1\n", "a,b\n\"1,2\n", "\u{0}\u{0}\u{0}"] {
        add(
            "csv",
            format!(
                "POST /api/data HTTP/1.1\r\n{own}{key}Connection: close\r\nContent-Length: {}\r\n\r\n{csv}",
                csv.len()
            ),
        );
    }
    for text in [
        "GARBAGE\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET / HTTP/1.1\r\nHost 127\r\n\r\n",
        "\u{16}\u{3}\u{1}\r\n\r\n",
        "CONNECT evil:443 HTTP/1.1\r\nHost: evil:443\r\n\r\n",
        "TRACE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ] {
        add("no request", text.to_string());
    }
    let lines = "X-A: b\r\n".repeat(500);
    add("head", format!("GET / HTTP/1.1\r\n{own}{lines}\r\n"));
    add("head", format!("GET /{} HTTP/1.1\r\n{own}\r\n", "x".repeat(100_000)));
    all
}

#[test]
fn two_hundred_hostile_requests_get_nowhere_and_the_page_keeps_answering() {
    let served = Served::new(&["--max-upload", "1"]);
    let requests = hostile(&served);
    assert!(requests.len() >= 200, "{}", requests.len());
    let slow: Vec<TcpStream> = (0..20) // heads and bodies that never end, all the while
        .map(|k| {
            let mut stream = TcpStream::connect(("127.0.0.1", served.port)).expect("a connection");
            let own = format!("Host: 127.0.0.1:{}\r\n{}", served.port, served.known());
            let text = match k % 2 {
                0 => format!("GET / HTTP/1.1\r\n{own}X-Slow: "),
                _ => format!("POST /api/formula HTTP/1.1\r\n{own}Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{{"),
            };
            stream.write_all(text.as_bytes()).expect("it takes the beginning");
            stream
        })
        .collect();
    thread::scope(|scope| {
        for part in requests.chunks(requests.len().div_ceil(50)) {
            // fifty at once
            let served = &served;
            scope.spawn(move || {
                for (what, bytes) in part {
                    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
                    let Some(reply) = served.raw(bytes) else { continue }; // hung up on
                    assert!((400..500).contains(&reply.status), "{what}: {} to {text}", reply.status);
                    let told = reply.head.contains(&served.token) || reply.body.contains(&served.token);
                    assert!(!told, "{what}: the token is told: {text}");
                    assert!(!reply.body.contains("root:"), "{what}: {text}");
                }
            });
        }
    });
    assert_eq!(served.get("/api/datasets").as_array().map(Vec::len), Some(6), "nothing was kept");
    assert_eq!(served.get("/api/train")["runs"], json!([]), "nothing was begun");
    let mut first = slow.into_iter().next().expect("there are twenty");
    first.set_read_timeout(Some(Duration::from_secs(30))).expect("a limit");
    let mut rest = Vec::new();
    assert!(first.read_to_end(&mut rest).is_ok(), "a head that never ends is cut off");
    let said = served.end();
    assert!(!said.contains("bug"), "{said}");
}

#[test]
fn a_run_to_the_end_has_the_numbers_of_fit_and_its_files() {
    let served = Served::new(&[]);
    let wish = masks(&json!({"rate": 1e-4, "scale": "raw", "max_epochs": 1657}));
    let id = served.train(&wish);
    let stream = served.ask("GET", &format!("/api/train/{id}/events"), &served.known(), "");
    let event = |name: &str| -> Value {
        let from = stream.body.find(&format!("event: {name}\n")).unwrap_or_else(|| panic!("no {name}"));
        let data = stream.body[from..].lines().find_map(|line| line.strip_prefix("data: ")).expect("data");
        serde_json::from_str(data).expect("JSON")
    };
    let (plan, end) = (event("plan"), event("end"));
    let number = |value: &Value| value.as_f64().unwrap_or_else(|| panic!("{value}"));
    // The teaching data's reference: NumPy's least squares, and the descent's state after 1657 updates.
    assert!((number(&plan["estimate"][1]) - 0.777_657).abs() < 1e-6);
    assert!((number(&plan["std_error"][0]) - 4.524_925).abs() < 1e-6);
    assert!((number(&end["coefficients"][0]["estimate"]) - 0.383_150_858_960).abs() < 1e-10);
    assert!((number(&end["gradient_norm"]) - 2.236_037_132).abs() < 1e-8);
    assert!((number(&end["max_error_in_standard_errors"]) - 5.90).abs() < 0.005);
    let words = [
        "fit",
        "@masks_patients",
        "masks ~ patients",
        "--optimizer",
        "gradient-descent",
        "--raw-scale",
        "--learning-rate",
        "1e-4",
        "--max-epochs",
        "1657",
        "-o",
        "same",
        "--json",
    ];
    let fitted = served.folder.run(&words);
    let model: Value = serde_json::from_str(&fitted.out).expect("JSON");
    for (live, fit) in end["coefficients"]
        .as_array()
        .into_iter()
        .flatten()
        .zip(model["coefficients"].as_array().into_iter().flatten())
    {
        for key in ["estimate", "std_error", "conf_low", "conf_high", "p_value"] {
            assert_eq!(live[key], fit[key], "{key}");
        }
    }
    let message = end["message"].as_str().expect("it did not converge");
    assert!(fitted.err.contains(message), "{message} in {}", fitted.err);
    let (status, files) = served.post(&format!("/api/train/{id}/report"), &json!({}));
    assert_eq!(status, 200);
    let mut names: Vec<&str> =
        files["files"].as_array().into_iter().flatten().filter_map(|f| f["name"].as_str()).collect();
    names.sort_unstable();
    let mut on_disk: Vec<String> = fs::read_dir(served.folder.path("same"))
        .expect("fit wrote it")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    on_disk.sort();
    assert_eq!(names, on_disk);
    let table = served.ask("GET", &format!("/api/train/{id}/files/coefficients.csv"), &served.known(), "");
    assert_eq!(
        table.body,
        fs::read_to_string(served.folder.path("same/coefficients.csv")).expect("it is there")
    );
    let model = served.ask("GET", &format!("/api/train/{id}/files/model.json"), &served.known(), "");
    fs::write(served.folder.path("live.json"), &model.body).expect("written");
    let verified = served.folder.run(&["verify", "live.json"]);
    assert_eq!(verified.status, Some(0), "{}{}", verified.out, verified.err);
    assert!(verified.out.contains("same bits"), "{}", verified.out);
    let page = served.ask("GET", &format!("/api/train/{id}/report.html"), &served.known(), "");
    assert!(page.head.contains("sandbox") && page.body.contains("masks ~ patients"));
    served.end();
}

#[test]
fn a_run_is_paused_stepped_hastened_and_stopped() {
    let served = Served::new(&[]);
    let id = served.train(&masks(&json!({"rate": 1e-4, "scale": "raw", "paused": true, "tolerance": 1e-9})));
    let at = |status: &Value| status["last"]["i"].as_u64();
    let paused = |status: &Value| status["state"] == "paused";
    served.until(&id, "it begins paused", |s| paused(s) && at(s) == Some(0));
    let pull = |lever: Value| served.post(&format!("/api/train/{id}/control"), &lever).0;
    for k in 1..=3 {
        assert_eq!(pull(json!({"do": "step"})), 200);
        served.until(&id, "one update", |s| paused(s) && at(s) == Some(k));
    }
    let third = served.until(&id, "still there", |s| at(s) == Some(3));
    assert_eq!(pull(json!({"do": "rate", "rate": 2e-5})), 200);
    assert_eq!(pull(json!({"do": "step"})), 200);
    let fourth = served.until(&id, "the fourth", |s| paused(s) && at(s) == Some(4));
    assert_eq!(third["last"]["r"].as_f64(), Some(1e-4));
    assert_eq!(pull(json!({"do": "step"})), 200);
    let fifth = served.until(&id, "the fifth", |s| paused(s) && at(s) == Some(5));
    let rates = [&fourth, &fifth].map(|s| s["last"]["r"].as_f64());
    assert!(rates.contains(&Some(2e-5)) && rates[1] == Some(2e-5), "{rates:?}");
    for lever in [
        json!({"do": "rate", "rate": 0}),
        json!({"do": "fly"}),
        json!({"do": "speed", "updates_per_second": -1}),
    ] {
        assert_eq!(pull(lever), 400);
    }
    assert_eq!(pull(json!({"do": "resume"})), 200);
    served.until(&id, "it goes on", |s| at(s) > Some(5));
    let _it_may_have_ended = pull(json!({"do": "stop"}));
    let ended = served.until(&id, "it ends", |s| s["state"] == "ended");
    let notices = ended["end"]["notices"].to_string();
    assert!(notices.contains("changed by hand to"), "{notices}");
    assert_eq!(pull(json!({"do": "resume"})), 409);
    served.end();
}

/// Far more updates than any limit here allows.
fn endless(more: &Value) -> Value {
    let mut wish = masks(
        &json!({"rate": 1e-6, "scale": "raw", "tolerance": 1e-12, "max_epochs": 1_000_000, "updates_per_second": 500}),
    );
    for (key, value) in more.as_object().expect("an object") {
        wish[key] = value.clone();
    }
    wish
}

#[test]
fn a_run_that_takes_too_long_is_stopped_and_says_so() {
    let limits = Limits { run: Duration::from_millis(60), ..Limits::default() };
    let served = Inside::new(limits);
    let id = served.train(&endless(&json!({"updates_per_second": null})));
    let ended = served.until(&id, "it ends by itself", |s| s["state"] == "ended" || s["state"] == "failed");
    let why = "the run took longer than 0.06 s";
    if ended["state"] == "failed" {
        assert_eq!(ended["error"]["error"], why); // a slow machine may not even come to its first update
        return;
    }
    let end = &ended["end"];
    assert_eq!(end["stopped_by"], why);
    assert_eq!((&end["converged"], &end["reason"]), (&json!(false), &json!("interrupted")));
    assert!(end["notices"].to_string().contains(why), "{}", end["notices"]);
    assert_eq!(end["spanish"][why], "el entrenamiento tardó más de 0.06 s");
    assert!(end["iterations"].as_u64() < Some(1_000_000));
}

#[test]
fn a_pause_that_nobody_ends_is_ended() {
    let served = Inside::new(Limits { pause: Duration::from_millis(50), ..Limits::default() });
    let id = served.train(&endless(&json!({"paused": true})));
    let ended = served.until(&id, "it ends by itself", |s| s["state"] == "ended");
    assert_eq!(ended["end"]["stopped_by"], "the pause was longer than 0.05 s");
    assert_eq!(ended["end"]["iterations"], 0);
}

#[test]
fn a_pause_does_not_count_as_time_of_a_run() {
    let limits = Limits { run: Duration::from_secs(2), ..Limits::default() };
    let served = Inside::new(limits);
    let id = served.train(&endless(&json!({"paused": true})));
    served.until(&id, "it waits", |s| s["state"] == "paused");
    thread::sleep(Duration::from_millis(2500)); // longer than a run may take
    served.until(&id, "it still waits", |s| s["state"] == "paused");
    let (status, told) = served.post(&format!("/api/train/{id}/control"), &json!({"do": "stop"}));
    assert_eq!(status, 200, "{told}");
    let ended = served.until(&id, "it ends", |s| s["state"] == "ended");
    assert_eq!(ended["end"]["stopped_by"], Value::Null, "the page stopped it, no limit did");
}

#[test]
fn too_many_runs_at_once_are_refused_until_one_has_ended() {
    let served = Inside::new(Limits { runs: 2, ..Limits::default() });
    let [first, second] = [0, 1].map(|_| served.train(&endless(&json!({"paused": true}))));
    let (status, told) = served.post("/api/train", &endless(&json!({})));
    assert_eq!((status, &told["error"]), (429, &json!("too many runs at once")));
    assert_eq!(told["spanish"]["too many runs at once"], "demasiados entrenamientos a la vez");
    for id in [&first, &second] {
        served.until(id, "it waits", |s| s["state"] == "paused");
        served.post(&format!("/api/train/{id}/control"), &json!({"do": "stop"}));
        served.until(id, "it ends", |s| s["state"] == "ended");
    }
    served.train(&endless(&json!({"paused": true})));
}

#[test]
fn an_upload_that_is_too_large_is_refused_and_one_that_is_not_is_taken() {
    let served = Inside::new(Limits { upload: 200, ..Limits::default() });
    let send = |rows: usize| {
        let csv = format!("a,b\n{}", "1,2\n".repeat(rows));
        served.ask("POST", "/api/data?name=x.csv", &served.known(), &csv)
    };
    let refused = send(50);
    assert_eq!(refused.status, 413, "{}", refused.body);
    assert!(refused.body.contains("more than 200 bytes are not taken"), "{}", refused.body);
    assert!(refused.body.contains("no se aceptan más de 200 bytes"), "{}", refused.body);
    assert_eq!(send(40).status, 201);
}

#[test]
fn the_report_of_a_steered_descent_is_not_verified_and_the_reason_is_told() {
    let served = Served::new(&[]);
    let id = served.train(&masks(&json!({"rate": 0.1, "paused": true})));
    served.until(&id, "it begins paused", |s| s["state"] == "paused");
    let pull = |lever: Value| served.post(&format!("/api/train/{id}/control"), &lever).0;
    assert_eq!(pull(json!({"do": "rate", "rate": 0.2})), 200);
    assert_eq!(pull(json!({"do": "resume"})), 200);
    let ended = served.until(&id, "it ends", |s| s["state"] == "ended");
    assert!(ended["end"]["notices"].to_string().contains("changed by hand to 0.2"), "{ended}");
    let (status, files) = served.post(&format!("/api/train/{id}/report"), &json!({}));
    assert_eq!(status, 200, "{files}");
    let model = served.ask("GET", &format!("/api/train/{id}/files/model.json"), &served.known(), "");
    fs::write(served.folder.path("live.json"), &model.body).expect("written");
    let verified = served.folder.run(&["verify", "live.json"]);
    assert_eq!(verified.status, Some(1), "{}{}", verified.out, verified.err);
    for words in ["was steered by hand, which no command does", "without a hand on the learning rate"] {
        assert!(verified.err.contains(words), "{}", verified.err);
    }
    served.end();
}

/// The report of an uploaded file verifies where that file is.
#[test]
fn the_report_of_an_uploaded_file_has_the_bits_of_its_command() {
    let served = Served::new(&[]);
    let row = |k: usize| format!("{},{},{}\n", (k * 37) % 101, ["a", "b"][k * k % 3 % 2], (k * 53) % 89);
    let csv = format!("x,arm,y\n{}", (1..90).map(row).collect::<String>());
    let sent = served.ask("POST", "/api/data?name=mine.csv", &served.known(), &csv);
    assert_eq!(sent.status, 201, "{}", sent.body);
    let told: Value = serde_json::from_str(&sent.body).expect("JSON");
    fs::write(served.folder.path("mine.csv"), &csv).expect("written");
    let model_of = |wish: &Value| {
        let id = served.train(wish);
        served.until(&id, "it ends", |status| status["state"] == "ended");
        let (status, files) = served.post(&format!("/api/train/{id}/report"), &json!({}));
        assert_eq!(status, 200, "{files}");
        let model = served.ask("GET", &format!("/api/train/{id}/files/model.json"), &served.known(), "");
        fs::write(served.folder.path("live.json"), &model.body).expect("written");
        served.folder.run(&["verify", "live.json"])
    };
    for (method, more) in [("auto", json!({})), ("adam", json!({"batch": 16, "max_epochs": 30, "seed": 4}))] {
        let mut wish = json!({"data": told["id"], "formula": "y ~ x * arm", "method": method});
        more.as_object().expect("an object").iter().for_each(|(key, value)| wish[key] = value.clone());
        let verified = model_of(&wish);
        assert_eq!(verified.status, Some(0), "{method}: {}{}", verified.out, verified.err);
        assert!(verified.out.contains("same bits"), "{method}: {}", verified.out);
    }
    served.end();
}

#[test]
fn a_body_that_takes_too_long_is_refused() {
    let served = Inside::new(Limits { body: Duration::from_millis(80), ..Limits::default() });
    let text = format!(
        "POST /api/formula HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n{}Content-Type: application/json\r\nConnection: close\r\n\
         Content-Length: 9\r\n\r\n{{",
        served.port,
        served.known()
    );
    let reply = served.raw(text.as_bytes()).expect("an answer");
    assert_eq!(reply.status, 408, "{}", reply.body);
}

#[test]
fn the_sentences_that_a_visitor_meets_have_their_spanish() {
    let served = Inside::new(Limits::default());
    let upload = |csv: &str| {
        let reply = served.ask("POST", "/api/data?name=x.csv", &served.known(), csv);
        serde_json::from_str::<Value>(&reply.body).expect("JSON")
    };
    let lacking = std::cell::RefCell::new(Vec::new());
    let spanish = |told: &Value, text: &Value| {
        let text = text.as_str().expect("a sentence").split('\n').next().expect("a line");
        if !told["spanish"][text].is_string() {
            lacking.borrow_mut().push(text.to_string());
        }
    };
    for csv in [
        "",
        "a,b\n",
        "a,a\n1,2\n",
        "a,b\n1\n",
        "a,b\n1,2,3\n",
        "a,b\n\"1,2\n",
        "a,,b\n1,2,3\n",
        "\u{0}\u{0}\u{0}",
        "PK\u{3}\u{4}xxxx",
    ] {
        let told = upload(csv);
        spanish(&told, &told["error"]);
        if !told["hint"].is_null() {
            spanish(&told, &told["hint"]);
        }
    }
    let mut rows = String::from("id;age;arm;bad;same;gaps;code;better\n");
    for k in 0..60 {
        let bad = if k == 7 { "1O".to_string() } else { k.to_string() };
        let gap = if k % 2 == 0 { "NA".to_string() } else { k.to_string() };
        rows += &format!(
            "p{k};{};{};{bad};x;{gap};0{k};{}\n",
            30 + k,
            ["old", "new"][k % 2],
            ["no", "yes"][k % 3 / 2]
        );
    }
    let data = upload(&rows);
    for notice in data["notices"].as_array().into_iter().flatten() {
        spanish(&data, notice);
    }
    let mut problems = 0;
    for column in data["columns"].as_array().into_iter().flatten() {
        for problem in column["problems"].as_array().into_iter().flatten() {
            spanish(&data, problem);
            problems += 1;
        }
    }
    assert!(problems >= 5, "{data}");
    let id = data["id"].as_str().expect("an id");
    for formula in [
        "",
        "better",
        "better = age",
        "better ~",
        "~ age",
        "better ~ agee",
        "better ~ age +",
        "better ~ age age",
        "better ~ log(age",
        "better ~ age)",
        "better ~ lgo(age)",
        "better ~ rcs(age)",
        "better ~ 2 * age",
        "better ~ age ~ arm",
        "better ~ better",
        "better ~ id",
        "better ~ same",
        "better ~ bad",
        "better ~ log(arm)",
        "better ~ `age",
        "better ~ ()",
        "better ~ age & arm",
        "arm ~ age",
        "same ~ age",
        "log(better) ~ age",
        "better ~ log(age - 40)",
    ] {
        let (status, told) = served.post("/api/formula", &json!({"data": id, "formula": formula}));
        assert_eq!(status, 400, "{formula}: {told}");
        spanish(&told, &told["error"]);
        if !told["hint"].is_null() {
            spanish(&told, &told["hint"]);
        }
    }
    let trial = json!({"data": "@treatment_effectiveness", "formula": "effectiveness ~ treatment + age + sex",
                       "method": "gradient-descent"});
    let mut paces = std::collections::BTreeSet::new();
    for more in [
        json!({}),
        json!({"method": "auto"}),
        json!({"rate": 1e-4, "max_epochs": 30}),
        json!({"rate": 1e-1, "tolerance": 1e-5}),
        json!({"rate": 60, "max_epochs": 200}),
        json!({"batch": 16, "max_epochs": 20}),
        json!({"method": "adam", "max_epochs": 5}),
        json!({"scale": "raw", "max_epochs": 300}),
        json!({"data": "@masks_patients", "formula": "masks ~ patients", "rate": 3, "scale": "raw"}),
        json!({"data": "@masks_patients", "formula": "masks ~ patients", "rate": 1.7, "tolerance": 1e-6}),
        json!({"data": "@two_doses", "formula": "responded ~ dose", "max_epochs": 50}),
    ] {
        let mut wish = trial.clone();
        for (key, value) in more.as_object().expect("an object") {
            wish[key] = value.clone();
        }
        let run = served.train(&wish);
        let ended = served.until(&run, "it ends", |s| s["state"] == "ended" || s["state"] == "failed");
        let end = &ended["end"];
        assert!(end.is_object(), "{ended}");
        paces.insert(end["verdict"]["pace"].to_string());
        for text in [&end["verdict"]["text"], &end["certificate"], &end["reason"]] {
            if !text.is_null() {
                spanish(end, text);
            }
        }
        if end["converged"] == false {
            spanish(end, &end["hint"]);
        }
    }
    assert!(paces.len() >= 5, "{paces:?}");
    for (scale, others) in [("raw", "held"), ("standardised", "profiled")] {
        let wish = json!({"data": "@iris", "formula": "petal_width ~ petal_length + sepal_length", "scale": scale,
                          "others": others, "runs": [{}]});
        let (status, told) = served.post("/api/explore", &wish);
        assert_eq!(status, 200, "{told}");
        spanish(&told, &told["surface"]["text"]);
    }
    let lacking = lacking.into_inner();
    assert!(lacking.is_empty(), "no Spanish for: {lacking:#?}");
}
