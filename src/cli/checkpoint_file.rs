//! The checkpoint as a file: two lines of JSON (version and digest; what it is of), then the state's words, little-endian.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::cli::files::beside;
use crate::error::{Error, Result};
use crate::optimise::state::State;

/// The version that is written.
const VERSION: u32 = 1;
/// How every checkpoint begins.
const BEGINNING: &str = "{\"clinreg_checkpoint\":";

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
struct Seal {
    clinreg_checkpoint: u32,
    /// Of all bytes after this line.
    #[serde(default)]
    sha256: String,
}

/// The second line.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    course: Vec<(String, String)>,
    iterations: usize,
    epochs: usize,
    seconds: f64,
}

/// What a checkpoint holds.
#[derive(Debug, PartialEq)]
pub struct Checkpoint {
    /// What decides the course of the descent, by name.
    pub course: Vec<(String, String)>,
    /// Where it was.
    pub state: State,
}

/// Whether a file begins as a checkpoint does.
pub fn is_checkpoint(path: &Path) -> bool {
    let mut beginning = [0; BEGINNING.len()];
    let read = fs::File::open(path).and_then(|mut file| file.read_exact(&mut beginning));
    read.is_ok() && beginning == *BEGINNING.as_bytes()
}

/// Writes a checkpoint: whole, or not at all.
///
/// # Errors
/// Io.
pub fn write(path: &Path, checkpoint: &Checkpoint) -> Result<()> {
    let cannot = |cause: std::io::Error| Error::io("write the checkpoint", path, &cause);
    let state = &checkpoint.state;
    let header = Header {
        course: checkpoint.course.clone(),
        iterations: state.iterations,
        epochs: state.epochs,
        seconds: state.seconds,
    };
    let mut body = serde_json::to_vec(&header).map_err(|cause| cannot(cause.into()))?;
    body.push(b'\n');
    body.extend(state.words.iter().flat_map(|word| word.to_le_bytes()));
    let seal = Seal { clinreg_checkpoint: VERSION, sha256: digest(&body) };
    let mut first = serde_json::to_vec(&seal).map_err(|cause| cannot(cause.into()))?;
    first.push(b'\n');
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut file = beside(folder).map_err(cannot)?;
    file.write_all(&first).and_then(|()| file.write_all(&body)).map_err(cannot)?;
    file.as_file().sync_all().map_err(cannot)?;
    file.persist(path).map_err(|failed| cannot(failed.error))?;
    Ok(())
}

/// Reads a checkpoint.
///
/// # Errors
/// Io; Model, when it is damaged, of a newer version, or none.
pub fn read(path: &Path) -> Result<Checkpoint> {
    let bytes = fs::read(path).map_err(|cause| {
        Error::io("read the checkpoint", path, &cause).hint("`--checkpoint FILE` writes one")
    })?;
    let shown = path.display();
    if !bytes.starts_with(BEGINNING.as_bytes()) {
        return Err(Error::model(format!("`{shown}` is not a checkpoint of clinreg"))
            .hint("`--checkpoint FILE` writes one"));
    }
    let damaged = || {
        Error::model(format!("the checkpoint `{shown}` is damaged or cut short"))
            .hint("it cannot be gone on from: remove it and start the fit anew")
    };
    let (first, body) = line(&bytes).ok_or_else(damaged)?;
    let seal: Seal = serde_json::from_slice(first).map_err(|_| damaged())?;
    if seal.clinreg_checkpoint > VERSION {
        return Err(Error::model(format!(
            "the checkpoint `{shown}` has version {}, and this program reads up to {VERSION}",
            seal.clinreg_checkpoint
        ))
        .hint("go on with the newer clinreg that wrote it"));
    }
    if seal.sha256 != digest(body) {
        return Err(damaged());
    }
    let (header, words) = line(body).ok_or_else(damaged)?;
    let header: Header = serde_json::from_slice(header).map_err(|_| damaged())?;
    let (words, rest) = words.as_chunks::<8>();
    if !rest.is_empty() {
        return Err(damaged());
    }
    let state = State {
        iterations: header.iterations,
        epochs: header.epochs,
        seconds: header.seconds,
        words: words.iter().map(|word| u64::from_le_bytes(*word)).collect(),
    };
    Ok(Checkpoint { course: header.course, state })
}

/// The first line without its end, and what follows.
fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_comes_back_and_a_damaged_or_newer_one_is_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("c");
        let words = vec![0.1_f64.to_bits(), f64::NAN.to_bits(), 10];
        let state = State { iterations: 7, epochs: 3, seconds: 0.1, words };
        let kept = Checkpoint { course: vec![("the formula".to_string(), "y ~ x".to_string())], state };
        write(&path, &kept).expect("written");
        assert_eq!(read(&path).expect("read"), kept);
        assert_eq!(fs::read_dir(folder.path()).expect("there").count(), 1);
        let whole = fs::read(&path).expect("there");
        for cut in [whole.len() - 1, whole.len() - 8, 30] {
            fs::write(&path, &whole[..cut]).expect("written");
            assert!(read(&path).expect_err("cut").message.contains("damaged or cut short"), "{cut}");
        }
        fs::write(&path, "{\"clinreg_checkpoint\":2,\"more\":1}\n").expect("written");
        assert!(read(&path).expect_err("newer").message.contains("has version 2"));
        fs::write(&path, "a,b\n1,2\n").expect("written");
        assert!(read(&path).expect_err("a table").message.contains("is not a checkpoint"));
    }
}
