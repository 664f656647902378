//! A factor as it stands in the form.

use std::str::FromStr;

use cruncher_study::case::ParameterValue;
use cruncher_study::factor::{Factor, FactorError, FactorScale, FactorValues, check_name};
use serde::{Deserialize, Serialize};

use super::ambiguous::{meant, understood};
use super::whole;

/// A factor as it stands in the form. Fields that its kind doesn't use keep their text.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct FactorDraft {
    /// The name.
    pub(crate) name: String,
    /// The kind of its values.
    pub(crate) kind: FactorKind,
    /// The least value.
    pub(crate) minimum: String,
    /// The greatest value.
    pub(crate) maximum: String,
    /// Levels or choices, separated by commas.
    pub(crate) levels: String,
    /// The fixed value, or values separated by commas.
    pub(crate) value: String,
    /// Number of components of a vector; empty for a scalar.
    pub(crate) count: String,
    /// The unit.
    pub(crate) unit: String,
    /// The description.
    pub(crate) note: String,
}

/// Kind of a factor's values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum FactorKind {
    /// Any number of a range.
    #[default]
    Range,
    /// Any number of a range, spread evenly in the logarithm.
    LogRange,
    /// Any whole number of a range.
    Integers,
    /// One of a list of numbers.
    Levels,
    /// One of a list of texts.
    Choices,
    /// Always the same.
    Fixed,
}

/// A field of a factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FactorField {
    /// The name.
    Name,
    /// The least value.
    Minimum,
    /// The greatest value.
    Maximum,
    /// Levels or choices.
    Levels,
    /// The fixed value.
    Value,
    /// The number of components.
    Count,
}

/// Problems, each with its field.
type Faults = Vec<(FactorField, String)>;

/// Maximum number of components of a vector: for more, the form is the wrong place.
const MAX_COMPONENTS: usize = 1_000;

impl FactorField {
    /// All of them, in the order of the form.
    pub(crate) const ALL: [Self; 6] =
        [Self::Name, Self::Minimum, Self::Maximum, Self::Levels, Self::Value, Self::Count];
}

impl FactorKind {
    /// All of them, in the order of the list.
    pub(crate) const ALL: [Self; 6] =
        [Self::Range, Self::LogRange, Self::Integers, Self::Levels, Self::Choices, Self::Fixed];

    /// Returns its name in the form.
    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Range => "range",
            Self::LogRange => "logarithmic range",
            Self::Integers => "whole numbers",
            Self::Levels => "list of numbers",
            Self::Choices => "choice",
            Self::Fixed => "fixed value",
        }
    }
}

impl FactorDraft {
    /// Returns its name, or its number among the factors, from 1, as long as it has none.
    pub(crate) fn called(&self, index: usize) -> String {
        match self.name.trim() {
            "" => format!("factor {}", index + 1),
            name => name.to_owned(),
        }
    }

    /// Returns a factor with this name, and nothing else filled in.
    #[must_use]
    pub(crate) fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Returns the number of its components, as far as it is filled in; `None` for a single value.
    #[must_use]
    pub(crate) fn components(&self) -> Option<usize> {
        if self.kind == FactorKind::Fixed {
            return self.read().ok()?.components();
        }
        whole_number(&self.count)
    }

    /// Returns the first of its values that is a text, if there is one.
    #[must_use]
    pub(crate) fn text_value(&self) -> Option<String> {
        let first = match self.kind {
            FactorKind::Choices => choices(&self.levels).into_iter().next(),
            FactorKind::Fixed => fixed(&self.value, &mut Faults::new()),
            _ => None,
        };
        match first {
            Some(ParameterValue::Text(text)) => Some(text),
            Some(ParameterValue::List(components)) => components.into_iter().find_map(|component| match component {
                ParameterValue::Text(text) => Some(text),
                _ => None,
            }),
            _ => None,
        }
    }

    /// Returns the text of a field.
    #[must_use]
    pub(crate) fn text(&self, field: FactorField) -> &str {
        match field {
            FactorField::Name => &self.name,
            FactorField::Minimum => &self.minimum,
            FactorField::Maximum => &self.maximum,
            FactorField::Levels => &self.levels,
            FactorField::Value => &self.value,
            FactorField::Count => &self.count,
        }
    }

    /// Explains what may be meant otherwise: a minimum or maximum such as `200.000`, whose point is no separator of thousands, and a
    /// single choice of several words.
    #[must_use]
    pub(crate) fn understood(&self) -> Vec<String> {
        if self.kind == FactorKind::Choices {
            return match &*choices(&self.levels) {
                [ParameterValue::Text(only)] if only.contains(' ') => {
                    vec![format!("This is one choice, `{only}`: choices are separated by commas")]
                }
                _ => Vec::new(),
            };
        }
        if !matches!(self.kind, FactorKind::Range | FactorKind::LogRange | FactorKind::Integers) {
            return Vec::new();
        }
        let fields = [("minimum", &self.minimum), ("maximum", &self.maximum)];
        fields.into_iter().filter_map(|(field, typed)| understood(field, typed.trim())).collect()
    }

