//! Percent-encoding of texts that stand in an address, in UTF-8.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, percent_decode_str, utf8_percent_encode};

/// Characters that have a meaning in an address, or in a filter. Brackets are left out: they are in the name of each component
/// of a vector, and browsers take them.
const ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'[').remove(b']');

/// Writes a text so that no character of it has a meaning in an address, or in a filter.
#[must_use]
pub fn encode(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, ENCODED)
}

/// Decodes a text; `None` if it is no UTF-8. A `%` without two hex digits stands for itself.
#[must_use]
pub fn decode(text: &str) -> Option<String> {
    percent_decode_str(text).decode_utf8().ok().map(Into::into)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_means_something_is_encoded() {
        assert_eq!(encode("c[0].x").to_string(), "c[0].x");
        assert_eq!(encode("a b,c:d|e*%&#ä").to_string(), "a%20b%2Cc%3Ad%7Ce%2A%25%26%23%C3%A4");
        for wrong in ["%ff", "a%C3"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
        assert_eq!(decode("%c3%a4+5 %").as_deref(), Some("ä+5 %"));
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in any::<String>()) {
            prop_assert_eq!(decode(&encode(&text).to_string()), Some(text));
        }
    }
}
