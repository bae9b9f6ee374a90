//! `clinreg simulate`: writes a synthetic clinical CSV with known coefficients.

use serde_json::json;

use crate::cli::args::{Global, SimulateArgs};
use crate::cli::files::{check_file, deliver};
use crate::cli::say::{self, Say};
use crate::cli::status::Status;
use crate::data::simulate::treatment_effectiveness;
use crate::error::{Error, Result};

/// Rows, unless the user says otherwise: as many as the data set of the demo has.
const ROWS: usize = 2000;

/// The verb.
///
/// # Errors
/// Usage or Io.
pub fn run(args: &SimulateArgs, global: &Global, say: &Say) -> Result<Status> {
    let rows = args.rows.unwrap_or(ROWS);
    let out = global.out.as_deref();
    check_file(out, &[])?;
    if say.json && out.is_none() {
        return Err(Error::usage("`--json` leaves no place for the CSV on standard output")
            .hint("say where the CSV goes: `-o trial.csv`"));
    }
    deliver(out, &treatment_effectiveness(rows, global.seed())?)?;
    if let Some(path) = out {
        if say.json {
            let said = json!({"file": path, "table": args.what, "rows": rows, "seed": global.seed()});
            say::data(&format!("{said:#}\n"))?;
        }
        say.written(path);
    }
    Ok(Status::Done)
}
