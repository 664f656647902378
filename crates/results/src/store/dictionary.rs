//! Dictionary of the texts of all columns, each once.

use std::collections::BTreeMap;

use super::CellValue;
use super::index::HashIndex;
use super::memory::push;

/// Texts by their codes. Code 0 stands for no text, and the next two are those of the flags.
#[derive(Debug, Clone)]
pub(super) struct TextDictionary {
    /// Text of each code; the first three are no texts that were entered.
    labels: Vec<Box<str>>,
    /// The codes of texts that are the beginning of a longer one, and the number of characters of that. They are entered in
    /// addition to equal texts that are whole.
    cuts: BTreeMap<u32, u32>,
    index: HashIndex,
    text_bytes: usize,
}

const NONE: u32 = 0;
const FALSE: u32 = 1;
const TRUE: u32 = 2;

impl Default for TextDictionary {
    fn default() -> Self {
        let labels = ["", "false", "true"].map(Box::from).into();
        Self { labels, cuts: BTreeMap::new(), index: HashIndex::default(), text_bytes: 0 }
    }
}

impl TextDictionary {
    pub(super) const fn flag(flag: bool) -> u32 {
        if flag { TRUE } else { FALSE }
    }

    /// Returns the code of a text, if it was entered.
    pub(super) fn find(&self, text: &str) -> Option<u32> {
        self.find_part(text, None)
    }

    fn find_part(&self, text: &str, cut: Option<u32>) -> Option<u32> {
        let is_it = |code: u32| &*self.labels[code as usize] == text && self.cut(code) == cut;
        self.index.find(hash(text), is_it)
    }

    /// Returns the number of characters of the whole text, if that of a code is its beginning.
    pub(super) fn cut(&self, code: u32) -> Option<u32> {
        self.cuts.get(&code).copied()
    }

    /// Returns the codes of texts that are the beginning of a longer one.
    pub(super) fn cuts(&self) -> impl Iterator<Item = u32> {
        self.cuts.keys().copied()
    }

    /// Returns the code of a text, which is entered if it is new.
    pub(super) fn enter(&mut self, text: &str) -> u32 {
        self.find(text).unwrap_or_else(|| self.add(text))
    }

    /// Returns the code of the beginning of a text with `chars` characters, which is entered if it is new.
    pub(super) fn enter_cut(&mut self, text: &str, chars: u32) -> u32 {
        self.find_part(text, Some(chars)).unwrap_or_else(|| {
            let code = self.add(text);
            self.cuts.insert(code, chars);
            code
        })
    }

    fn add(&mut self, text: &str) -> u32 {
        // More than 2^32 texts don't fit into a browser.
        let code = u32::try_from(self.labels.len()).unwrap_or(NONE);
        push(&mut self.labels, text.into());
        self.text_bytes += text.len();
        self.index.insert(code, |code| hash(&self.labels[code as usize]));
        code
    }

    /// Returns the text of a code.
    pub(super) fn label(&self, code: u32) -> &str {
        &self.labels[code as usize]
    }

    pub(super) fn cell(&self, code: u32) -> CellValue<'_> {
        match code {
            NONE => CellValue::Missing,
            FALSE | TRUE => CellValue::Flag(code == TRUE),
            text => match self.cut(text) {
                Some(chars) => CellValue::Cut(self.label(text), chars),
                None => CellValue::Text(self.label(text)),
            },
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.labels.len()
    }

    pub(super) fn size_bytes(&self) -> usize {
        let cuts = self.cuts.len() * size_of::<[u32; 2]>();
        self.labels.capacity() * size_of::<Box<str>>() + self.text_bytes + cuts + self.index.size_bytes()
    }
}

/// Hashes a text by FNV-1a.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
