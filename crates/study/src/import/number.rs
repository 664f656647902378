//! Numbers as people, spreadsheets and other programs write them.

use std::borrow::Cow;

use super::word::cleaned;
use super::{DecimalMark, PercentSign};
use crate::case::ParameterValue;

/// A number as it is written. The decimal mark decides which digits are its whole part and which its decimals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WrittenNumber<'a> {
    is_negative: bool,
    /// Digits, and their separators; then, if there is an exponent, a letter, a sign and digits.
    number: Cow<'a, str>,
    mantissa: Mantissa,
    /// Whether a per cent sign follows.
    pub(super) is_percent: bool,
    /// Whether it is written as the protocol writes numbers, except for the decimal mark.
    is_plain: bool,
}

/// The part before the exponent: its length, and the numbers of its digits and of other letters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Mantissa {
    length: usize,
    digits: usize,
    points: usize,
    commas: usize,
    /// Spaces, apostrophes and underscores.
    others: usize,
}

/// The value of a numeral.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum NumberValue {
    /// A whole number, or a float.
    Number(ParameterValue),
    /// A whole number of more than 64 bits.
    Beyond,
    /// A number beyond floats.
    NotFinite,
}

/// A numeral's whole part with the separators of groups of its digits, and its decimals.
struct Parts<'a> {
    whole: &'a str,
    decimals: Option<&'a str>,
    is_grouped: bool,
}

pub(super) const CURRENCIES: [char; 5] = ['$', '€', '£', '¥', '₹'];

impl<'a> WrittenNumber<'a> {
    /// Reads the number in a text: with a sign in front or behind it, or in brackets, as accountants write negative numbers;
    /// with groups of digits, an exponent (Fortran's, too), a currency, a per cent sign.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        match cleaned(text) {
            Cow::Borrowed(text) => Self::of(text),
            Cow::Owned(text) => {
                WrittenNumber::of(&text).map(|numeral| Self { is_plain: false, ..numeral.into_owned() })
            }
        }
    }

    fn of(text: &'a str) -> Option<Self> {
        let (rest, is_bracketed) = unwrapped(text.trim(), '(', ')');
        let (rest, is_percent) = without_suffix(rest, &['%']);
        let (rest, has_currency_behind) = without_suffix(rest, &CURRENCIES);
        let (rest, front) = front(rest);
        let (rest, has_minus_behind) = if front.sign.is_none() { without_suffix(rest, &['-']) } else { (rest, false) };
        let mantissa = Mantissa::of(rest)?;
        let has_two_signs = is_bracketed && (front.sign.is_some() || has_minus_behind);
        if has_two_signs || (front.has_currency && has_currency_behind) {
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
            number: Cow::Borrowed(rest),
            mantissa,
            is_percent,
            is_plain: !is_dressed && !rest[mantissa.length..].starts_with(FORTRAN),
        };
        let is_some = numeral.fits(DecimalMark::Point) || numeral.fits(DecimalMark::Comma);
        is_some.then_some(numeral)
    }

    /// The numeral without the text that it was read from.
    pub(super) fn into_owned(self) -> WrittenNumber<'static> {
        WrittenNumber { number: Cow::Owned(self.number.into_owned()), ..self }
    }

    fn mantissa(&self) -> &str {
        &self.number[..self.mantissa.length]
    }

    /// The part behind the letter of the exponent.
    fn exponent(&self) -> Option<&str> {
        self.number.get(self.mantissa.length + 1..)
    }

    /// Returns its value with this decimal mark; `None` if it is no number then.
    pub(super) fn value(&self, mark: DecimalMark, percent: PercentSign) -> Option<NumberValue> {
        let parts = self.parts(mark)?;
        let is_shifted = self.is_percent && percent == PercentSign::Fraction;
        if parts.decimals.is_none() && self.exponent().is_none() && !is_shifted {
            return Some(whole(&parts, self.is_negative));
        }
        let is_written_so = self.is_plain && mark == DecimalMark::Point && !parts.is_grouped;
        let number: f64 = if is_written_so {
            self.number.parse().ok()?
        } else if self.is_plain && !parts.is_grouped {
            self.number.replacen(',', ".", 1).parse().ok()?
        } else {
            self.shifted(&parts, if is_shifted { -2 } else { 0 })?.parse().ok()?
        };
        let number = if self.is_negative { -number } else { number };
        Some(if number.is_finite() {
            NumberValue::Number(ParameterValue::Number(number))
        } else {
            NumberValue::NotFinite
        })
    }

    /// Writes its digits with a point, and its exponent increased by `more`.
    fn shifted(&self, Parts { whole, decimals, is_grouped }: &Parts<'_>, more: i32) -> Option<String> {
        let whole = if *is_grouped { digits(whole) } else { Cow::Borrowed(*whole) };
        let exponent = match self.exponent() {
            Some(exponent) if more == 0 => Cow::Borrowed(exponent),
            exponent => Cow::Owned(
                exponent.map_or(Ok(0), str::parse).ok().map(|own: i32| own.saturating_add(more))?.to_string(),
            ),
        };
        Some(format!("{whole}.{}e{exponent}", decimals.unwrap_or("0")))
    }

    /// Whether the reader should be told its value, since it isn't written as the protocol writes numbers.
    pub(super) fn is_unusual(&self, mark: DecimalMark) -> bool {
        let Mantissa { length, digits, .. } = self.mantissa;
        let has_zeros = length > 1 && digits == length && self.mantissa().starts_with('0');
        !self.is_plain || has_zeros || self.parts(mark).is_some_and(|parts| parts.is_grouped)
    }

    /// Whether it is a number with this decimal mark.
    pub(super) fn fits(&self, mark: DecimalMark) -> bool {
        match (mark, self.mantissa) {
            (_, Mantissa { points: 0, commas: 0, others: 0, .. })
            | (DecimalMark::Point, Mantissa { points: 1, commas: 0, others: 0, .. }) => true,
            (DecimalMark::Comma, Mantissa { points: 0, commas: 1, others: 0, .. }) => !self.mantissa().ends_with(','),
            _ => self.parts(mark).is_some(),
        }
    }

    /// Whether it has a mark that may separate decimals.
    pub(super) fn has_mark(&self, mark: DecimalMark) -> bool {
        match mark {
            DecimalMark::Point => self.mantissa.points > 0,
            DecimalMark::Comma => self.mantissa.commas > 0,
        }
    }

    fn parts(&self, mark: DecimalMark) -> Option<Parts<'_>> {
        let mantissa = self.mantissa();
        let (whole, decimals) = match mantissa.bytes().position(|byte| char::from(byte) == mark.letter()) {
            Some(place) => (&mantissa[..place], Some(&mantissa[place + 1..])),
            None => (mantissa, None),
        };
        let is_digit = |digit: u8| digit.is_ascii_digit();
        let has_decimals = decimals.is_some_and(|decimals| !decimals.is_empty());
        // Programs write `5.`; a comma without decimals separates columns.
        let has_digits = has_decimals || (!whole.is_empty() && (mark == DecimalMark::Point || decimals.is_none()));
        let has_only_digits = self.mantissa.digits + usize::from(decimals.is_some()) == self.mantissa.length;
        let is_grouped = !has_only_digits && !whole.bytes().all(is_digit);
        let is_number = has_digits
            && (has_only_digits || decimals.is_none_or(|decimals| decimals.bytes().all(is_digit)))
            && (!is_grouped || (self.exponent().is_none() && has_proper_groups(whole)));
        is_number.then(|| Parts {
            whole,
            decimals: decimals.map(|decimals| if decimals.is_empty() { "0" } else { decimals }),
            is_grouped,
        })
    }
}

