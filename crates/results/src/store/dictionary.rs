//! The texts of all columns, each once.

use super::Cell;
use super::index::Index;
use super::memory::push;

/// Texts by their codes. A code is never 0, which is "none"; two are those of the flags.
#[derive(Debug, Clone)]
pub(super) struct Dictionary {
    /// What each code means; the first three are no texts that were entered.
    labels: Vec<Box<str>>,
    index: Index,
    text_bytes: usize,
}

const NONE: u32 = 0;
const FALSE: u32 = 1;
const TRUE: u32 = 2;

impl Default for Dictionary {
    fn default() -> Self {
        let labels = ["", "false", "true"].map(Box::from).into();
        Self { labels, index: Index::default(), text_bytes: 0 }
    }
}

impl Dictionary {
    pub(super) const fn flag(flag: bool) -> u32 {
        if flag { TRUE } else { FALSE }
    }

    /// The code of a text, if it was entered.
    pub(super) fn find(&self, text: &str) -> Option<u32> {
        self.index.find(hash(text), |code| &*self.labels[code as usize] == text)
    }

    /// The code of a text, which is entered if it is new.
    pub(super) fn enter(&mut self, text: &str) -> u32 {
        if let Some(code) = self.find(text) {
            return code;
        }
        // 2^32 texts don't fit into a browser.
        let code = u32::try_from(self.labels.len()).unwrap_or(NONE);
        push(&mut self.labels, text.into());
        self.text_bytes += text.len();
        self.index.insert(code, |code| hash(&self.labels[code as usize]));
        code
    }

    /// What a code says.
    pub(super) fn label(&self, code: u32) -> &str {
        &self.labels[code as usize]
    }

    pub(super) fn cell(&self, code: u32) -> Cell<'_> {
        match code {
            NONE => Cell::Missing,
            FALSE | TRUE => Cell::Flag(code == TRUE),
            text => Cell::Text(self.label(text)),
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.labels.len()
    }

    pub(super) const fn size_bytes(&self) -> usize {
        self.labels.capacity() * size_of::<Box<str>>() + self.text_bytes + self.index.size_bytes()
    }
}

/// FNV-1a.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
