//! Python code beside a value that would take a part of it: `-1.2**2` is −1.44.

use std::ops::Range;

use super::PlaceholderContext;
use super::python::is_of_word;
use crate::case::ParameterValue;

/// Words behind which a value begins, even without a space.
const BEFORE_VALUES: [&str; 14] =
    ["and", "assert", "await", "case", "elif", "else", "if", "in", "is", "not", "or", "return", "while", "yield"];

/// Whether the code behind a number would make it another number, or none, such as `-1.2**2` or `30.real`: then it needs
/// parentheses.
pub(super) fn is_bound(
    template: &str,
    place: Range<usize>,
    value: &ParameterValue,
    around: PlaceholderContext,
) -> bool {
    let may_break = match around {
        PlaceholderContext::Code => false,
        PlaceholderContext::InBrackets => true,
        _ => return false,
    };
    let (is_negative, is_whole) = match value {
        ParameterValue::Integer(integer) => (*integer < 0, true),
        ParameterValue::Unsigned(_) => (false, true),
        ParameterValue::Number(number) => (number.is_sign_negative(), false),
        ParameterValue::Flag(_) | ParameterValue::Text(_) | ParameterValue::List(_) => return false,
    };
    let behind = behind_blank(&template.as_bytes()[place.end..], may_break);
    let is_attribute = matches!(behind, [b'.', first, ..] if is_of_word(*first) && !first.is_ascii_digit());
    let is_taken = if is_negative { is_attribute || behind.starts_with(b"**") } else { is_attribute && is_whole };
    is_taken && !is_piece(template, place)
}

/// Whether it is a piece of a word or a number, as in `load_{{n}}` and `1e{{n}}`: it can't have parentheses around it.
fn is_piece(template: &str, place: Range<usize>) -> bool {
    let (before, behind) = (&template[..place.start], &template.as_bytes()[place.end..]);
    let goes_on = behind.first().is_some_and(|first| is_of_word(*first) || *first == b'{');
    let has_decimals = matches!(behind, [b'.', b'0'..=b'9', ..]);
    let word = before.bytes().rev().take_while(|byte| is_of_word(*byte)).count();
    let word = &before.as_bytes()[before.len() - word..];
    let is_keyword = BEFORE_VALUES.iter().any(|keyword| keyword.as_bytes() == word);
    goes_on || has_decimals || before.ends_with(['}', '.']) || !word.is_empty() && !is_keyword
}

/// Returns the code behind spaces; between brackets also behind comments and ends of lines, and always behind an end of a line
/// that a backslash takes away.
fn behind_blank(mut text: &[u8], may_break: bool) -> &[u8] {
    loop {
        let length = match text {
            [b' ' | b'\t' | 0x0c, ..] => 1,
            [b'\\', b'\r', b'\n', ..] => 3,
            [b'\\', b'\r' | b'\n', ..] => 2,
            [b'\r' | b'\n', ..] if may_break => 1,
            [b'#', ..] if may_break => text.iter().take_while(|byte| !matches!(byte, b'\r' | b'\n')).count(),
            _ => return text,
        };
        text = &text[length..];
    }
}
