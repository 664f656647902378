//! Texts that look like numbers, or stand in the place of a number.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::number::CURRENCIES;
use crate::shown_text::is_invisible;

/// Returns the text with plain minus signs, spaces and apostrophes, and without letters that can't be seen.
pub(super) fn cleaned(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let plain = |letter| match letter {
        // Hyphens, figure dash, en dash, minus.
        '\u{2010}'..='\u{2013}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}' => '-',
        '\u{2018}' | '\u{2019}' | '\u{2bc}' => '\'',
        letter if letter.is_whitespace() => ' ',
        letter => letter,
    };
    Cow::Owned(text.chars().filter(|letter| !is_invisible(*letter)).map(plain).collect())
}

/// Whether a text has such letters. Joiners between other letters don't count: they belong to scripts and emoji.
pub(super) fn has_invisible(text: &str) -> bool {
    let is_strange = |letter: char| is_invisible(letter) && !matches!(letter, '\u{200c}' | '\u{200d}');
    !text.is_ascii() && (text.contains(is_strange) || text.starts_with(is_invisible) || text.ends_with(is_invisible))
}

/// The text without spaces and invisible letters around it.
pub(super) fn trimmed(text: &str) -> &str {
    text.trim_matches(|letter: char| letter.is_whitespace() || is_invisible(letter))
}

/// The text as a message shows it: invisible letters are named.
pub(super) fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars().take(60) {
        if is_invisible(letter) {
            // Writing to a string can't fail.
            let _ = write!(shown, "‹U+{:04X}›", u32::from(letter));
        } else {
            shown.push(letter);
        }
    }
    if text.chars().nth(60).is_some() {
        shown.push('…');
    }
    shown
}

const NOT_FINITE: [&str; 15] = [
    "nan",
    "qnan",
    "snan",
    "nan(ind)",
    "nan(snan)",
    "inf",
    "infinity",
    "∞",
    "1.#inf",
    "1.#ind",
    "1.#qnan",
    "1.#snan",
    "1.#nan",
    "1.#inf00",
    "1.#ind00",
];

/// Whether a text means that there is no number, or no finite one: NaN, an infinity, or the words of C on Windows.
pub(super) fn is_not_finite(text: &str) -> bool {
    let cleaned = cleaned(text);
    let word = cleaned.trim().trim_start_matches(['+', '-']);
    NOT_FINITE.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// Whether a text is one that a spreadsheet shows in place of a value that it can't compute, in any language.
pub(super) fn is_spreadsheet_error(text: &str) -> bool {
    let text = trimmed(text);
    if let Some(number) = text.strip_prefix("Err:") {
        return !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit());
    }
    let Some(word) = text.strip_prefix('#') else { return false };
    let has_capitals = word.chars().any(char::is_uppercase)
        && word.chars().all(|letter| letter.is_uppercase() || letter.is_ascii_digit() || "/_!?¡¿ ".contains(letter));
    let is_not_available = word.split_once('/').is_some_and(|(before, after)| before.len() + after.len() <= 4);
    let is_named = ["NV", "YOK", "HIÁNYZIK", "GETTING_DATA"].contains(&word);
    (has_capitals && (word.ends_with(['!', '?']) || is_not_available || is_named))
        || (!word.is_empty() && word.bytes().all(|letter| letter == b'#'))
}

const MISSING: [&str; 14] =
    ["na", "n/a", "n.a.", "<na>", "null", "none", "nil", "nat", "missing", "-", "--", "---", "?", "."];

/// Whether a text is a word for a value that is missing.
pub(super) fn is_missing_word(text: &str) -> bool {
    let cleaned = cleaned(text);
    let text = cleaned.trim();
    MISSING.iter().any(|word| text.eq_ignore_ascii_case(word))
}

const YES_AND_NO: [&str; 26] = [
    "yes",
    "no",
    "on",
    "off",
    "wahr",
    "falsch",
    "ja",
    "nein",
    "vrai",
    "faux",
    "oui",
    "non",
    "verdadero",
    "falso",
    "sí",
    "vero",
    "verdadeiro",
    "waar",
    "onwaar",
    "nee",
    "sant",
    "falskt",
    "prawda",
    "fałsz",
    "истина",
    "ложь",
];

/// Whether a text is a word for yes or no, in one of the languages of spreadsheets.
pub(super) fn is_flag_word(text: &str) -> bool {
    let text = trimmed(text);
    text.len() <= 12 && YES_AND_NO.contains(&text.to_lowercase().as_str())
}

/// Whether a text that is no number begins as a number, or as a list of numbers.
pub(super) fn begins_as_number(text: &str) -> bool {
    let rest = trimmed(text)
        .trim_start_matches(|letter: char| "+-−–.,([{<>~≈±='’\" ".contains(letter) || CURRENCIES.contains(&letter));
    rest.starts_with(char::is_numeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_as_a_number_is_told_from_other_texts() {
        for text in ["0x10", "3D5", "5 kW", "2024-01-05", "<5", "[1 2", "½", "1.2.3", "€ 5 to 6"] {
            assert!(begins_as_number(text), "{text}");
        }
        for text in ["clay", "-", "", "C30/37", "[clay]"] {
            assert!(!begins_as_number(text), "{text}");
        }
    }

    #[test]
    fn letters_that_cannot_be_seen_are_named() {
        assert_eq!(shown("5\u{200b}"), "5‹U+200B›");
        assert_eq!(shown(&"x".repeat(61)).chars().count(), 61);
    }

    #[test]
    fn errors_of_spreadsheets_are_known_in_each_language() {
        for text in [
            "#DIV/0!",
            "#N/A",
            "#REF!",
            "#NAME?",
            "#VALUE!",
            "#NUM!",
            "#NULL!",
            "#SPILL!",
            "#NV",
            "#BEZUG!",
            "#WERT!",
            "#ZAHL!",
            "#ÜBERLAUF!",
            "#NOM?",
            "#VALEUR!",
            "#NOMBRE!",
            "#¡DIV/0!",
            "#¿NOMBRE?",
            "#N/D",
            "#Н/Д",
            "#####",
            "Err:502",
        ] {
            assert!(is_spreadsheet_error(text), "{text}");
        }
        for text in ["#FF0000", "#1", "#", "# a", "clay!", "#clay!", "N/A", "Err:", "#A/B testing"] {
            assert!(!is_spreadsheet_error(text), "{text}");
        }
    }

    #[test]
    fn words_for_no_number_are_known() {
        for text in ["NaN", "-nan", "inf", "+Infinity", "1.#INF", "-1.#IND", "−∞", "nan(ind)"] {
            assert!(is_not_finite(text), "{text}");
        }
        for text in ["NA", "n/a", "NULL", "None", "-", "–", "?", "<NA>"] {
            assert!(is_missing_word(text), "{text}");
        }
        assert!(!is_not_finite("nano") && !is_missing_word("sand"));
    }
}
