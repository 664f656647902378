//! Points by a script: `get_points()` of a file in Python, whose table is imported like one that somebody brings.
//!
//! The convention is that of materialsCloudCompute (<https://github.com/lanl/materialsCloudCompute>), whose `points.py` returns a list
//! of lists. What the points are called is said by objects with names, by a list `names`, or by nothing: then each point is the
//! vector `point`.

use std::fmt;
use std::fmt::Write as _;

use serde::Deserialize;

/// The program that makes a table of what a script returns. It takes the script's path and that of the file to be written: the
/// table, or with exit code 1 a [`ScriptFailure`], both as JSON.
pub const POINTS_PROGRAM: &str = include_str!("points_script/points_table.py");

/// Name of the model that [`points_model`] makes.
pub const POINTS_MODEL_FILE: &str = "get_points.py";

/// The input of that model: the script's name, for people.
pub const POINTS_PARAMETER: &str = "script";

/// Name of the script where it runs.
const POINTS_FILE: &str = "points.py";

/// Maximum size of a script, in bytes.
pub const MAX_SCRIPT_BYTES: u32 = 1 << 20;

/// What went wrong in a script.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ScriptFailure {
    /// The reason, without full stop.
    pub reason: String,
    /// The traceback, if an exception was raised.
    pub traceback: Option<String>,
}

impl fmt::Display for ScriptFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

/// Returns the model of kind `python` whose result is the table of a script: for who has no Python at hand, but a worker.
///
/// The script is in it as digits, so that none of its braces are taken for a placeholder, and lies beside it as `points.py` when
/// it runs: so a traceback names its lines.
#[must_use]
pub fn points_model(script: &[u8]) -> Vec<u8> {
    let mut model = format!(
        "# Cruncher: the result of this case is the table that get_points() returns, of {{{{{POINTS_PARAMETER}}}}}\n{POINTS_PROGRAM}\n\n\
         import os\nimport sys\n\nwith open({POINTS_FILE:?}, \"wb\") as file:\n    file.write(bytes.fromhex(\n"
    );
    for line in script.chunks(60) {
        let digits = line.iter().fold(String::new(), |mut digits, byte| {
            // Writing to a string doesn't fail.
            let _ = write!(digits, "{byte:02x}");
            digits
        });
        let _ = writeln!(model, "        \"{digits}\"");
    }
    let last = if script.is_empty() { "        \"\"\n" } else { "" };
    let _ = write!(
        model,
        "{last}    ))\nsys.path.insert(0, os.getcwd())\nresult.update(points_table(os.path.abspath({POINTS_FILE:?})))\n"
    );
    model.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::{ModelLanguage, placeholders};

    #[test]
    fn braces_of_a_script_are_no_placeholders() {
        let model = points_model(b"def get_points():\n    return [{{1}}]\n# {{name}}\n");
        let text = String::from_utf8(model).unwrap();
        let found: Vec<String> =
            placeholders(&text, ModelLanguage::Python).into_iter().map(|place| place.name).collect();
        assert_eq!(found, [POINTS_PARAMETER]);
        assert!(String::from_utf8(points_model(b"")).unwrap().contains("bytes.fromhex(\n        \"\"\n    ))"));
    }
}
