//! Connections: a bounded number at once, each with a limit of time for the head of a request.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::sync::Semaphore;

use crate::error::{Error, Kind, Result};
use crate::serve::api;
use crate::serve::state::Shared;

/// Connections at once; more wait in the queue of the operating system.
const CONNECTIONS: usize = 256;
/// How often the wish to stop is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// Bytes and lines of a request's head.
const HEAD_BYTES: usize = 32 * 1024;
const HEAD_LINES: usize = 64;

/// Accepts connections until `stop` says so.
pub async fn until(listener: TcpListener, shared: &Shared, stop: &dyn Fn() -> bool) -> Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)
        .map_err(|cause| Error::new(Kind::Io, format!("cannot listen: {cause}")))?;
    let router = api::router(shared);
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut look = tokio::time::interval(LOOK);
    loop {
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, connection) = tokio::select! {
            _ = look.tick() => {
                if stop() {
                    return Ok(());
                }
                continue;
            }
            both = accepted => both,
        };
        let Ok((stream, _)) = connection else {
            tokio::time::sleep(LOOK).await; // too many open files, say: those that are open will close
            continue;
        };
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(shared.limits.head)
            .max_buf_size(HEAD_BYTES)
            .max_headers(HEAD_LINES);
        let service = TowerToHyperService::new(router.clone());
        tokio::spawn(async move {
            let _place = place;
            // What goes wrong on a connection is the other side's doing, and it hears of it.
            let _ended = http.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}