/// Reads a whole number of at most 64 bits.
fn whole(Parts { whole, is_grouped, .. }: &Parts<'_>, is_negative: bool) -> NumberValue {
    let digits = if *is_grouped { digits(whole) } else { Cow::Borrowed(*whole) };
    let magnitude: Option<u64> = digits.parse().ok();
    let number = if is_negative {
        magnitude.and_then(|magnitude| 0_i64.checked_sub_unsigned(magnitude)).map(ParameterValue::Integer)
    } else {
        magnitude.map(ParameterValue::from)
    };
    number.map_or(NumberValue::Beyond, NumberValue::Number)
}

fn digits(grouped: &str) -> Cow<'static, str> {
    Cow::Owned(grouped.chars().filter(char::is_ascii_digit).collect())
}

/// Reads a whole number of at most 64 bits, with a sign or without.
pub(super) fn whole_number(digits: &str) -> NumberValue {
    ParameterValue::whole(digits).map_or(NumberValue::Beyond, NumberValue::Number)
}

/// Returns the float that is equal to a number; `None` if it is a whole number that no float is equal to.
pub(super) fn exact_float(number: &ParameterValue) -> Option<f64> {
    let magnitude = match number {
        ParameterValue::Integer(integer) => integer.unsigned_abs(),
        ParameterValue::Unsigned(integer) => *integer,
        _ => 0,
    };
    // All of its 64 bits but as many as a float has are zeros at both ends.
    let zeros = magnitude.leading_zeros() + magnitude.trailing_zeros();
    if zeros + f64::MANTISSA_DIGITS >= u64::BITS { number.as_number() } else { None }
}

