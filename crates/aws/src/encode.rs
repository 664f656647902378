//! Percent encoding as AWS signs it: everything but unreserved characters, upper-case hex digits.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const RESERVED_IN_PATH: &AsciiSet = &RESERVED.remove(b'/');

/// Encodes a name or value in a query or a form.
pub(crate) fn query(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Encodes a key: slashes stand for themselves.
pub(crate) fn path(key: &str) -> String {
    utf8_percent_encode(key, RESERVED_IN_PATH).to_string()
}

/// Encodes `name=value` pairs joined by `&`, for a query or a form.
pub(crate) fn pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push('&');
        }
        text.extend(utf8_percent_encode(name, RESERVED));
        text.push('=');
        text.extend(utf8_percent_encode(value, RESERVED));
    }
    text
}

/// Undoes the `encoding-type=url` of S3's listings, in which a plus sign is a space.
/// `None` if the result is not UTF-8.
pub(crate) fn decode_listed(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decoded(text: &str) -> String {
        percent_encoding::percent_decode_str(text).decode_utf8().expect("UTF-8").into_owned()
    }

    #[test]
    fn empty_values_keep_their_equals_sign() {
        assert_eq!(pairs([("a", ""), ("b c", "d&e=f+g")]), "a=&b%20c=d%26e%3Df%2Bg");
        assert_eq!(pairs([]), "");
    }

    #[test]
    fn plus_signs_in_listings_are_spaces() {
        assert_eq!(decode_listed("a+b%2Bc%20d%C3%BC"), Some("a b+c dü".to_owned()));
        assert_eq!(decode_listed("%FF"), None);
    }

    proptest! {
        #[test]
        fn encoded_text_comes_back(text in any::<String>()) {
            prop_assert_eq!(decoded(&query(&text)), text.clone());
            prop_assert_eq!(decoded(&path(&text)), text.clone());
            prop_assert_eq!(decode_listed(&query(&text)), Some(text));
        }

        #[test]
        fn only_unreserved_characters_are_left(text in any::<String>()) {
            let unreserved = |c: char| c.is_ascii_alphanumeric() || "-._~%".contains(c);
            prop_assert!(query(&text).chars().all(unreserved));
            prop_assert!(path(&text).chars().all(|c| unreserved(c) || c == '/'));
        }

        #[test]
        fn pairs_come_back(given in proptest::collection::vec(any::<(String, String)>(), 1..5)) {
            let encoded = pairs(given.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            let read: Vec<(String, String)> = encoded
                .split('&')
                .map(|pair| pair.split_once('=').expect("an equals sign"))
                .map(|(name, value)| (decoded(name), decoded(value)))
                .collect();
            prop_assert_eq!(read, given);
        }
    }
}
