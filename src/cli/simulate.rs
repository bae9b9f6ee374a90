//! `clinreg simulate`: writes a synthetic clinical CSV with known coefficients.

use serde_json::json;

use crate::cli::args::{Global, SimulateArgs};
use crate::cli::files::{check_file, deliver_in_parts};
use crate::cli::say::{self, Say};
use crate::cli::status::Status;
use crate::data::simulate::{DEMO_ROWS, DEMO_SEED, treatment_effectiveness_in_parts};
use crate::error::{Error, Result};

/// The verb. Without options it writes the data of the demo.
///
/// # Errors
/// Usage or Io.
pub fn run(args: &SimulateArgs, global: &Global, say: &Say) -> Result<Status> {
    let rows = args.rows.unwrap_or(DEMO_ROWS);
    let seed = global.seed.unwrap_or(DEMO_SEED);
    let out = global.out.as_deref();
    check_file(out, &[])?;
    if say.json && out.is_none() {
        return Err(Error::usage("`--json` leaves no place for the CSV on standard output")
            .hint("say where the CSV goes: `-o trial.csv`"));
    }
    deliver_in_parts(out, |sink| treatment_effectiveness_in_parts(rows, seed, sink))?;
    if let Some(path) = out {
        if say.json {
            let said = json!({"file": path, "table": args.what, "rows": rows, "seed": seed});
            say::data(&format!("{said:#}\n"))?;
        }
        say.written(path);
    }
    Ok(Status::Done)
}
