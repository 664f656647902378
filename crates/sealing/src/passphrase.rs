//! Passphrases: words that a person can type, and nobody can guess.

use std::fmt;

/// Number of words of a passphrase. Of 7,776 words each, six have 77 bits.
#[cfg(feature = "words")]
const WORDS: usize = 6;

/// A passphrase. Printing it for debugging leaves it out.
#[derive(Clone, PartialEq, Eq)]
pub struct Passphrase(String);

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase")
    }
}

impl Passphrase {
    /// Reads what somebody typed or pasted: letters in any case, words apart by spaces, ends of lines or hyphens.
    #[must_use]
    pub fn typed(text: &str) -> Self {
        let words = text.split(|c: char| c.is_whitespace() || c == '-').filter(|word| !word.is_empty());
        Self(words.map(str::to_lowercase).collect::<Vec<_>>().join(" "))
    }

    /// Makes one of six words of EFF's large list, chosen by `random`, which fills bytes.
    #[cfg(feature = "words")]
    #[must_use]
    pub fn generate(random: &mut dyn FnMut(&mut [u8])) -> Self {
        let words: Vec<&str> = (0..WORDS).map(|_| word(random)).collect();
        // Some words of the list have a hyphen.
        Self::typed(&words.join(" "))
    }

    /// The passphrase as it is written: words, and a space between two.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Chooses a word, each with the same probability: a number beyond the last whole multiple of their count is drawn again.
#[cfg(feature = "words")]
fn word(random: &mut dyn FnMut(&mut [u8])) -> &'static str {
    let list = &diceware_wordlists::EFF_LONG_WORDLIST;
    loop {
        let mut bytes = [0; 2];
        random(&mut bytes);
        let drawn = usize::from(u16::from_le_bytes(bytes));
        if drawn < (usize::from(u16::MAX) + 1) / list.len() * list.len() {
            return list[drawn % list.len()];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_the_same_however_it_is_written() {
        for text in ["Abacus  zoom\nunlit", " abacus-zoom-unlit ", "ABACUS ZOOM UNLIT", "abacus\tzoom unlit\r\n"] {
            assert_eq!(Passphrase::typed(text).as_str(), "abacus zoom unlit");
        }
        assert_eq!(Passphrase::typed("").as_str(), "");
    }

    #[cfg(feature = "words")]
    #[test]
    fn words_are_drawn_from_all_of_the_list_and_evenly() {
        let mut state = 1_u64;
        // A linear congruential generator: enough to see that no word is left out.
        let mut random = |bytes: &mut [u8]| {
            for byte in bytes {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                *byte = state.to_be_bytes()[0];
            }
        };
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..200_000 {
            *counts.entry(word(&mut random)).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 7_776);
        assert!(counts.values().all(|count| (5..=60).contains(count)), "{:?}", counts.values().max());
        let mut largest = [[0xff, 0xff], [0, 0]].into_iter();
        assert_eq!(word(&mut |bytes| bytes.copy_from_slice(&largest.next().unwrap())), "abacus");
        let made = Passphrase::generate(&mut random);
        assert!(made.as_str().split(' ').count() >= 6 && format!("{made:?}") == "Passphrase");
    }
}
