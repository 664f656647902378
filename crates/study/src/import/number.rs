//! Numbers as people, spreadsheets and other programs write them.

use std::borrow::Cow;

use super::word::cleaned;
use super::{DecimalMark, Percent};
use crate::case::Parameter;

/// A number as it is written. What its whole part is and what its decimals are depends on the decimal mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Numeral {
    is_negative: bool,
    /// Digits, and what separates them.
    mantissa: String,
    /// What stands behind the `e`: a sign and digits.
    exponent: Option<String>,
    /// Whether a per cent sign follows.
    pub(super) is_percent: bool,
    /// Whether it is written as the protocol writes numbers, but for the decimal mark.
    is_plain: bool,
}

/// What a numeral comes to.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// A whole number, or a float.
    Number(Parameter),
    /// A whole number of more than 64 bits.
    Beyond,
    /// A number beyond floats.
    NotFinite,
}

/// A numeral's whole part with what separates groups of its digits, and its decimals.
struct Parts<'a> {
    whole: &'a str,
    decimals: Option<&'a str>,
    is_grouped: bool,
}

pub(super) const CURRENCIES: [char; 5] = ['$', '€', '£', '¥', '₹'];

impl Numeral {
    /// The number that a text is: with a sign in front or behind it, or in brackets, as accountants write negative numbers;
    /// with groups of digits, an exponent (Fortran's, too), a currency, a per cent sign.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let cleaned = cleaned(text);
        let rest = cleaned.trim();
        let (rest, is_bracketed) = unwrapped(rest, '(', ')');
        let (rest, is_percent) = without_suffix(rest, &['%']);
        let (rest, has_currency_behind) = without_suffix(rest, &CURRENCIES);
        let (rest, front) = front(rest);
        let (rest, has_minus_behind) = if front.sign.is_none() { without_suffix(rest, &['-']) } else { (rest, false) };
        let (mantissa, exponent, is_fortran) = split_exponent(rest)?;
        let is_number = mantissa.contains(|letter: char| letter.is_ascii_digit())
            && mantissa.starts_with(|letter: char| letter.is_ascii_digit() || matches!(letter, '.' | ','))
            && mantissa.chars().all(|letter| letter.is_ascii_digit() || matches!(letter, '.' | ',' | '\'' | ' ' | '_'));
        if !is_number || (is_bracketed && (front.sign.is_some() || has_minus_behind)) {
            return None;
        }
        let is_dressed = is_bracketed
            || is_percent
            || has_minus_behind
            || has_currency_behind
            || front.has_currency
            || front.has_space;
        let numeral = Self {
            is_negative: is_bracketed || has_minus_behind || front.sign == Some('-'),
            mantissa: mantissa.to_owned(),
            exponent,
            is_percent,
            is_plain: matches!(cleaned, Cow::Borrowed(_)) && !is_dressed && !is_fortran,
        };
        let is_some = numeral.fits(DecimalMark::Point) || numeral.fits(DecimalMark::Comma);
        is_some.then_some(numeral)
    }

    /// What it comes to with this decimal mark; none if it is no number then.
    pub(super) fn value(&self, mark: DecimalMark, percent: Percent) -> Option<Value> {
        let Parts { whole, decimals, is_grouped } = self.parts(mark)?;
        let digits = || Cow::Owned(whole.chars().filter(char::is_ascii_digit).collect());
        let whole: Cow<'_, str> = if is_grouped { digits() } else { Cow::Borrowed(whole) };
        let sign = if self.is_negative { "-" } else { "" };
        let is_shifted = self.is_percent && percent == Percent::Fraction;
        if decimals.is_none() && self.exponent.is_none() && !is_shifted {
            return Some(whole_number(&format!("{sign}{whole}")));
        }
        let exponent = match (&self.exponent, is_shifted) {
            (None, false) => "0".to_owned(),
            (Some(exponent), false) => exponent.clone(),
            (exponent, true) => {
                let exponent: i32 = exponent.as_deref().map_or(Ok(0), str::parse).ok()?;
                exponent.saturating_sub(2).to_string()
            }
        };
        let number: f64 = format!("{sign}{whole}.{}e{exponent}", decimals.unwrap_or("0")).parse().ok()?;
        Some(if number.is_finite() { Value::Number(Parameter::Number(number)) } else { Value::NotFinite })
    }

    /// Whether whoever reads it should be told what it was read as: it isn't written as the protocol writes numbers.
    pub(super) fn is_unusual(&self, mark: DecimalMark) -> bool {
        let has_zeros = self.mantissa.len() > 1
            && self.mantissa.starts_with('0')
            && self.mantissa.bytes().all(|digit| digit.is_ascii_digit());
        !self.is_plain || has_zeros || self.parts(mark).is_some_and(|parts| parts.is_grouped)
    }

    /// Whether it is a number with this decimal mark.
    pub(super) fn fits(&self, mark: DecimalMark) -> bool {
        self.parts(mark).is_some()
    }

    /// Whether it has a mark that may separate decimals.
    pub(super) fn has_mark(&self, mark: DecimalMark) -> bool {
        self.mantissa.contains(mark.letter())
    }

    fn parts(&self, mark: DecimalMark) -> Option<Parts<'_>> {
        let (whole, decimals) = match self.mantissa.split_once(mark.letter()) {
            Some((whole, decimals)) => (whole, Some(decimals)),
            None => (self.mantissa.as_str(), None),
        };
        let is_digit = |digit: u8| digit.is_ascii_digit();
        let has_digits = !whole.is_empty() || decimals.is_some_and(|decimals| !decimals.is_empty());
        let is_grouped = !whole.bytes().all(is_digit);
        let is_number = has_digits
            && decimals.is_none_or(|decimals| decimals.bytes().all(is_digit))
            && (!is_grouped || (self.exponent.is_none() && has_proper_groups(whole)));
        is_number.then(|| Parts {
            whole,
            decimals: decimals.map(|decimals| if decimals.is_empty() { "0" } else { decimals }),
            is_grouped,
        })
    }
}

