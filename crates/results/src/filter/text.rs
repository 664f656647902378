//! Conversion of filters to text and back.

use std::fmt;
use std::str::FromStr;

use cruncher_study::case::{CaseId, CaseIdError};

use super::{FilterCondition, RangeLimit, RowFilter};
use crate::column_id::{CaseField, ColumnId, ColumnIdError};
use crate::percent;

/// A text that is no filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("in the condition at character {at}: {problem}")]
pub struct FilterError {
    /// Beginning of the condition that can't be read, in characters from 1.
    pub at: usize,
    /// The problem with it.
    pub problem: ConditionProblem,
}

/// Problem with a condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConditionProblem {
    /// There is no colon behind the column.
    #[error("there is no colon between a column and what its values are")]
    NoColon,
    /// The column isn't one.
    #[error("there is no such column: {0}")]
    Column(ColumnIdError),
    /// An end of a range is no number.
    #[error("`{0}` is no number")]
    Number(String),
    /// A value isn't encoded as it should be.
    #[error("its percent signs make no text in UTF-8")]
    Encoding,
    /// The text behind `case.case_id:` is no list of ids.
    #[error("{0}")]
    CaseId(CaseIdError),
}

impl fmt::Display for RowFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.conditions.iter().enumerate().try_for_each(|(index, condition)| {
            f.write_str(if index == 0 { "" } else { "," })?;
            fmt::Display::fmt(condition, f)
        })
    }
}

impl fmt::Display for FilterCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Search(text) = self {
            return write!(f, "*:{}", percent::encode(text));
        }
        let cases = ColumnId::Case(CaseField::CaseId);
        write!(f, "{}:", self.column().unwrap_or(&cases))?;
        match self {
            Self::Range { least, most, .. } => {
                let end = |end: &Option<RangeLimit>| end.map(|limit| limit.to_string()).unwrap_or_default();
                write!(f, "{}..{}", end(least), end(most))
            }
            Self::OneOf { values, .. } if values.is_empty() => f.write_str("!*"),
            Self::OneOf { values, .. } => joined(f, values, |f, value| write_value(f, value)),
            Self::HasValue(_) => f.write_str("*"),
            Self::HasNone(_) => f.write_str("!"),
            Self::Like { pattern, .. } => write!(f, "~{}", percent::encode(pattern)),
            Self::Search(_) => Ok(()),
            Self::Cases(cases) => joined(f, cases, |f, case| fmt::Display::fmt(case, f)),
        }
    }
}

fn joined<T>(
    f: &mut fmt::Formatter<'_>,
    items: &[T],
    write: impl Fn(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    items.iter().enumerate().try_for_each(|(index, item)| {
        f.write_str(if index == 0 { "" } else { "|" })?;
        write(f, item)
    })
}

fn write_value(f: &mut fmt::Formatter<'_>, value: &str) -> fmt::Result {
    let encoded = percent::encode(value).to_string();
    // Two points in a row would be read as a range, and a tilde in front as a pattern.
    let encoded = if encoded.contains("..") { encoded.replace('.', "%2E") } else { encoded };
    f.write_str(&encoded.replacen('~', "%7E", usize::from(encoded.starts_with('~'))))
}

impl FromStr for RowFilter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        let (mut at, mut conditions) = (1, Vec::new());
        for condition in text.split(',').filter(|_| !text.is_empty()) {
            conditions.push(parse(condition).map_err(|problem| FilterError { at, problem })?);
            at += condition.chars().count() + 1;
        }
        Ok(Self { conditions })
    }
}

fn parse(condition: &str) -> Result<FilterCondition, ConditionProblem> {
    let (column, values) = condition.split_once(':').ok_or(ConditionProblem::NoColon)?;
    if column == "*" {
        return percent::decode(values).map(FilterCondition::Search).ok_or(ConditionProblem::Encoding);
    }
    let column = column.parse().map_err(ConditionProblem::Column)?;
    if let Some(pattern) = values.strip_prefix('~') {
        let pattern = percent::decode(pattern).ok_or(ConditionProblem::Encoding)?;
        return Ok(FilterCondition::Like { column, pattern });
    }
    if column == ColumnId::Case(CaseField::CaseId) {
        let cases = values.split('|').filter(|_| !values.is_empty());
        let cases: Result<_, _> = cases.map(CaseId::parse).collect();
        return cases.map(FilterCondition::Cases).map_err(ConditionProblem::CaseId);
    }
    Ok(match values {
        "*" => FilterCondition::HasValue(column),
        "!" => FilterCondition::HasNone(column),
        "!*" => FilterCondition::OneOf { column, values: Vec::new() },
        _ => match values.split_once("..") {
            Some((least, most)) => FilterCondition::Range { column, least: end(least)?, most: end(most)? },
            None => FilterCondition::OneOf { column, values: decode(values)? },
        },
    })
}

fn decode(values: &str) -> Result<Vec<String>, ConditionProblem> {
    values.split('|').map(|value| percent::decode(value).ok_or(ConditionProblem::Encoding)).collect()
}

fn end(text: &str) -> Result<Option<RangeLimit>, ConditionProblem> {
    if text.is_empty() {
        return Ok(None);
    }
    RangeLimit::parse(text).map(Some).ok_or_else(|| ConditionProblem::Number(text.chars().take(40).collect()))
}
