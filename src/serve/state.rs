//! What the server knows while it runs: its token, its limits, the uploaded data, the runs.

use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::Semaphore;

use crate::error::{Error, Kind, Result};
use crate::serve::Options;
use crate::serve::shelf::Shelf;
use crate::serve::train::runs::Runs;

/// How much one page may ask for.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of an uploaded file.
    pub upload: usize,
    /// How long the body of a request may take to arrive.
    pub body: Duration,
    /// How long the head of a request may take to arrive.
    pub head: Duration,
    /// How long a run may take, pauses apart.
    pub run: Duration,
    /// How long a run may be paused.
    pub pause: Duration,
    /// Runs that wait, run or pause at the same time.
    pub runs: usize,
}

impl Default for Limits {
    /// Uploads of 64 MB, half a minute for a body, ten seconds for a head, ten minutes for a run, an hour for its
    /// pause, twelve runs at once.
    fn default() -> Limits {
        Limits {
            upload: 64 << 20,
            body: Duration::from_secs(30),
            head: Duration::from_secs(10),
            run: Duration::from_secs(600),
            pause: Duration::from_secs(3600),
            runs: 12,
        }
    }
}

/// Bodies that are JSON are small.
pub const JSON_BYTES: usize = 64 * 1024;

/// Shared by all requests.
pub type Shared = Arc<App>;

/// The server's state.
pub struct App {
    /// 32 hexadecimal digits from the operating system's generator.
    pub token: String,
    /// The cookie's name, which has the port in it: two servers on one machine do not take each other's.
    pub cookie: String,
    /// The names under which this server is addressed.
    pub hosts: [String; 2],
    /// What one page may ask for.
    pub limits: Limits,
    /// The data sets.
    pub shelf: Mutex<Shelf>,
    /// The runs.
    pub runs: Mutex<Runs>,
    /// Uploads that are received or read at the same time.
    pub uploads: Semaphore,
    /// Computations at the same time that are neither uploads nor runs: formulas, surfaces, reports.
    pub computations: Semaphore,
    /// Live streams at the same time.
    pub streams: std::sync::Arc<Semaphore>,
    folder: TempDir,
}

/// Live streams at once.
const STREAMS: usize = 48;

/// Uploads in memory at once before they are read.
const UPLOADS_AT_ONCE: usize = 2;
/// Short computations at once.
const COMPUTATIONS_AT_ONCE: usize = 3;

impl App {
    /// A fresh state for a server on a port.
    ///
    /// # Errors
    /// Io, when there is no random number or no private folder to be had.
    pub fn new(port: u16, options: &Options) -> Result<App> {
        let folder = tempfile::Builder::new().prefix("clinreg-").tempdir().map_err(|cause| {
            Error::new(Kind::Io, format!("cannot make a private temporary folder: {cause}"))
        })?;
        Ok(App {
            token: token()?,
            cookie: format!("clinreg_{port}"),
            hosts: [format!("127.0.0.1:{port}"), format!("localhost:{port}")],
            limits: options.limits,
            shelf: Mutex::new(Shelf::default()),
            runs: Mutex::new(Runs::default()),
            uploads: Semaphore::new(UPLOADS_AT_ONCE),
            computations: Semaphore::new(COMPUTATIONS_AT_ONCE),
            streams: Arc::new(Semaphore::new(STREAMS)),
            folder,
        })
    }

    /// The private folder, which goes when the program ends.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Removes the private folder now, whoever still holds this state.
    pub fn remove_folder(&self) {
        // What cannot be removed here is tried once more when the state goes.
        let _tried = std::fs::remove_dir_all(self.folder.path());
    }
}

/// 128 random bits as hexadecimal digits.
fn token() -> Result<String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|cause| {
        Error::new(Kind::Io, format!("the operating system gives no random numbers: {cause}"))
    })?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        let _to_a_string_never_fails = write!(text, "{byte:02x}");
        text
    }))
}

/// The lock, also where a thread panicked while it held it: all that is behind these locks is replaced whole.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
