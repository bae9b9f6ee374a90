//! `clinreg serve`: the local page, until Ctrl-C.

use std::process::{Command, Stdio};

use serde_json::json;

use crate::cli::args::ServeArgs;
use crate::cli::progress;
use crate::cli::say::{self, Say};
use crate::cli::status::Status;
use crate::error::Result;
use crate::serve::{Options, Server};

/// The verb: prints the address, opens it where that was asked for, and answers until Ctrl-C.
///
/// # Errors
/// Io, when the port is not to be had.
pub fn run(args: &ServeArgs, say: &Say) -> Result<Status> {
    progress::listen()?;
    let mut options = Options { port: args.port, ..Options::default() };
    options.limits.upload = usize::from(args.max_upload) << 20;
    let server = Server::bind(&options)?;
    let address = server.address();
    if say.json {
        say::data(&format!("{}\n", json!({"address": address})))?;
    } else {
        say::data(&format!("{address}\n"))?;
    }
    say.note("open this address in a browser; Ctrl-C ends the server");
    if args.open && !opened(&address) {
        say::warn("no browser could be opened", Some("open the address by hand"));
    }
    server.run(&progress::interrupted)?;
    Ok(Status::Done)
}

/// Hands the address to whatever opens addresses here; whether that could be started.
fn opened(address: &str) -> bool {
    let (program, words): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(target_os = "windows") {
        ("rundll32", &["url.dll,FileProtocolHandler"])
    } else {
        ("xdg-open", &[])
    };
    let mut command = Command::new(program);
    command.args(words).arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().is_ok()
}
