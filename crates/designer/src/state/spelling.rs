//! Spelling: names that look like another one, misspelt.

/// Least number of letters of a misspelt name: a shorter one with another letter is another name, as `a` and `b` are.
const MIN_LETTERS: usize = 3;

/// Whether one of two different names looks like the other one, misspelt: they differ by capitals only, or, besides these, by
/// one letter that is missing, too many or another, or by two neighbours that are swapped (an optimal string alignment distance
/// of 1). Names that differ by a digit are numbered, not misspelt: `layer1` and `layer2`.
pub(crate) fn is_misspelt(name: &str, other: &str) -> bool {
    let letters = |name: &str| name.chars().flat_map(char::to_lowercase).collect::<Vec<char>>();
    let (one, two) = (letters(name), letters(other));
    if one == two {
        return name != other;
    }
    if one.len().min(two.len()) < MIN_LETTERS {
        return false;
    }
    let (one, two) = difference(&one, &two);
    let is_numbered = one.iter().chain(two).any(char::is_ascii_digit);
    let is_near = match (one, two) {
        ([], [_]) | ([_], [] | [_]) => true,
        ([first, second], [third, fourth]) => first == fourth && second == third,
        _ => false,
    };
    is_near && !is_numbered
}

/// Returns the rest of both names without their common beginning and end.
fn difference<'a>(one: &'a [char], two: &'a [char]) -> (&'a [char], &'a [char]) {
    let start = one.iter().zip(two).take_while(|(one, two)| one == two).count();
    let (one, two) = (&one[start..], &two[start..]);
    let end = one.iter().rev().zip(two.iter().rev()).take_while(|(one, two)| one == two).count();
    (&one[..one.len() - end], &two[..two.len() - end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, other: &str, expected: bool) {
        assert_eq!(is_misspelt(name, other), expected, "{name}, {other}");
        assert_eq!(is_misspelt(other, name), expected, "{other}, {name}");
    }

    #[test]
    fn one_letter_or_two_that_are_swapped_or_capitals_make_a_misspelt_name() {
        for name in
            ["cohesoin", "cohsion", "cohesionn", "cohesiom", "Cohesion", "COHESION", "ohesion", "Cohesoin", "ccohesion"]
        {
            check("cohesion", name, true);
        }
        check("E", "e", true);
        check("höhe", "Höhe", true);
    }

    #[test]
    fn other_names_are_other_names() {
        for name in ["cohesion", "adhesion", "friction", "cohesions_", "cohseoin", "", "noisehoc"] {
            check("cohesion", name, false);
        }
        for (name, other) in
            [("a", "b"), ("c1", "c2"), ("ab", "abc"), ("layer1", "layer2"), ("load", "load2"), ("c12", "c21")]
        {
            check(name, other, false);
        }
    }
}
