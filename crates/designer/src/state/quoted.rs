//! Messages that quote names and code between backticks.

/// A stretch of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MessagePart<'a> {
    /// Words.
    Words(&'a str),
    /// The text between two backticks.
    Code(&'a str),
}

/// Splits a message into parts: the text between backticks is code. A message with a backtick that has no other stays as it is.
pub(crate) fn message_parts(message: &str) -> Vec<MessagePart<'_>> {
    let parts: Vec<&str> = message.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return vec![MessagePart::Words(message)];
    }
    let kinds = [MessagePart::Words, MessagePart::Code].into_iter().cycle();
    kinds.zip(parts).map(|(kind, part)| kind(part)).filter(|one| *one != MessagePart::Words("")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_backticks_is_code() {
        let expected = [
            MessagePart::Code("a"),
            MessagePart::Words(" isn't "),
            MessagePart::Code("{{b}}"),
            MessagePart::Words("."),
        ];
        assert_eq!(message_parts("`a` isn't `{{b}}`."), expected);
        assert_eq!(message_parts("plain"), [MessagePart::Words("plain")]);
        assert_eq!(message_parts(""), []);
    }

    #[test]
    fn a_backtick_alone_stays() {
        assert_eq!(message_parts("`a`b` is no number"), [MessagePart::Words("`a`b` is no number")]);
    }
}
