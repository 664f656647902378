//! The corpus: real documents, and such as once did harm. A folder a target, a file an input.

use std::path::{Path, PathBuf};

use crate::FuzzTarget;
use crate::targets::encoded;

/// Folder of the inputs of all targets.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus");

/// Returns the inputs of a target, in the order of their names; behind them one that is encoded as this version does it, where that changes.
///
/// # Errors
/// If they can't be read, or there are none.
pub fn inputs(target: &FuzzTarget) -> Result<Vec<(PathBuf, Vec<u8>)>, String> {
    let folder = Path::new(FOLDER).join(target.name);
    let broken = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(broken)? {
        paths.push(entry.map_err(broken)?.path());
    }
    paths.sort();
    if paths.is_empty() {
        return Err(format!("{} holds no input", folder.display()));
    }
    let read = paths.into_iter().map(|path| std::fs::read(&path).map(|input| (path, input)).map_err(broken));
    read.chain(encoded(target.name).map(|input| Ok((folder.join("encoded"), input)))).collect()
}