/// A whole number of at most 64 bits, with a sign or without.
pub(super) fn whole_number(digits: &str) -> Value {
    Parameter::whole(digits).map_or(Value::Beyond, Value::Number)
}

/// The float that is equal to a number; none if it is a whole number that no float is equal to.
pub(super) fn exact_float(number: &Parameter) -> Option<f64> {
    let float = number.as_number()?;
    let digits = match number {
        Parameter::Integer(integer) => integer.to_string(),
        Parameter::Unsigned(integer) => integer.to_string(),
        _ => return Some(float),
    };
    (format!("{float:.0}") == digits).then_some(float)
}

/// Whether digits stand in groups of three, or as in India, where only the last group has three and the others two.
fn has_proper_groups(whole: &str) -> bool {
    let Some(separator) = whole.chars().find(|letter| !letter.is_ascii_digit()) else { return false };
    let groups: Vec<&str> = whole.split(separator).collect();
    let [first, middle @ .., last] = groups.as_slice() else { return false };
    let are_digits = groups.iter().all(|group| !group.is_empty() && group.bytes().all(|digit| digit.is_ascii_digit()));
    let is_western = first.len() <= 3 && middle.iter().all(|group| group.len() == 3);
    let is_indian = separator == ',' && first.len() <= 2 && middle.iter().all(|group| group.len() == 2);
    are_digits && last.len() == 3 && !first.starts_with('0') && (is_western || is_indian)
}

/// Mantissa and exponent, and whether the exponent is written as in Fortran.
fn split_exponent(text: &str) -> Option<(&str, Option<String>, bool)> {
    let Some(place) = text.find(['e', 'E', 'd', 'D']) else { return Some((text, None, false)) };
    let (mantissa, exponent) = (&text[..place], &text[place + 1..]);
    let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let is_fortran = text[place..].starts_with(['d', 'D']);
    // Without point and sign it is as likely a name: `3D5`.
    let is_sure = !is_fortran || mantissa.contains('.') || digits.len() < exponent.len();
    is_sure.then(|| (mantissa, Some(exponent.to_owned()), is_fortran))
}

/// What stands in front of the digits.
#[derive(Default)]
struct Front {
    sign: Option<char>,
    has_currency: bool,
    has_space: bool,
}

fn front(text: &str) -> (&str, Front) {
    let (mut rest, mut front) = (text, Front::default());
    loop {
        let letter = rest.chars().next().unwrap_or_default();
        match letter {
            '+' | '-' if front.sign.is_none() => front.sign = Some(letter),
            ' ' => front.has_space = true,
            _ if CURRENCIES.contains(&letter) && !front.has_currency => front.has_currency = true,
            _ => return (rest, front),
        }
        rest = &rest[letter.len_utf8()..];
    }
}

