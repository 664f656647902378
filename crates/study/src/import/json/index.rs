//! Labels of the rows of a data frame, which stand beside its columns.

use super::value::AnyJson;
use crate::case::ParameterValue;

/// The labels of rows.
pub(super) struct RowLabels {
    labels: Vec<String>,
}

impl RowLabels {
    pub(super) fn of(labels: &[AnyJson]) -> Self {
        let text = |label: &AnyJson| match label {
            AnyJson::Scalar(ParameterValue::Text(text)) => text.clone(),
            AnyJson::Scalar(value) => crate::import::field(value),
            _ => String::new(),
        };
        Self { labels: labels.iter().map(text).collect() }
    }

    pub(super) const fn of_names(labels: Vec<String>) -> Self {
        Self { labels }
    }

    /// Returns a note about labels that aren't whole numbers from 0 on: they may mean something, and are left out.
    pub(super) fn note(&self) -> Option<String> {
        let label = self.labels.iter().find(|label| label.parse::<u64>().is_err())?;
        Some(format!("the labels of the rows, such as `{}`, are left out", crate::import::word::shown(label)))
    }
}
