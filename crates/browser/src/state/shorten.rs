//! Shortening of names that don't fit.

/// Cuts as much out of the middle of a name as is needed to make it fit: `cohesion_array[4]` becomes `coh…[4]`.
///
/// The end stays, since it tells the components of a vector apart.
pub fn shortened(name: &str, fits: impl Fn(&str) -> bool) -> String {
    if fits(name) {
        return name.to_owned();
    }
    let end_at = name.rfind('[').unwrap_or(name.len());
    let (start, end) = name.split_at(end_at);
    let start: Vec<char> = start.chars().collect();
    let with = |kept: usize| format!("{}…{end}", start[..kept].iter().collect::<String>());
    (1..start.len()).rev().map(with).find(|name| fits(name)).unwrap_or_else(|| with(start.len().min(1)))
}

/// Maximum number of characters of a name that are seen in a list of choices that isn't open.
const MAX_CHOICE_CHARS: usize = 22;

/// Returns names for a list of choices, each with the text that is to stand behind it: shortened, as long as they stay
/// different.
#[must_use]
pub fn choices(names: &[(String, String)]) -> Vec<String> {
    let short = |(name, rest): &(String, String)| {
        let fits = |name: &str| name.chars().count() + rest.chars().count() <= MAX_CHOICE_CHARS;
        shortened(name, fits) + rest
    };
    let short: Vec<String> = names.iter().map(short).collect();
    let mut sorted: Vec<&String> = short.iter().collect();
    sorted.sort_unstable();
    let is_alone = |text: &String| {
        sorted.partition_point(|other| *other <= text) - sorted.partition_point(|other| *other < text) == 1
    };
    let whole = |(name, rest): &(String, String)| format!("{name}{rest}");
    names.iter().zip(&short).map(|(name, short)| if is_alone(short) { short.clone() } else { whole(name) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_of_a_component_and_the_unit_stay_where_a_name_is_chosen() {
        let check = |names: &[(&str, &str)], expected: &[&str]| {
            let names: Vec<_> = names.iter().map(|(name, rest)| ((*name).to_owned(), (*rest).to_owned())).collect();
            assert_eq!(choices(&names), expected);
        };
        check(&[("width", ""), ("cohesion_array[4]", ", Pa")], &["width", "cohesion_array[4], Pa"]);
        check(
            &[("undrained_cohesion_array[4]", ", kPa"), ("undrained_cohesion_array[14]", ", kPa")],
            &["undrained_coh…[4], kPa", "undrained_co…[14], kPa"],
        );
        check(
            &[("mean_settlement_of_the_left_side", ""), ("mean_settlement_of_the_right_side", ""), ("width", "")],
            &["mean_settlement_of_the_left_side", "mean_settlement_of_the_right_side", "width"],
        );
        check(&[], &[]);
    }

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
