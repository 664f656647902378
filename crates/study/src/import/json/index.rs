//! What stands beside the columns of a data frame: the labels of its rows.

use super::value::Json;
use crate::case::Parameter;

/// The labels of rows.
pub(super) struct Index {
    labels: Vec<String>,
}

impl Index {
    pub(super) fn of(labels: &[Json]) -> Self {
        let text = |label: &Json| match label {
            Json::Scalar(Parameter::Text(text)) => text.clone(),
            Json::Scalar(value) => crate::import::field(value),
            _ => String::new(),
        };
        Self { labels: labels.iter().map(text).collect() }
    }

    pub(super) const fn of_names(labels: Vec<String>) -> Self {
        Self { labels }
    }

    /// What is said of labels that aren't numbers: they may mean something, and are left out.
    pub(super) fn note(&self) -> Option<String> {
        let label = self.labels.iter().find(|label| label.parse::<u64>().is_err())?;
        Some(format!("the labels of the rows, such as `{}`, are left out", crate::import::word::shown(label)))
    }
}
