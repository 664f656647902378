//! Names that don't fit.

/// A name without so much of its middle that it fits: `cohesion_array[4]` becomes `coh…[4]`.
///
/// The end stays, since it tells the components of a vector apart.
pub(crate) fn shortened(name: &str, fits: impl Fn(&str) -> bool) -> String {
    if fits(name) {
        return name.to_owned();
    }
    let end_at = name.rfind('[').unwrap_or(name.len());
    let (start, end) = name.split_at(end_at);
    let start: Vec<char> = start.chars().collect();
    let with = |kept: usize| format!("{}…{end}", start[..kept].iter().collect::<String>());
    (1..start.len()).rev().map(with).find(|name| fits(name)).unwrap_or_else(|| with(start.len().min(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_a_long_name_is_left_out() {
        let check = |name: &str, most: usize, expected: &str| {
            assert_eq!(shortened(name, |name| name.chars().count() <= most), expected, "{name} in {most}");
        };
        check("width", 5, "width");
        check("cohesion_array[4]", 17, "cohesion_array[4]");
        check("cohesion_array[4]", 8, "cohe…[4]");
        check("cohesion", 5, "cohe…");
        check("größe[10]", 7, "gr…[10]");
        check("cohesion_array[4]", 2, "c…[4]");
        check("", 0, "");
        check("é", 0, "é…");
    }
}