fn unwrapped(text: &str, first: char, last: char) -> (&str, bool) {
    let inner = text.strip_prefix(first).and_then(|text| text.strip_suffix(last));
    inner.map_or((text, false), |inner| (inner.trim(), true))
}

fn without_suffix<'a>(text: &'a str, letters: &[char]) -> (&'a str, bool) {
    text.strip_suffix(letters).map_or((text, false), |text| (text.trim_end(), true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Parameter::{Integer, Number};

    fn value(text: &str, mark: DecimalMark) -> Option<Value> {
        Numeral::parse(text).and_then(|numeral| numeral.value(mark, Percent::Fraction))
    }

    fn check(text: &str, point: Option<Parameter>, comma: Option<Parameter>) {
        assert_eq!(value(text, DecimalMark::Point), point.map(Value::Number), "{text} with a point");
        assert_eq!(value(text, DecimalMark::Comma), comma.map(Value::Number), "{text} with a comma");
    }

    /// A number that is the same whatever the decimal mark is.
    fn check_same(text: &str, number: Parameter) {
        check(text, Some(number.clone()), Some(number));
    }

    #[test]
    fn groups_of_digits_are_read_wherever_they_come_from() {
        check("50,000", Some(Integer(50_000)), Some(Number(50.0)));
        check("50.000", Some(Number(50.0)), Some(Integer(50_000)));
        check("1,200.50", Some(Number(1200.5)), None);
        check("1.200,50", None, Some(Number(1200.5)));
        check("50 000,25", None, Some(Number(50_000.25)));
        check("50\u{202f}000,00", None, Some(Number(50_000.0)));
        check("1\u{a0}200", Some(Integer(1200)), Some(Integer(1200)));
        check("1'200.50", Some(Number(1200.5)), None);
        check("1’200’000", Some(Integer(1_200_000)), Some(Integer(1_200_000)));
        check("12,34,567.5", Some(Number(1_234_567.5)), None);
        check("1,200,000", Some(Integer(1_200_000)), None);
        check_same("1_000", Integer(1000));
        check("0,125", None, Some(Number(0.125)));
        check("1234,567", None, Some(Number(1234.567)));
        check("1,50", None, Some(Number(1.5)));
    }

    #[test]
    fn what_has_no_proper_groups_is_no_number() {
        for text in
            ["1,2,3", "1.2.3", "1 2", "1'20", "1_0", "1,200'000", "12,3456,789", "1,,000", ",", "1.200.00", "1,200 000"]
        {
            check(text, None, None);
        }
    }

    #[test]
    fn numbers_of_other_programs_are_read() {
        for (text, number) in [
            ("1.5D+03", 1500.0),
            ("1.5d3", 1500.0),
            ("1D-2", 0.01),
            (".5", 0.5),
            ("5.", 5.0),
            ("+.5E+1", 5.0),
            ("−3.5", -3.5),
            ("–3.5", -3.5),
            ("- 3.5", -3.5),
            ("3.5-", -3.5),
            ("(3.5)", -3.5),
            ("$1,200.50", 1200.5),
            ("-$1,200.50", -1200.5),
            ("1,200.50 €", 1200.5),
            ("\u{200b}50000.0\u{feff}", 50_000.0),
            ("5.0%", 0.05),
            ("7.5 %", 0.075),
        ] {
            assert_eq!(value(text, DecimalMark::Point), Some(Value::Number(Number(number))), "{text}");
        }
        check_same("(5)", Integer(-5));
        check_same("\u{200b}50000", Integer(50_000));
        check("1,5E+3", None, Some(Number(1500.0)));
        assert_eq!(value("1e999", DecimalMark::Point), Some(Value::NotFinite));
        assert_eq!(value("1e-2147483648%", DecimalMark::Point), Some(Value::Number(Parameter::Number(0.0))));
    }

    #[test]
    fn what_only_begins_as_a_number_is_none() {
        for text in [
            "0x10",
            "3D5",
            "5 kW",
            "2024-01-05",
            "1e",
            "e5",
            "1.5E",
            "(-5)",
            "((5))",
            "5--",
            "--5",
            "$",
            "%",
            "-",
            "1.#INF",
            "½",
        ] {
            assert_eq!(Numeral::parse(text), None, "{text}");
        }
    }
}