    /// Reads the factor.
    ///
    /// # Errors
    /// Returns all problems, each with its field.
    pub(crate) fn read(&self) -> Result<Factor, Faults> {
        let mut faults = Faults::new();
        let name = self.name.trim();
        if let Err(error) = check_name(name) {
            faults.push((FactorField::Name, error.to_string()));
        }
        let count = self.read_count(&mut faults);
        let values = self.values(&mut faults);
        match values {
            Some(values) if faults.is_empty() => {
                let factor = Factor {
                    name: name.to_owned(),
                    count,
                    values,
                    unit: self.unit.trim().to_owned(),
                    note: self.note.trim().to_owned(),
                };
                factor.check().map(|()| factor).map_err(|error| vec![(Self::field_of(&error), error.to_string())])
            }
            _ => Err(faults),
        }
    }

    const fn field_of(error: &FactorError) -> FactorField {
        match error {
            FactorError::NoName
            | FactorError::Name(_)
            | FactorError::Keyword(_)
            | FactorError::Reserved(_)
            | FactorError::Duplicate(_) => FactorField::Name,
            FactorError::Range { .. } | FactorError::TooWide(_) => FactorField::Maximum,
            FactorError::LogOfZero(_) | FactorError::NoValues(_) => FactorField::Minimum,
            FactorError::EmptyVector(_) => FactorField::Count,
            FactorError::NoLevel(_) | FactorError::RepeatedLevel { .. } => FactorField::Levels,
        }
    }

    fn read_count(&self, faults: &mut Faults) -> Option<usize> {
        let text = self.count.trim();
        if text.is_empty() || self.kind == FactorKind::Fixed {
            return None;
        }
        let count = whole_number(text).filter(|count| (1..=MAX_COMPONENTS).contains(count));
        if count.is_none() {
            let problem =
                format!("`{text}` is no vector length from 1 to {MAX_COMPONENTS}; leave it empty for a single value");
            faults.push((FactorField::Count, problem));
        }
        count
    }

    fn values(&self, faults: &mut Faults) -> Option<FactorValues> {
        match self.kind {
            FactorKind::Range | FactorKind::LogRange => {
                let minimum = number(&self.minimum, FactorField::Minimum, faults);
                let maximum = number(&self.maximum, FactorField::Maximum, faults);
                let scale = if self.kind == FactorKind::LogRange { FactorScale::Log } else { FactorScale::Linear };
                Some(FactorValues::Range { minimum: minimum?, maximum: maximum?, scale })
            }
            FactorKind::Integers => {
                let minimum = integer(&self.minimum, FactorField::Minimum, faults);
                let maximum = integer(&self.maximum, FactorField::Maximum, faults);
                Some(FactorValues::Integers { minimum: minimum?, maximum: maximum? })
            }
            FactorKind::Levels => {
                let numbers = items(&self.levels).map(|item| level(item, faults)).collect::<Vec<_>>();
                numbers.into_iter().collect::<Option<Vec<_>>>().map(FactorValues::Levels)
            }
            FactorKind::Choices => {
                let choices = choices(&self.levels);
                if let Some(text) = choices.iter().find_map(in_quotes) {
                    faults.push((FactorField::Levels, format!("the quotes would be a part of the text: write {text}")));
                    return None;
                }
                Some(FactorValues::Levels(choices))
            }
            FactorKind::Fixed => fixed(&self.value, faults).map(FactorValues::Fixed),
        }
    }

    /// Returns the draft of a factor that was read from a file.
    #[must_use]
    pub(crate) fn of(factor: &Factor) -> Self {
        let empty = Self {
            name: factor.name.clone(),
            count: factor.count.map(|count| count.to_string()).unwrap_or_default(),
            unit: factor.unit.clone(),
            note: factor.note.clone(),
            ..Self::default()
        };
        match &factor.values {
            FactorValues::Range { minimum, maximum, scale } => Self {
                kind: if *scale == FactorScale::Log { FactorKind::LogRange } else { FactorKind::Range },
                minimum: minimum.to_string(),
                maximum: maximum.to_string(),
                ..empty
            },
            FactorValues::Integers { minimum, maximum } => {
                Self { kind: FactorKind::Integers, minimum: minimum.to_string(), maximum: maximum.to_string(), ..empty }
            }
            FactorValues::Levels(levels) => {
                let are_numbers = levels.iter().all(|level| level.as_number().is_some());
                let kind = if are_numbers { FactorKind::Levels } else { FactorKind::Choices };
                let plain = typed(levels);
                let is_understood = are_numbers || choices(&plain) == *levels;
                Self { kind, levels: if is_understood { plain } else { json(levels) }, ..empty }
            }
            FactorValues::Fixed(value) => {
                let plain = match value {
                    ParameterValue::List(components) => typed(components),
                    single => typed(std::slice::from_ref(single)),
                };
                let is_understood = fixed(&plain, &mut Faults::new()).as_ref() == Some(value);
                Self { kind: FactorKind::Fixed, value: if is_understood { plain } else { json(value) }, ..empty }
            }
            FactorValues::Listed => empty,
        }
    }
}

