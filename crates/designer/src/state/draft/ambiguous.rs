//! Typed numbers that may be meant in two ways.

/// Explains a number that may be meant as thousands, such as `200.000`; `0.200` can't be, and `200.125` has as many digits as
/// were wanted.
pub(super) fn understood(field: &str, typed: &str) -> Option<String> {
    let (whole, decimals) = typed.trim_start_matches(['+', '-']).split_once('.')?;
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_group = decimals.len() == 3 && decimals.ends_with('0') && are_digits(decimals);
    let is_first = (1..=3).contains(&whole.len()) && are_digits(whole) && !whole.starts_with('0');
    let number: f64 = typed.parse().ok()?;
    (is_group && is_first).then(|| format!("The {field} {typed} is {number}"))
}

/// Describes the possible meanings of a number with commas: groups of digits, decimals, or either.
pub(super) fn meant(typed: &str) -> String {
    let sign = if typed.starts_with('-') { "-" } else { "" };
    let groups: Vec<&str> = typed.trim_start_matches(['+', '-']).split(',').collect();
    let is_group = |group: &&str| group.len() == 3 && group.bytes().all(|byte| byte.is_ascii_digit());
    let (first, others) = groups.split_first().map_or(("", &[][..]), |(first, others)| (*first, others));
    let is_first = (1..=3).contains(&first.len()) && first.bytes().all(|byte| byte.is_ascii_digit());
    if !is_first || first.starts_with('0') || !others.iter().all(is_group) {
        return "write a point for the decimals, as in 2.5".to_owned();
    }
    let whole = format!("write {sign}{}", groups.concat());
    match others {
        [decimals] => {
            let decimals = decimals.trim_end_matches('0');
            format!("{whole}, or {sign}{first}.{decimals:0<1} if the comma is a decimal mark")
        }
        _ => whole,
    }
}
