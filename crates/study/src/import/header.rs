//! The names of columns, and their meanings.

use std::collections::{BTreeMap, BTreeSet};

use super::word::{shown, trimmed};
use super::{ImportError, InputColumn};
use crate::factor::KEYWORDS;
use crate::template::is_name;

/// The columns of aws-runner's tables.
const INSTANCE_TYPE: &str = "instance_type";
const COMMAND: &str = "command";

/// The columns of a file.
#[derive(Debug)]
pub(super) struct TableHeader {
    pub(super) columns: Vec<InputColumn>,
    /// The place of each column of the file.
    pub(super) places: Vec<FieldPlace>,
}

/// The place that the value of a field goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FieldPlace {
    /// Nowhere: the column is blank, or has the number of the row.
    LeftOut(usize),
    /// Nowhere: the case's id follows from its inputs.
    CaseId,
    Level,
    Replicate,
    Pool,
    /// The type of the EC2 instances that compute the case, which names its pool.
    InstanceType,
    /// An input, by its number.
    Whole(usize),
    /// A component of the input with this number.
    Component(usize, usize),
}

impl TableHeader {
    /// Reads the columns of these names. Some that have no name may be left out, by their positions in order.
    pub(super) fn read(names: &[&str], left_out: &[usize]) -> Result<Self, ImportError> {
        let mut header = Self { columns: Vec::new(), places: Vec::with_capacity(names.len()) };
        let (mut numbers, mut taken) = (BTreeMap::new(), BTreeSet::new());
        let has = |wanted| names.iter().any(|name| trimmed(name) == wanted);
        // Such a table is that of aws-runner; elsewhere a model may vary a type of its own.
        let has_commands = has(COMMAND) && !has("pool");
        for (index, name) in names.iter().enumerate() {
            let place = match trimmed(name) {
                _ if left_out.binary_search(&index).is_ok() => FieldPlace::LeftOut(index),
                name if is_unnamed(name) => return Err(ImportError::Unnamed(index + 1)),
                "case_id" => FieldPlace::CaseId,
                "level" => FieldPlace::Level,
                "replicate" => FieldPlace::Replicate,
                "pool" => FieldPlace::Pool,
                INSTANCE_TYPE if has_commands => FieldPlace::InstanceType,
                name => header.input(name, &mut numbers)?,
            };
            if !taken.insert(place) {
                return Err(ImportError::Duplicate(trimmed(name).to_owned()));
            }
            header.places.push(place);
        }
        header.check_components(&taken)?;
        if header.columns.is_empty() { Err(ImportError::NoInput) } else { Ok(header) }
    }

    /// The name of a column of the file.
    pub(super) fn name(&self, place: FieldPlace) -> String {
        match place {
            FieldPlace::LeftOut(_) => String::new(),
            FieldPlace::CaseId => "case_id".to_owned(),
            FieldPlace::Level => "level".to_owned(),
            FieldPlace::Replicate => "replicate".to_owned(),
            FieldPlace::Pool => "pool".to_owned(),
            FieldPlace::InstanceType => INSTANCE_TYPE.to_owned(),
            FieldPlace::Whole(column) => self.columns[column].name.clone(),
            FieldPlace::Component(column, component) => format!("{}[{component}]", self.columns[column].name),
        }
    }

    pub(super) fn has(&self, place: FieldPlace) -> bool {
        self.places.contains(&place)
    }

    fn input<'a>(&mut self, name: &'a str, numbers: &mut BTreeMap<&'a str, usize>) -> Result<FieldPlace, ImportError> {
        let (name, component) = split(name)?;
        let number = *numbers.entry(name).or_insert(self.columns.len());
        if number == self.columns.len() {
            self.columns.push(InputColumn { name: name.to_owned(), count: component.map(|_| 0) });
        }
        match (&mut self.columns[number].count, component) {
            (None, None) => Ok(FieldPlace::Whole(number)),
            (Some(count), Some(component)) => {
                *count += 1;
                Ok(FieldPlace::Component(number, component))
            }
            _ => Err(ImportError::ColumnAndVector(name.to_owned())),
        }
    }

    fn check_components(&self, taken: &BTreeSet<FieldPlace>) -> Result<(), ImportError> {
        for (number, column) in self.columns.iter().enumerate() {
            let mut places = (0..column.count.unwrap_or(0)).map(|component| FieldPlace::Component(number, component));
            if let Some(missing) = places.find(|place| !taken.contains(place)) {
                return Err(ImportError::Component(self.name(missing)));
            }
        }
        Ok(())
    }
}

/// Whether a column has no name, or one that pandas gave it for lack of one.
pub(super) fn is_unnamed(name: &str) -> bool {
    let number = name.strip_prefix("Unnamed: ").unwrap_or("-");
    name.is_empty() || number.bytes().all(|digit| digit.is_ascii_digit())
}

/// `c[0]` as `c` and 0.
fn split(text: &str) -> Result<(&str, Option<usize>), ImportError> {
    let component = text.strip_suffix(']').and_then(|text| text.split_once('['));
    let (name, digits) = component.map_or((text, None), |(name, digits)| (name, Some(digits)));
    let number = digits.map(|digits| digits.parse().ok().filter(|number: &usize| number.to_string() == digits));
    if !is_name(name) || number == Some(None) {
        return Err(ImportError::Name(shown(text)));
    }
    if KEYWORDS.contains(&name) {
        return Err(ImportError::Keyword(name.to_owned()));
    }
    Ok((name, number.flatten()))
}
