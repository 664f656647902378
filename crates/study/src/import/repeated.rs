//! Rows that are the same case.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::number::exact_float;
use crate::case::ParameterValue;
use crate::number_format::counted;

/// Maximum number of rows that are named.
const MAX_NAMED: usize = 5;

/// Returns a note about rows that are the same case as an earlier one; `None` if there are no such rows. `numbers` are the rows
/// in the file.
pub(super) fn repeated_rows(cases: &[Vec<ParameterValue>], replicates: &[u32], numbers: &[usize]) -> Option<String> {
    let Repeated { count, first } = Repeated::of(&Cases { cases, replicates });
    let named: Vec<String> =
        first.iter().map(|(row, original)| format!("{} (as {})", numbers[*row], numbers[*original])).collect();
    let more = if count > named.len() as u64 { " …" } else { "" };
    let words = [
        "row has the inputs of another one and is no case of its own",
        "rows have the inputs of another one and are no case of their own",
    ];
    let rows = counted(count, words[0], words[1]);
    (count > 0).then(|| format!("{rows}: row {}{more}", named.join(", ")))
}

/// Rows that repeat others, by their place in the table.
#[derive(Default)]
struct Repeated {
    count: u64,
    /// The first of them, each with the row that it repeats.
    first: BTreeMap<usize, usize>,
}

impl Repeated {
    /// Sorts the rows by a hash of their values, and compares those with the same hash: that takes only 16 bytes a row.
    fn of(cases: &Cases) -> Self {
        let mut hashes: Vec<(u64, u32)> =
            (0_u32..).zip(cases.cases).map(|(row, _)| (cases.hash(row as usize), row)).collect();
        hashes.sort_unstable();
        let mut repeated = Self::default();
        for rows in hashes.chunk_by(|one, other| one.0 == other.0).filter(|rows| rows.len() > 1) {
            let mut originals: Vec<usize> = Vec::new();
            for row in rows.iter().map(|(_, row)| *row as usize) {
                match originals.iter().find(|original| cases.are_same(**original, row)) {
                    Some(original) => repeated.add(row, *original),
                    None => originals.push(row),
                }
            }
        }
        repeated
    }

    fn add(&mut self, row: usize, original: usize) {
        self.count += 1;
        self.first.insert(row, original);
        if self.first.len() > MAX_NAMED {
            self.first.pop_last();
        }
    }
}

/// The rows of a table. Without replicates all have the replicate 0.
struct Cases<'a> {
    cases: &'a [Vec<ParameterValue>],
    replicates: &'a [u32],
}

impl Cases<'_> {
    fn replicate(&self, row: usize) -> u32 {
        self.replicates.get(row).copied().unwrap_or_default()
    }

    fn hash(&self, row: usize) -> u64 {
        let mut hasher = DefaultHasher::new();
        hasher.write_u32(self.replicate(row));
        self.cases[row].iter().for_each(|value| hash(value, &mut hasher));
        hasher.finish()
    }

    fn are_same(&self, one: usize, other: usize) -> bool {
        self.replicate(one) == self.replicate(other) && all_same(&self.cases[one], &self.cases[other])
    }
}

fn all_same(one: &[ParameterValue], other: &[ParameterValue]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
}

/// Whether two values are the same input. Equal numbers are the same, such as 30 and 30.0.
fn is_same(one: &ParameterValue, other: &ParameterValue) -> bool {
    match (one, other) {
        (ParameterValue::List(one), ParameterValue::List(other)) => all_same(one, other),
        _ => one == other || exact_float(one).is_some_and(|float| exact_float(other) == Some(float)),
    }
}

/// Adds a value to a hash; values that are the same have the same hash.
fn hash(value: &ParameterValue, hasher: &mut DefaultHasher) {
    match value {
        ParameterValue::Flag(flag) => flag.hash(hasher),
        ParameterValue::Text(text) => text.hash(hasher),
        ParameterValue::List(components) => components.iter().for_each(|component| hash(component, hasher)),
        number => match (exact_float(number), number) {
            // Minus zero is zero.
            (Some(float), _) => (float + 0.0).to_bits().hash(hasher),
            (None, ParameterValue::Integer(integer)) => integer.hash(hasher),
            (None, ParameterValue::Unsigned(integer)) => integer.hash(hasher),
            (None, _) => {}
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::ParameterValue::{Integer, List, Number, Text};

    #[test]
    fn rows_with_equal_inputs_are_named() {
        let cases = [
            vec![Integer(1), Text("a".to_owned())],
            vec![Number(1.0), Text("a".to_owned())],
            vec![Integer(1), Text("b".to_owned())],
            vec![Integer(1), Text("a".to_owned())],
        ];
        let told = repeated_rows(&cases, &[], &[2, 3, 5, 6]);
        let expected = "2 rows have the inputs of another one and are no case of their own: row 3 (as 2), 6 (as 2)";
        assert_eq!(told.as_deref(), Some(expected));
        assert_eq!(repeated_rows(&cases, &[0, 1, 0, 2], &[2, 3, 5, 6]), None);
    }

    #[test]
    fn the_first_rows_are_named_and_all_are_counted() {
        let cases: Vec<Vec<ParameterValue>> =
            (0..20).map(|row| vec![Number(f64::from(row % 7) * -0.0), Integer(row.into())]).collect();
        let repeats = [cases.clone(), cases].concat();
        let numbers: Vec<usize> = (2..42).collect();
        let told = repeated_rows(&repeats, &[], &numbers).unwrap();
        let rows = told.split_once(": ").unwrap();
        assert!(rows.0.starts_with("20 rows have"), "{told}");
        assert_eq!(rows.1, "row 22 (as 2), 23 (as 3), 24 (as 4), 25 (as 5), 26 (as 6) …");
    }

    #[test]
    fn values_of_other_kinds_are_no_same_inputs() {
        let values = [Text("1".to_owned()), Integer(1), ParameterValue::Flag(true), List(vec![Integer(1)])];
        let cases: Vec<Vec<ParameterValue>> = values.map(|value| vec![value]).to_vec();
        assert_eq!(repeated_rows(&cases, &[], &[2, 3, 4, 5]), None);
        let zeros = [vec![Number(0.0)], vec![Number(-0.0)], vec![Integer(0)]];
        assert!(repeated_rows(&zeros, &[], &[2, 3, 4]).unwrap().ends_with("row 3 (as 2), 4 (as 2)"));
    }

    #[test]
    fn large_numbers_and_vectors_that_differ_are_told_apart() {
        let cases = [
            vec![Integer(4_611_686_018_427_387_905)],
            vec![Integer(4_611_686_018_427_387_906)],
            vec![List(vec![Integer(1), Integer(23)])],
            vec![List(vec![Integer(12), Integer(3)])],
        ];
        assert_eq!(repeated_rows(&cases, &[], &[1, 2, 3, 4]), None);
    }
}