/// Returns the parts of a typed list, without empty ones.
fn items(list: &str) -> impl Iterator<Item = &str> {
    list.split([',', ';', '\n']).map(str::trim).filter(|item| !item.is_empty())
}

fn number(text: &str, field: FactorField, faults: &mut Faults) -> Option<f64> {
    let number = text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
    if number.is_none() {
        faults.push((field, not_a_number(text, "a number")));
    }
    number
}

fn integer(text: &str, field: FactorField, faults: &mut Faults) -> Option<i64> {
    let number = whole_number(text);
    if number.is_none() {
        faults.push((field, not_a_number(text, "a whole number")));
    }
    number
}

/// Reads a whole number as it is typed: `12`, or `2e6`.
fn whole_number<N: FromStr>(text: &str) -> Option<N> {
    text.trim().parse().ok().or_else(|| whole::digits(text.trim())?.parse().ok())
}

fn not_a_number(text: &str, wanted: &str) -> String {
    match text.trim() {
        "" => format!("{wanted} is needed here"),
        typed if typed.contains(',') => format!("`{typed}` isn't {wanted}: {}", meant(typed)),
        typed if wanted == "a number" && typed.chars().all(char::is_alphabetic) => {
            format!("`{typed}` isn't {wanted}; for texts take the kind `{}`", FactorKind::Choices.name())
        }
        typed => format!("`{typed}` isn't {wanted}, such as {}", if wanted == "a number" { "5e4 or 0.3" } else { "3" }),
    }
}

/// Reads a number of a list; one without a point is a whole number, as in Python.
fn level(item: &str, faults: &mut Faults) -> Option<ParameterValue> {
    let read = match scalar(item) {
        ParameterValue::Text(_) | ParameterValue::Flag(_) => None,
        number => Some(number),
    };
    if is_beyond_64_bits(item) {
        faults.push((FactorField::Levels, beyond_64_bits(item)));
    } else if read.is_none() {
        let problem = format!("`{item}` isn't a number; for texts take the kind `{}`", FactorKind::Choices.name());
        faults.push((FactorField::Levels, problem));
    }
    read
}

fn choices(list: &str) -> Vec<ParameterValue> {
    let choice = |item| match scalar(item) {
        ParameterValue::Flag(flag) => ParameterValue::Flag(flag),
        _ => ParameterValue::Text(item.to_owned()),
    };
    match exact(list) {
        Some(ParameterValue::List(choices)) if !choices.iter().any(|one| matches!(one, ParameterValue::List(_))) => {
            choices
        }
        _ => items(list).map(choice).collect(),
    }
}

/// Returns a text without the quotes around it, if it has such, as in a program.
fn in_quotes(choice: &ParameterValue) -> Option<&str> {
    let ParameterValue::Text(text) = choice else { return None };
    ['"', '\''].into_iter().find_map(|mark| text.strip_prefix(mark)?.strip_suffix(mark)).filter(|text| !text.is_empty())
}

fn fixed(text: &str, faults: &mut Faults) -> Option<ParameterValue> {
    if let Some(value) = exact(text) {
        return Some(value);
    }
    if let Some(item) = items(text).find(|item| is_beyond_64_bits(item)) {
        faults.push((FactorField::Value, beyond_64_bits(item)));
        return None;
    }
    let components: Vec<ParameterValue> = items(text).map(scalar).collect();
    match components.len() {
        0 => {
            faults.push((FactorField::Value, "a value is needed here".to_owned()));
            None
        }
        1 => components.into_iter().next(),
        _ => Some(ParameterValue::List(components)),
    }
}

/// Whether a text is a whole number that would lose digits as a float.
fn is_beyond_64_bits(item: &str) -> bool {
    let digits = item.strip_prefix(['+', '-']).unwrap_or(item);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) && ParameterValue::whole(item).is_none()
}

fn beyond_64_bits(item: &str) -> String {
    format!("`{item}` has more than 64 bits; with a point behind it, it is the nearest float")
}

/// Reads a value as it is typed: a whole number, a number, true or false, otherwise a text.
fn scalar(item: &str) -> ParameterValue {
    if let Some(integer) = ParameterValue::whole(item) {
        return integer;
    }
    match item.parse::<f64>() {
        Ok(number) if number.is_finite() => ParameterValue::Number(number),
        _ if item.eq_ignore_ascii_case("true") => ParameterValue::Flag(true),
        _ if item.eq_ignore_ascii_case("false") => ParameterValue::Flag(false),
        _ => ParameterValue::Text(item.to_owned()),
    }
}

/// Reads a list or a text in the notation of JSON, which is exact for values that would be read otherwise if they were typed.
fn exact(text: &str) -> Option<ParameterValue> {
    let read = || serde_json::from_slice(text.trim().as_bytes()).ok();
    text.trim().starts_with(['[', '"']).then(read).flatten()
}

/// Writes values in the way in which they are typed.
fn typed(values: &[ParameterValue]) -> String {
    let one = |value: &ParameterValue| match value {
        ParameterValue::Text(text) => text.clone(),
        other => json(other),
    };
    values.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn json(value: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
