//! Rows that are the same case.

use std::collections::HashMap;

use super::number::exact_float;
use crate::case::Parameter;
use crate::figures::counted;

/// How many rows are named.
const MAX_NAMED: usize = 5;

/// What is said of rows that are the same case as an earlier one; none if there are none. `numbers` are the rows in the file.
pub(super) fn repeated_rows(cases: &[Vec<Parameter>], replicates: &[u32], numbers: &[usize]) -> Option<String> {
    let mut first_rows: HashMap<Vec<u8>, usize> = HashMap::with_capacity(cases.len());
    let (mut count, mut named) = (0_u64, Vec::new());
    for (index, (values, number)) in cases.iter().zip(numbers).enumerate() {
        let mut key = replicates.get(index).copied().unwrap_or_default().to_le_bytes().to_vec();
        for value in values {
            put_key(value, &mut key);
        }
        let first = *first_rows.entry(key).or_insert(*number);
        if first != *number {
            count += 1;
            if named.len() < MAX_NAMED {
                named.push(format!("{number} (as {first})"));
            }
        }
    }
    let more = if count > named.len() as u64 { " …" } else { "" };
    let words = [
        "row has the inputs of another one and is no case of its own",
        "rows have the inputs of another one and are no case of their own",
    ];
    let rows = counted(count, words[0], words[1]);
    (count > 0).then(|| format!("{rows}: row {}{more}", named.join(", ")))
}

/// Puts what tells a value from others of another case. Numbers that are equal are the same input, 30 and 30.0.
fn put_key(value: &Parameter, key: &mut Vec<u8>) {
    let mut put = |kind: u8, bytes: &[u8]| {
        key.push(kind);
        key.extend_from_slice(&bytes.len().to_le_bytes());
        key.extend_from_slice(bytes);
    };
    match value {
        Parameter::Flag(flag) => put(0, &[u8::from(*flag)]),
        Parameter::Text(text) => put(1, text.as_bytes()),
        Parameter::List(components) => {
            put(2, &components.len().to_le_bytes());
            for component in components {
                put_key(component, key);
            }
        }
        number => match exact_float(number) {
            // Minus zero is zero.
            Some(float) => put(3, &(float + 0.0).to_bits().to_le_bytes()),
            None => put(4, super::field(number).as_bytes()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Parameter::{Integer, List, Number, Text};

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
