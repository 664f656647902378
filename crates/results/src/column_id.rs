//! Ids of columns: names that are unambiguous and fit into an address.

use std::fmt;
use std::str::FromStr;

use crate::chunk::ColumnPart;
use crate::percent;

/// A column of a store.
///
/// As text: `case.level`, `factor.cohesion_array[0]`, `response.end_load`. Characters of a name that have a meaning in an
/// address or a filter are percent-encoded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ColumnId {
    /// A field that every case has.
    Case(CaseField),
    /// A factor, or a component of a vector, by its name.
    Factor(String),
    /// A response by its name.
    Response(String),
}

/// A field that every case has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CaseField {
    /// Its batch, a text.
    Batch,
    /// Its id. The only one without a column of its own: see [`crate::store::ResultStore::case_ids`].
    CaseId,
    /// The version of its batch's model, a text; missing if the model was never replaced.
    Model,
    /// Its level.
    Level,
    /// The number of the replicate.
    Replicate,
    /// `done`, `failed`, or `retried`: failed, and tried again.
    State,
    /// The number of the attempt, from 1; 0 if the row doesn't say.
    Attempt,
    /// Time of the attempt's beginning, in seconds since 1970.
    StartTime,
    /// Time of the attempt's end, in seconds since 1970.
    EndTime,
    /// Duration of the attempt, in seconds.
    DurationSecs,
    /// The worker, a text.
    Worker,
    /// The pool that its last attempt was of, or that it was sent to, a text; missing if no case names a pool.
    Pool,
    /// The error signature, a text, which groups the failure with others like it.
    Signature,
    /// The exception that it failed with and its message, a text.
    Error,
}

/// A text that names no column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnIdError {
    /// It begins with none of the three parts.
    #[error("a column is called `case.…`, `factor.…` or `response.…`")]
    Part,
    /// There is no such field.
    #[error("a case has no field of this name")]
    Field,
    /// A `%` isn't followed by two hex digits, or the encoded bytes are no text.
    #[error("its percent signs make no text in UTF-8")]
    Encoding,
}

impl ColumnId {
    /// Returns the id of a factor or a response.
    #[must_use]
    pub fn of(part: ColumnPart, name: &str) -> Self {
        match part {
            ColumnPart::Factor => Self::Factor(name.to_owned()),
            ColumnPart::Response => Self::Response(name.to_owned()),
        }
    }

    /// Returns the name without its part, as it is shown.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Case(field) => field.name(),
            Self::Factor(name) | Self::Response(name) => name,
        }
    }

    /// Whether it is this factor or response.
    pub(crate) fn is(&self, part: ColumnPart, name: &str) -> bool {
        match self {
            Self::Case(_) => false,
            Self::Factor(own) => part == ColumnPart::Factor && own == name,
            Self::Response(own) => part == ColumnPart::Response && own == name,
        }
    }
}

impl CaseField {
    /// All fields.
    pub const ALL: [Self; 14] = [
        Self::Batch,
        Self::CaseId,
        Self::Model,
        Self::Level,
        Self::Replicate,
        Self::State,
        Self::Attempt,
        Self::StartTime,
        Self::EndTime,
        Self::DurationSecs,
        Self::Worker,
        Self::Pool,
        Self::Signature,
        Self::Error,
    ];

    /// Returns its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Batch => "batch",
            Self::CaseId => "case_id",
            Self::Model => "model",
            Self::Level => "level",
            Self::Replicate => "replicate",
            Self::State => "state",
            Self::Attempt => "attempt",
            Self::StartTime => "start_time",
            Self::EndTime => "end_time",
            Self::DurationSecs => "duration_secs",
            Self::Worker => "worker",
            Self::Pool => "pool",
            Self::Signature => "signature",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for ColumnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = match self {
            Self::Case(_) => "case",
            Self::Factor(_) => "factor",
            Self::Response(_) => "response",
        };
        write!(f, "{part}.{}", percent::encode(self.name()))
    }
}

impl FromStr for ColumnId {
    type Err = ColumnIdError;

    fn from_str(text: &str) -> Result<Self, ColumnIdError> {
        let (part, name) = text.split_once('.').ok_or(ColumnIdError::Part)?;
        let decoded = || percent::decode(name).ok_or(ColumnIdError::Encoding);
        match part {
            "case" => {
                let field = CaseField::ALL.into_iter().find(|field| field.name() == name);
                field.map(Self::Case).ok_or(ColumnIdError::Field)
            }
            "factor" => decoded().map(Self::Factor),
            "response" => decoded().map(Self::Response),
            _ => Err(ColumnIdError::Part),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ids_are_short_texts() {
        for (id, text) in [
            (ColumnId::Case(CaseField::DurationSecs), "case.duration_secs"),
            (ColumnId::Factor("cohesion_array[0]".into()), "factor.cohesion_array[0]"),
            (ColumnId::Response("curve.peak".into()), "response.curve.peak"),
            (ColumnId::Response("a b".into()), "response.a%20b"),
        ] {
            assert_eq!(id.to_string(), text);
            assert_eq!(text.parse(), Ok(id));
        }
        for field in CaseField::ALL {
            assert_eq!(ColumnId::Case(field).to_string().parse(), Ok(ColumnId::Case(field)));
        }
    }

    #[test]
    fn what_names_no_column_says_why() {
        for (text, error) in [
            ("", ColumnIdError::Part),
            ("level", ColumnIdError::Part),
            ("result.load", ColumnIdError::Part),
            ("case.load", ColumnIdError::Field),
            ("factor.%ff", ColumnIdError::Encoding),
        ] {
            assert_eq!(text.parse::<ColumnId>(), Err(error), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_name_comes_back(name in any::<String>()) {
            for part in [ColumnPart::Factor, ColumnPart::Response] {
                let id = ColumnId::of(part, &name);
                prop_assert!(id.is(part, &name));
                prop_assert_eq!(id.to_string().parse(), Ok(id));
            }
        }
    }
}
