//! Selection of some of many cases.

/// Some of the cases 0, 1, 2, …
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum CaseMask<'a> {
    /// All of them.
    #[default]
    All,
    /// Those whose flag is set.
    Flags(&'a [bool]),
    /// Those whose bit is set, 64 a word, the lowest bit first.
    Words(&'a [u64]),
}

impl CaseMask<'_> {
    /// Whether a case is selected. A case beyond the end isn't.
    #[must_use]
    #[inline]
    pub fn contains(&self, index: usize) -> bool {
        match self {
            Self::All => true,
            Self::Flags(flags) => flags.get(index).is_some_and(|flag| *flag),
            Self::Words(words) => words.get(index / 64).is_some_and(|word| word >> (index % 64) & 1 == 1),
        }
    }

    /// Counts the selected cases among the first `length`.
    #[must_use]
    pub fn count(&self, length: usize) -> usize {
        (0..length).filter(|index| self.contains(*index)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_and_words_say_the_same() {
        let flags: Vec<bool> = (0..70).map(|index| index % 3 == 0).collect();
        let mut words = [0_u64; 2];
        for index in (0..70).step_by(3) {
            words[index / 64] |= 1 << (index % 64);
        }
        for index in 0..200 {
            assert_eq!(CaseMask::Flags(&flags).contains(index), CaseMask::Words(&words).contains(index), "{index}");
        }
        assert_eq!(CaseMask::Flags(&flags).count(70), 24);
        assert_eq!(CaseMask::All.count(70), 70);
    }
}
