//! Messages that quote names and code between backticks.

/// A stretch of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stretch<'a> {
    /// Words.
    Words(&'a str),
    /// What stood between backticks.
    Code(&'a str),
}

/// A message in stretches: what stands between backticks is code. One with a backtick that has no other stays as it is.
pub(crate) fn stretches(message: &str) -> Vec<Stretch<'_>> {
    let parts: Vec<&str> = message.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return vec![Stretch::Words(message)];
    }
    let kinds = [Stretch::Words, Stretch::Code].into_iter().cycle();
    kinds.zip(parts).map(|(kind, part)| kind(part)).filter(|one| *one != Stretch::Words("")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_backticks_is_code() {
        let expected = [Stretch::Code("a"), Stretch::Words(" isn't "), Stretch::Code("{{b}}"), Stretch::Words(".")];
        assert_eq!(stretches("`a` isn't `{{b}}`."), expected);
        assert_eq!(stretches("plain"), [Stretch::Words("plain")]);
        assert_eq!(stretches(""), []);
    }

    #[test]
    fn a_backtick_alone_stays() {
        assert_eq!(stretches("`a`b` is no number"), [Stretch::Words("`a`b` is no number")]);
    }
}
