//! Points by a script: `get_points()` of a file in Python, whose table is imported like one that somebody brings.
//!
//! The convention is that of materialsCloudCompute (<https://github.com/lanl/materialsCloudCompute>), whose `points.py` returns a list
//! of lists. What the points are called is said by objects with names, by a list `names`, or by nothing: then each point is the
//! vector `point`.

use std::fmt;
use std::fmt::Write as _;

use serde::Deserialize;

use crate::import::{ImportError, ImportedTable, NumberReading, import};

/// The program that makes a table of what a script returns. It takes the script's path and that of the file to be written: the
/// table, or with exit code 1 a [`ScriptFailure`], both as JSON.
pub const POINTS_PROGRAM: &str = include_str!("points_script/points_table.py");

/// The usual name of such a script.
pub const POINTS_FILE: &str = "points.py";

/// Maximum size of a script, in bytes.
pub const MAX_SCRIPT_BYTES: usize = 1 << 20;

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

/// Reads the table that [`POINTS_PROGRAM`] has made.
///
/// # Errors
/// As [`import`].
pub fn points_table(content: &[u8]) -> Result<ImportedTable, ImportError> {
    #[derive(Deserialize)]
    struct NamesMark {
        #[serde(default)]
        unnamed: bool,
    }
    let mut table = import(content, NumberReading::default())?;
    let is_unnamed = serde_json::from_slice(content).is_ok_and(|mark: NamesMark| mark.unnamed);
    if let Some(column) = table.columns.first().filter(|_| is_unnamed) {
        let what = column.count.map_or_else(|| "value".to_owned(), |count| format!("vector of {count}"));
        let words = "the points have no names, so each is the";
        table.notes.push(format!("{words} {what} `{}`; a list `names` in the script names them", column.name));
    }
    Ok(table)
}

/// Returns the model of kind `python` whose result is the table of a script: for who has no Python at hand, but a worker.
///
/// The script is in it as digits, so that none of its braces are taken for a placeholder, and lies beside it as `points.py` when
/// it runs: so a traceback names its lines.
#[must_use]
pub fn points_model(script: &[u8]) -> Vec<u8> {
    let mut model = format!(
        "# Cruncher: the result of this case is the table of points that `get_points()` of a script returns.\n{POINTS_PROGRAM}\n\n\
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
    fn points_without_names_are_a_vector_and_that_is_said() {
        let table =
            points_table(br#"{"columns": ["point"], "rows": [[[0.1, 2]], [[0.2, 3]]], "unnamed": true}"#).unwrap();
        assert_eq!((table.columns[0].name.as_str(), table.columns[0].count, table.rows.len()), ("point", Some(2), 2));
        let words =
            "the points have no names, so each is the vector of 2 `point`; a list `names` in the script names them";
        assert!(table.notes.contains(&words.to_owned()), "{:?}", table.notes);
        let named =
            points_table(br#"{"columns": ["a", "b"], "rows": [[0.1, 2], [0.2, 3]], "unnamed": false}"#).unwrap();
        assert!(!named.notes.iter().any(|note| note.contains("no names")), "{:?}", named.notes);
    }

    #[test]
    fn braces_of_a_script_are_no_placeholders() {
        let model = points_model(b"def get_points():\n    return [{{1}}]\n# {{name}}\n");
        let text = String::from_utf8(model).unwrap();
        assert!(placeholders(&text, ModelLanguage::Python).is_empty());
        assert!(String::from_utf8(points_model(b"")).unwrap().contains("bytes.fromhex(\n        \"\"\n    ))"));
    }
}
