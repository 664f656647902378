//! Folders below `data/` in which the predecessor put cases, and the batches that these become.

use std::fmt;

use sha2::{Digest, Sha256};

use cruncher_study::batch::{Batch, BatchError, MAX_CHARS};
use cruncher_study::case::CaseId;

/// The batch of a case that no folder names.
const NAMELESS: &str = "legacy";

/// Length, in hex digits, of the part of a digest that tells folders apart whose batches would otherwise have the same name.
const MARK_CHARS: usize = 8;

/// The part of a key between `data/` and the object's name, up to its last slash; empty directly below `data/`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegacyFolder(String);

impl LegacyFolder {
    /// Reads the text between `data/` and an object's name. `None` for a place where this protocol keeps files that a case
    /// produced: there a file may have any name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('/').collect();
        let is_produced = parts.windows(2).any(|pair| pair[0] == "files" && CaseId::parse(pair[1]).is_ok());
        (!is_produced).then(|| Self(text.to_owned()))
    }

    /// Whether a worker of this protocol may write anything below it: what stands there defines no cases.
    #[must_use]
    pub fn is_open_to_workers(&self) -> bool {
        let is_open = |part: &str| part == "files" || part.starts_with("done-") || part.starts_with("error-");
        self.prefix().split('/').skip(1).any(is_open)
    }

    /// Folders of the results of a batch, unless its name was made up ([`is_made_up`](Self::is_made_up)): the folder of that
    /// name, and the nameless ones.
    #[must_use]
    pub fn of_batch(batch: &Batch) -> [Self; 3] {
        [format!("{batch}/"), String::new(), "/".to_owned()].map(Self)
    }

    /// Whether a batch may have a name that no folder has: one that ends in a part of a digest.
    #[must_use]
    pub fn is_made_up(batch: &Batch) -> bool {
        let mark = batch.as_str().rsplit_once('-').map_or("", |(_, mark)| mark);
        mark.len() == MARK_CHARS && mark.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
    }

    /// Whether the folder of a batch with a made up name may lie below this one.
    #[must_use]
    pub fn may_lead_to(&self, batch: &Batch) -> bool {
        batch.as_str().starts_with(&valid_parts(self.prefix()))
    }

    /// Whether the folder names a batch: it isn't empty.
    #[must_use]
    pub fn has_name(&self) -> bool {
        !self.prefix().is_empty()
    }

    /// Returns the batch: the folder's path, if that is a valid name. Otherwise characters that a batch can't have become `-`,
    /// and a part of a digest at the end tells folders apart. The empty folder is the batch `legacy`.
    #[must_use]
    pub fn batch(&self) -> Batch {
        let prefix = self.prefix();
        if prefix.is_empty() {
            return nameless();
        }
        Batch::parse(prefix).unwrap_or_else(|_| Batch::parse(&valid_name(prefix)).unwrap_or_else(|_| nameless()))
    }

    /// The part that the predecessor calls prefix.
    fn prefix(&self) -> &str {
        self.0.strip_suffix('/').unwrap_or(&self.0)
    }
}

impl fmt::Display for LegacyFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The batch of a case that no folder names.
pub(super) fn nameless() -> Batch {
    Batch::parse(NAMELESS).expect("it is a valid name")
}

fn valid_parts(prefix: &str) -> String {
    let parts: Vec<String> = prefix.split('/').map(valid_part).filter(|part| !part.is_empty()).collect();
    parts.join("/")
}

fn valid_name(prefix: &str) -> String {
    let parts = valid_parts(prefix);
    let mut name = if parts.is_empty() { NAMELESS.to_owned() } else { parts };
    name.truncate(MAX_CHARS - MARK_CHARS - 1);
    let mut mark = [0; MARK_CHARS / 2];
    mark.copy_from_slice(&Sha256::digest(prefix)[..MARK_CHARS / 2]);
    format!("{}-{:08x}", name.trim_end_matches(['/', '-']), u32::from_be_bytes(mark))
}

fn valid_part(part: &str) -> String {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let replaced: String = part.chars().map(|c| if is_allowed(c) { c } else { '-' }).collect();
    let part = replaced.trim_start_matches(['.', '_', '-']).trim_end_matches('-');
    match Batch::parse(part) {
        Err(BatchError::Reserved(_)) => format!("x-{part}"),
        _ => part.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn batch(folder: &str) -> String {
        LegacyFolder::parse(folder).unwrap().batch().to_string()
    }

    #[test]
    fn a_folder_that_could_be_a_batch_is_that_batch() {
        assert_eq!(batch("prandtl/level-03/"), "prandtl/level-03");
        assert_eq!(batch(""), "legacy");
        assert_eq!(batch("/"), "legacy");
    }

    #[test]
    fn any_other_folder_becomes_a_batch_that_can_be_recognised() {
        for (folder, start) in [
            ("Level 3 (new)/", "Level-3--new-"),
            ("a//b/", "a/b-"),
            ("_tmp/.x/", "tmp/x-"),
            ("done-1/files/", "x-done-1/x-files-"),
            ("土/", "legacy-"),
        ] {
            let batch = batch(folder);
            assert_eq!(batch.len(), start.len() + MARK_CHARS, "{batch}");
            assert!(batch.starts_with(start), "{batch}");
        }
    }

    proptest! {
        #[test]
        fn two_folders_are_two_batches(one in "[ab /.()é-]{0,6}", other in "[ab /.()é-]{0,6}") {
            let (one, other) = (format!("{one}/"), format!("{other}/"));
            prop_assert_eq!(batch(&one) == batch(&other), one == other);
        }

        #[test]
        fn the_folder_of_any_batch_is_found(folder in "[ab /.()é-]{0,6}") {
            let folder = format!("{folder}/");
            let batch = LegacyFolder::parse(&folder).unwrap().batch();
            let is_direct = LegacyFolder::of_batch(&batch).iter().any(|own| own.to_string() == folder);
            prop_assert!(is_direct || LegacyFolder::is_made_up(&batch));
            for (slash, _) in folder.match_indices('/') {
                let above = LegacyFolder::parse(&folder[..=slash]).unwrap();
                prop_assert!(is_direct || above.may_lead_to(&batch), "{} to {}", above, batch);
            }
        }

        #[test]
        fn any_folder_has_a_batch(folder in ".{0,300}/") {
            let batch = batch(&folder);
            prop_assert!(Batch::parse(&batch).is_ok());
            prop_assert!(batch != "legacy" || folder == "legacy/" || folder == "/");
        }
    }
}
