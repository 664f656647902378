//! Values as Python writes them.

use std::fmt::Write as _;

use crate::case::ParameterValue;

/// Writes a value as Python's `repr` does.
pub(super) fn write_literal(text: &mut String, parameter: &ParameterValue) {
    match parameter {
        ParameterValue::Flag(true) => text.push_str("True"),
        ParameterValue::Flag(false) => text.push_str("False"),
        ParameterValue::Integer(integer) => text.push_str(&integer.to_string()),
        ParameterValue::Unsigned(integer) => text.push_str(&integer.to_string()),
        ParameterValue::Number(number) => write_float(text, *number),
        ParameterValue::Text(content) => write_string(text, content),
        ParameterValue::List(components) => {
            text.push('[');
            for (index, component) in components.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { ", " });
                write_literal(text, component);
            }
            text.push(']');
        }
    }
}

/// Writes as Python does: the fewest digits that tell the float from its neighbours, with an exponent from 1e16 on and
/// below 1e-4.
fn write_float(text: &mut String, number: f64) {
    let (digits, point) = digits_of(number.abs());
    text.push_str(if number.is_sign_negative() { "-" } else { "" });
    // Writing to a string doesn't fail.
    let _ = match point {
        1..=16 => {
            let whole = point.unsigned_abs();
            let (before, after) = digits.split_at(whole.min(digits.len()));
            write!(text, "{before:0<whole$}.{after:0<1}")
        }
        -3..=0 => write!(text, "0.{}{digits}", "0".repeat(point.unsigned_abs())),
        _ => {
            let (first, others) = digits.split_at(1);
            let mark = if others.is_empty() { "" } else { "." };
            write!(text, "{first}{mark}{others}e{:+03}", point - 1)
        }
    };
}

/// Returns the digits of a float, and the place of the point in them: `("125", 1)` is 1.25.
///
/// They are taken from its JSON and not from `{}`: if two texts are equally near, as for 2^-25, `{}` writes the higher one, and
/// both JSON and Python write the even one.
fn digits_of(number: f64) -> (String, isize) {
    let written = serde_json::to_string(&number).unwrap_or_default();
    let (mantissa, exponent) = written.split_once('e').unwrap_or((&written, "0"));
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{before}{after}");
    let significant = digits.trim_start_matches('0');
    if significant.is_empty() {
        return ("0".to_owned(), 1);
    }
    let point = before.len().cast_signed() - (digits.len() - significant.len()).cast_signed();
    (significant.trim_end_matches('0').to_owned(), point + exponent.parse().unwrap_or(0))
}

fn write_string(text: &mut String, content: &str) {
    let quote = if content.contains('\'') && !content.contains('"') { '"' } else { '\'' };
    text.push(quote);
    for letter in content.chars() {
        write_letter(text, letter, quote);
    }
    text.push(quote);
}

fn write_letter(text: &mut String, letter: char, quote: char) {
    let code = u32::from(letter);
    // Writing to a string doesn't fail.
    let _ = match letter {
        '\n' => write!(text, "\\n"),
        '\r' => write!(text, "\\r"),
        '\t' => write!(text, "\\t"),
        '\\' => write!(text, "\\\\"),
        _ if letter == quote => write!(text, "\\{quote}"),
        _ if is_printable(letter) => write!(text, "{letter}"),
        _ if code <= 0xff => write!(text, "\\x{code:02x}"),
        _ if code <= 0xffff => write!(text, "\\u{code:04x}"),
        _ => write!(text, "\\U{code:08x}"),
    };
}

/// Whether Python's `str.isprintable` holds for a character.
///
/// Rust escapes the same characters for debugging as Python: control, format, private and unassigned characters, and separators
/// other than the space. So no table is needed here. The two differ in characters that were assigned between their versions of
/// Unicode, as two versions of Python do; then the literal differs, and its value is the same.
fn is_printable(letter: char) -> bool {
    if letter.is_ascii() {
        return !letter.is_ascii_control();
    }
    // Behind a letter, since accents that begin a text are escaped, too.
    ['a', letter].iter().collect::<String>().escape_debug().nth(1) == Some(letter)
}
