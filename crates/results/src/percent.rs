//! Texts that stand in an address: percent-encoded UTF-8.

use std::fmt::{self, Write};

/// Writes a text so that nothing in it means anything in an address, or in a filter.
///
/// Letters, digits and `-_.~[]` stay: brackets are in the name of each component of a vector, and browsers take them.
///
/// # Errors
/// If `out` does.
pub fn encode(out: &mut impl Write, text: &str) -> fmt::Result {
    text.bytes().try_for_each(|byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'[' | b']' => {
            out.write_char(char::from(byte))
        }
        _ => write!(out, "%{byte:02X}"),
    })
}

/// The text that was encoded; none if there is a `%` without two hex digits, or it is no UTF-8.
#[must_use]
pub fn decode(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((first, others)) = rest.split_first() {
        rest = others;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, others) = rest.split_first_chunk::<2>()?;
        bytes.push(hex_value(digits[0])? << 4 | hex_value(digits[1])?);
        rest = others;
    }
    String::from_utf8(bytes).ok()
}

fn hex_value(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encoded(text: &str) -> String {
        let mut out = String::new();
        encode(&mut out, text).unwrap();
        out
    }

    #[test]
    fn what_means_something_is_encoded() {
        assert_eq!(encoded("c[0].x"), "c[0].x");
        assert_eq!(encoded("a b,c:d|e*%&#ä"), "a%20b%2Cc%3Ad%7Ce%2A%25%26%23%C3%A4");
        for wrong in ["%", "%4", "%zz", "%ff", "a%C3"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
        assert_eq!(decode("%c3%a4+").as_deref(), Some("ä+"));
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in any::<String>()) {
            prop_assert_eq!(decode(&encoded(&text)), Some(text));
        }
    }
}
