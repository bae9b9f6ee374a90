//! The local page: one process, the loopback alone, everything embedded; the page draws, this engine computes.

pub mod api;
mod body;
mod columns;
mod failure;
mod guard;
mod learn;
mod listen;
mod page;
pub mod shelf;
pub mod spanish;
pub mod state;
pub mod train;

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Kind, Result};
use crate::serve::state::{App, Limits, Shared};

/// How the server is started.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// The port; 0 lets the operating system choose a free one.
    pub port: u16,
    /// What one page may ask for.
    pub limits: Limits,
}

/// A server that has its port and answers as soon as it is run.
pub struct Server {
    listener: TcpListener,
    shared: Shared,
}

impl Server {
    /// Takes the port, on the loopback alone.
    ///
    /// # Errors
    /// Io, when the port is not to be had.
    pub fn bind(options: &Options) -> Result<Server> {
        let cannot = |cause: std::io::Error| {
            Error::new(Kind::Io, format!("cannot listen on 127.0.0.1:{}: {cause}", options.port))
                .hint("leave out `--port`: a free one is chosen")
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).map_err(cannot)?;
        listener.set_nonblocking(true).map_err(cannot)?;
        let port = listener.local_addr().map_err(cannot)?.port();
        Ok(Server { listener, shared: Arc::new(App::new(port, options)?) })
    }

    /// The address to open, with its token.
    pub fn address(&self) -> String {
        format!("http://{}/?token={}", self.shared.hosts[0], self.shared.token)
    }

    /// Answers until `stop` says so; then the runs end and the private folder goes.
    ///
    /// # Errors
    /// Io, when the operating system gives no threads.
    pub fn run(self, stop: &dyn Fn() -> bool) -> Result<()> {
        let Server { listener, shared } = self;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|cause| Error::new(Kind::Io, format!("cannot start the server: {cause}")))?;
        let ended = runtime.block_on(listen::until(listener, &shared, stop));
        train::runs::end_all(&shared);
        runtime.shutdown_timeout(Duration::from_secs(2));
        shared.remove_folder();
        ended
    }
}
