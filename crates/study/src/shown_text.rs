//! Texts from outside as they are shown: none steers a terminal, turns the direction of reading, or passes for another one.

/// Whether a letter has neither ink nor width: zero-width spaces, marks of direction, a byte order mark, a soft hyphen.
#[must_use]
pub const fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Returns a text in which control characters and letters that can't be seen stand as their numbers, `\u{202e}`.
#[must_use]
pub fn visible(text: &str) -> String {
    shown(text, |_| false)
}

/// Returns a text of several lines in which control characters and letters that can't be seen stand as their numbers, but for tabs
/// and the ends of lines.
#[must_use]
pub fn visible_lines(text: &str) -> String {
    shown(text, |letter| matches!(letter, '\n' | '\t'))
}

fn shown(text: &str, is_kept: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        // Windows ends its lines with two characters.
        let is_end = letter == '\r' && is_kept('\n') && letters.peek() == Some(&'\n');
        if (letter.is_control() && !is_kept(letter) && !is_end) || is_invisible(letter) {
            shown.extend(letter.escape_unicode());
        } else {
            shown.push(letter);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_can_not_pass_for_another_one() {
        for (text, line, lines) in [
            ("ä b.csv", "ä b.csv", "ä b.csv"),
            ("a\u{202e}gpj.exe", "a\\u{202e}gpj.exe", "a\\u{202e}gpj.exe"),
            ("a\n\u{200b}b", "a\\u{a}\\u{200b}b", "a\n\\u{200b}b"),
            ("\u{1b}[2J\tx\r\ny\rz", "\\u{1b}[2J\\u{9}x\\u{d}\\u{a}y\\u{d}z", "\\u{1b}[2J\tx\r\ny\\u{d}z"),
            ("<script>", "<script>", "<script>"),
        ] {
            assert_eq!((visible(text).as_str(), visible_lines(text).as_str()), (line, lines));
        }
    }
}