/// Whether digits stand in groups of three, or as in India, where only the last group has three and the others two.
fn has_proper_groups(whole: &str) -> bool {
    let Some(first) = whole.bytes().position(|byte| !byte.is_ascii_digit()) else { return false };
    let separator = whole.as_bytes()[first];
    let is_group = |group: &[u8], length: usize| group.len() == length && group.iter().all(u8::is_ascii_digit);
    let mut groups = whole.as_bytes()[first + 1..].rsplit(|byte| *byte == separator);
    let is_closed = groups.next().is_some_and(|last| is_group(last, 3));
    let (mut are_threes, mut are_twos) = (first <= 3, first <= 2 && separator == b',');
    for group in groups {
        are_threes &= is_group(group, 3);
        are_twos &= is_group(group, 2);
    }
    is_closed && first > 0 && !whole.starts_with('0') && (are_threes || are_twos)
}

/// The letters of Fortran's exponents.
const FORTRAN: [char; 2] = ['d', 'D'];

impl Mantissa {
    /// Reads the mantissa of a number without sign; `None` if the text is no number.
    fn of(text: &str) -> Option<Self> {
        let mut mantissa = Self::default();
        for byte in text.bytes() {
            match byte {
                b'0'..=b'9' => mantissa.digits += 1,
                b'.' => mantissa.points += 1,
                b',' => mantissa.commas += 1,
                b'\'' | b' ' | b'_' if mantissa.length > 0 => mantissa.others += 1,
                b'e' | b'E' | b'd' | b'D' if mantissa.digits > 0 => break,
                _ => return None,
            }
            mantissa.length += 1;
        }
        let (before, behind) = text.split_at(mantissa.length);
        let is_number = mantissa.digits > 0 && (behind.is_empty() || is_exponent_of(before, behind));
        is_number.then_some(mantissa)
    }
}

/// Whether the text behind a mantissa is an exponent, its letter included.
fn is_exponent_of(mantissa: &str, text: &str) -> bool {
    let exponent = &text[1..];
    let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    // Without point and sign, `3D5` is as likely a name.
    let is_sure = !text.starts_with(FORTRAN) || mantissa.contains('.') || digits.len() < exponent.len();
    is_sure && !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit())
}

/// The signs in front of the digits.
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
    use crate::case::ParameterValue::{Integer, Number};

    fn value(text: &str, mark: DecimalMark) -> Option<NumberValue> {
        WrittenNumber::parse(text).and_then(|numeral| numeral.value(mark, PercentSign::Fraction))
    }

    fn check(text: &str, point: Option<ParameterValue>, comma: Option<ParameterValue>) {
        assert_eq!(value(text, DecimalMark::Point), point.map(NumberValue::Number), "{text} with a point");
        assert_eq!(value(text, DecimalMark::Comma), comma.map(NumberValue::Number), "{text} with a comma");
    }

    /// Checks a number that is the same with either decimal mark.
    fn check_same(text: &str, number: ParameterValue) {
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
        for text in [
            "1,2,3",
            "1.2.3",
            "1 2",
            "1'20",
            "1_0",
            "1,200'000",
            "12,3456,789",
            "1,,000",
            ",",
            "5,",
            "1.200,",
            "1.200.00",
            "1,200 000",
        ] {
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
            ("1.e3", 1000.0),
            (".5E-1", 0.05),
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
            assert_eq!(value(text, DecimalMark::Point), Some(NumberValue::Number(Number(number))), "{text}");
        }
        check_same("(5)", Integer(-5));
        check_same("-9223372036854775808", Integer(i64::MIN));
        check_same("9'223'372'036'854'775'808", ParameterValue::Unsigned(1 << 63));
        check_same("-0", Integer(0));
        check_same("\u{200b}50000", Integer(50_000));
        check("1,5E+3", None, Some(Number(1500.0)));
        assert_eq!(value("1e999", DecimalMark::Point), Some(NumberValue::NotFinite));
        assert_eq!(value("1e-2147483648%", DecimalMark::Point), Some(NumberValue::Number(ParameterValue::Number(0.0))));
    }

    #[test]
    fn a_float_is_equal_to_a_whole_number_or_there_is_none() {
        for integer in [0, 1, -1, 1 << 53, (1 << 53) + 2, -(1 << 53), i64::MIN, i64::MAX - 1023, 3 << 61] {
            let float = exact_float(&Integer(integer)).unwrap();
            assert_eq!(format!("{float:.0}"), integer.to_string());
        }
        for integer in [(1 << 53) + 1, -(1 << 53) - 1, i64::MAX, i64::MAX - 511, (3 << 61) + 1] {
            assert_eq!(exact_float(&Integer(integer)), None, "{integer}");
        }
        assert_eq!(exact_float(&ParameterValue::Unsigned(u64::MAX)), None);
        assert_eq!(exact_float(&ParameterValue::Unsigned(1 << 63)), Some(9_223_372_036_854_775_808.0));
        assert_eq!(exact_float(&Number(1.5)), Some(1.5));
        assert_eq!(exact_float(&ParameterValue::Text("1".to_owned())), None);
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
            "$5$",
            "%",
            "-",
            "1.#INF",
            "½",
        ] {
            assert_eq!(WrittenNumber::parse(text), None, "{text}");
        }
    }
}
