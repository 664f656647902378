//! Tells a design file from a table of cases, by its content.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::json::check_numbers;
use super::text::decode;
use crate::design::DesignFile;

/// A design file that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the design can't be read: {0}")]
pub struct NoDesign(String);

impl NoDesign {
    /// The reason why it can't be read.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.0
    }
}

/// Fields that tell a design from other JSON.
#[derive(Deserialize)]
struct Marks {
    sampler: Option<IgnoredAny>,
    factors: Option<IgnoredAny>,
    model: Option<IgnoredAny>,
    batch: Option<IgnoredAny>,
}

/// Reads a design from a file, in each encoding that [`import`](super::import) reads; `None` if it is no design, but a table.
///
/// # Errors
/// If it is a design, but not a whole one.
#[must_use]
pub fn design_file(content: &[u8]) -> Option<Result<DesignFile, NoDesign>> {
    // Reading the bytes as a table tells what is wrong with them.
    let Ok(text) = decode(content) else { return None };
    let text = text.trim_start_matches('\u{feff}').trim_start();
    is_design(text).then(|| read(text))
}

fn read(text: &str) -> Result<DesignFile, NoDesign> {
    let design: DesignFile = serde_json::from_slice(text.as_bytes()).map_err(|error| NoDesign(error.to_string()))?;
    check_numbers(text).map_err(|error| NoDesign(error.to_string()))?;
    design.model.objection().map_or(Ok(design), |objection| Err(NoDesign(objection)))
}

/// Whether the first JSON of a text is an object that has a sampler, or factors beside a model or a batch. In broken JSON only
/// the words that stand in it can tell.
fn is_design(text: &str) -> bool {
    if !text.starts_with('{') {
        return false;
    }
    let first = serde_json::Deserializer::from_slice(text.as_bytes()).into_iter::<Marks>().next();
    match first {
        Some(Ok(marks)) => {
            marks.sampler.is_some() || (marks.factors.is_some() && (marks.model.is_some() || marks.batch.is_some()))
        }
        _ => text.contains("\"sampler\"") || text.contains("\"factors\""),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const DESIGN: &str = r#"{"batch": "b", "model": {"file": "m.py", "kind": "python"},
        "factors": [{"name": "width", "minimum": 1.0, "maximum": 2.0}], "sampler": {"kind": "latin_hypercube", "cases": 4}}"#;

    fn utf_16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn a_design_is_known_in_each_encoding() {
        let expected: DesignFile = serde_json::from_str(DESIGN).unwrap();
        let marked = format!("\u{feff}{DESIGN}\r\n");
        let contents = [
            DESIGN.as_bytes().to_vec(),
            marked.as_bytes().to_vec(),
            utf_16(&marked, u16::to_le_bytes),
            utf_16(&marked, u16::to_be_bytes),
            utf_16(DESIGN, u16::to_le_bytes),
            utf_16(DESIGN, u16::to_be_bytes),
        ];
        for content in contents {
            assert_eq!(design_file(&content), Some(Ok(expected.clone())), "{:?}", &content[..8]);
        }
    }

    fn holding(model: &serde_json::Value) -> Result<DesignFile, NoDesign> {
        let mut design: serde_json::Value = serde_json::from_str(DESIGN).unwrap();
        design["model"] = model.clone();
        design_file(design.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_model_in_a_design_comes_back_byte_for_byte() {
        for text in [
            "",
            "a = {{width}}\r\n\tprint(\"ä\\0\")\n",
            "\u{feff}x\u{0}\u{2028}\u{1f600}",
            "{{width}} = 99999999999999999999",
        ] {
            let design = holding(&json!({"file": "m.py", "kind": "python", "text": text})).unwrap();
            assert_eq!(design.model.text.as_deref(), Some(text));
            assert_eq!(design_file(&serde_json::to_vec(&design).unwrap()), Some(Ok(design)));
        }
        let beside = holding(&json!({"file": "m.py", "kind": "python"})).unwrap();
        assert!(!serde_json::to_string(&beside).unwrap().contains("text"), "older programs read it as before");
    }

    #[test]
    fn what_can_be_no_model_is_refused_with_its_design() {
        let large = "#".repeat((16 << 20) + 1);
        for (model, reason) in [
            (
                json!({"file": "m.py", "kind": "python", "text": large}),
                "its model has 16,777,217 bytes, more than the 16 MiB of a model",
            ),
            (json!({"file": "", "kind": "python", "text": "x"}), "its model has a `text`, but no `file`: name it"),
            (json!({"file": "m.py", "kind": "python", "text": ["x"]}), "invalid type: sequence, expected a string"),
            (json!({"file": "m.py", "kind": "python", "text": 5}), "invalid type: integer `5`, expected a string"),
        ] {
            let error = holding(&model).unwrap_err();
            assert!(error.reason().starts_with(reason), "{error}");
        }
        let half = DESIGN.replace("\"python\"}", r#""python", "text": "\ud800"}"#);
        assert!(design_file(half.as_bytes()).unwrap().is_err(), "half of a letter");
    }

    #[test]
    fn a_number_of_more_than_64_bits_is_no_float_unsaid() {
        let design = DESIGN.replace("\"minimum\": 1.0, \"maximum\": 2.0", "\"value\": 18446744073709551616");
        let reason = "line 2 of the JSON has a whole number of more than 64 bits, 18446744073709551616: with a point at its \
                      end it is read as the nearest float";
        assert_eq!(design_file(design.as_bytes()), Some(Err(NoDesign(reason.to_owned()))));
        let largest = design.replace("18446744073709551616", "18446744073709551615");
        assert!(matches!(design_file(largest.as_bytes()), Some(Ok(_))));
    }

    #[test]
    fn a_design_is_told_from_a_table() {
        for (content, expected) in [
            (r#"{"sampler": {}}"#, true),
            (" \n{\"batch\": 1, \"sampler\": 2}", true),
            (r#"{"batch": "b", "model": {}, "factors": []}"#, true),
            (r#"{"batch": "b", "sampler": {"kind": "#, true),
            ("{\"broken", false),
            (r#"[{"a": 1}]"#, false),
            ("{\"a\": 1}\n{\"a\": 2}\n", false),
            (r#"{"columns": [], "rows": []}"#, false),
            (r#"{"factors": {"0": 1}, "width": {"0": 2}}"#, false),
            ("a,b\r\n1,2\r\n", false),
            ("", false),
        ] {
            assert_eq!(design_file(content.as_bytes()).is_some(), expected, "{content}");
        }
    }
}
