//! What a second model made of the files of a case, as the case's result document tells it in `extracts`.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::model::ModelReference;

/// A run of a second model over the files of a case that is done.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CaseExtract {
    /// The model's key.
    pub model_key: String,
    /// The way in which it was run, as the document names it.
    pub model_kind: String,
    /// The submission that asked for it; empty if the document doesn't name it.
    pub submission: String,
    /// The worker.
    pub worker: String,
    /// Time when it began, and when it was over, in seconds since 1970.
    pub start_time: f64,
    pub end_time: f64,
    /// The end of what it printed.
    pub log: String,
    /// Warnings, such as those about values that JSON can't hold.
    pub warnings: Vec<String>,
    /// Exception with its message, if it failed.
    pub error: Option<String>,
    /// Traceback of the failure; empty if it didn't fail.
    pub traceback: String,
}

impl CaseExtract {
    /// Whether this model was run.
    #[must_use]
    pub fn is_of(&self, model: &ModelReference) -> bool {
        self.model_key == model.key && self.model_kind == model.kind.name()
    }

    /// Returns the name of the model's file.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.model_key.rsplit('/').next().unwrap_or_default()
    }
}

/// Reads the extractions that a result document tells of, the last one at the end. What isn't one is left out, whatever it is.
#[must_use]
pub fn extracts_in(json: &[u8]) -> Vec<CaseExtract> {
    // A result may be very large: it is passed over.
    #[derive(Deserialize)]
    struct Stored<'a> {
        #[serde(borrow)]
        extracts: Option<&'a RawValue>,
    }
    let stored: Option<Stored> = serde_json::from_slice(json).ok();
    let found = stored.and_then(|stored| stored.extracts);
    let found = found.and_then(|found| serde_json::from_str::<Value>(found.get()).ok());
    found.iter().filter_map(Value::as_array).flatten().filter_map(extract).collect()
}

fn extract(value: &Value) -> Option<CaseExtract> {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let time = |name: &str| value.get(name).and_then(Value::as_f64).unwrap_or_default();
    let model = value.get("model")?;
    let warnings = value.get("warnings").and_then(Value::as_array).into_iter().flatten();
    let error = value.get("exception").map(|_| match text(value, "message") {
        message if message.is_empty() => text(value, "exception"),
        message => format!("{}: {message}", text(value, "exception")),
    });
    Some(CaseExtract {
        model_key: text(model, "key"),
        model_kind: text(model, "kind"),
        submission: text(value, "submission"),
        worker: text(value, "worker"),
        start_time: time("start_time"),
        end_time: time("end_time"),
        log: text(value, "log"),
        warnings: warnings.filter_map(Value::as_str).map(str::to_owned).collect(),
        error,
        traceback: text(value, "traceback"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_document_tells_of_extractions_is_read_and_the_rest_left_out() {
        let json = r#"{"v": 1, "result": {"a": [1, 2]}, "extracts": [7, null, {"worker": "w"},
            {"model": {"key": "models/00/a.py", "kind": "python"}, "submission": "00f1e2d3c4b5a697", "worker": "w",
             "start_time": 1.5, "end_time": 2, "log": "text", "warnings": ["x is NaN", 7]},
            {"model": {"key": "models/00/b.py", "kind": "python"}, "exception": "KeyError", "message": "'x'", "traceback": "line 3"}]}"#;
        let found = extracts_in(json.as_bytes());
        let expected = CaseExtract {
            model_key: "models/00/a.py".into(),
            model_kind: "python".into(),
            submission: "00f1e2d3c4b5a697".into(),
            worker: "w".into(),
            start_time: 1.5,
            end_time: 2.0,
            log: "text".into(),
            warnings: vec!["x is NaN".into()],
            ..CaseExtract::default()
        };
        assert_eq!((found.len(), &found[0], found[0].file_name()), (2, &expected, "a.py"));
        assert_eq!((found[1].error.as_deref(), found[1].traceback.as_str()), (Some("KeyError: 'x'"), "line 3"));
    }

    #[test]
    fn no_document_breaks_it() {
        for json in ["", "7", "{}", r#"{"extracts": null}"#, r#"{"extracts": {"model": 1}}"#, r#"{"extracts": [[]]}"#] {
            assert_eq!(extracts_in(json.as_bytes()), [], "{json}");
        }
    }
}
