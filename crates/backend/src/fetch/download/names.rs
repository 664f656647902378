//! Rules by which keys can be the paths of files. Keys come from outside and aren't trusted.

use cruncher_study::shown_text::is_invisible;

/// Maximum length of the name of a file or folder, in bytes; a draft's is longer by a few.
const MAX_NAME_BYTES: usize = 240;

/// Maximum number of characters of a name that are kept; each is of four bytes at most.
const MAX_PORTABLE_CHARS: usize = 48;

/// Ending of the names of drafts: `.name.partial`.
const DRAFT_ENDING: &str = ".partial";

/// Devices of Windows, with any ending: <https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file>.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// Rules for names in the folder that the files go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamingRules {
    /// The system whose rules hold.
    pub system: NamingSystem,
    /// Whether names that differ in capitals are two files.
    pub letters: LetterCase,
}

/// System whose rules for names hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamingSystem {
    /// Windows.
    Windows,
    /// Every other system.
    Unix,
}

/// Whether `a` and `A` are two files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetterCase {
    /// They are two.
    Distinct,
    /// They are one.
    Alike,
}

impl NamingRules {
    /// Returns what is wrong with a path; `None` if it stays inside the folder and can be the name of a file there.
    pub(crate) fn objection(self, path: &str) -> Option<&'static str> {
        path.split('/').find_map(|part| self.objection_to_part(part))
    }

    fn objection_to_part(self, part: &str) -> Option<&'static str> {
        let of_windows = || if self.system == NamingSystem::Windows { objection_of_windows(part) } else { None };
        match part {
            "" => Some("a part of its name is empty"),
            "." | ".." => Some("its name leads out of its folder"),
            part if part.len() > MAX_NAME_BYTES => Some("its name is too long"),
            part if part.contains('\\') => Some("its name has a backslash"),
            part if part.chars().any(char::is_control) => Some("its name has control characters"),
            part if part.chars().any(is_invisible) => Some("its name has characters that can't be seen"),
            part if part.starts_with('.') && ends_like_a_draft(part) => Some("unfinished files have such names"),
            _ => of_windows(),
        }
    }

    /// Returns a text that is the same for paths of the same file.
    pub(super) fn folded(self, path: &str) -> String {
        match self.letters {
            LetterCase::Distinct => path.to_owned(),
            LetterCase::Alike => path.to_lowercase(),
        }
    }
}

/// Returns the name of the draft of a file of this name, in the same folder.
#[must_use]
pub fn draft_name(name: &str) -> String {
    format!(".{name}{DRAFT_ENDING}")
}

/// Makes a name from outside fit for every computer, behind other letters: characters that may have a meaning become `_`.
pub(crate) fn portable(name: &str) -> String {
    let name: String = name.chars().map(plain).take(MAX_PORTABLE_CHARS).collect();
    name.trim_end_matches('.').to_owned()
}

/// Does the same with the end of a name, and so keeps its ending.
pub(crate) fn portable_end(name: &str) -> String {
    let skipped = name.chars().count().saturating_sub(MAX_PORTABLE_CHARS);
    let name: String = name.chars().map(plain).skip(skipped).collect();
    name.trim_end_matches('.').to_owned()
}

fn plain(letter: char) -> char {
    if letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_') { letter } else { '_' }
}

fn ends_like_a_draft(part: &str) -> bool {
    part.to_lowercase().ends_with(DRAFT_ENDING)
}

fn objection_of_windows(part: &str) -> Option<&'static str> {
    if part.contains(['<', '>', ':', '"', '|', '?', '*']) {
        return Some("its name has a character that Windows keeps for itself");
    }
    if part.ends_with([' ', '.']) {
        return Some("Windows would drop the end of its name");
    }
    let stem = part.split('.').next().unwrap_or(part).trim_end().to_lowercase();
    let is_port = ["com", "lpt"].iter().any(|port| {
        let mut rest = stem.strip_prefix(port).unwrap_or_default().chars();
        rest.next().is_some_and(|digit| "0123456789¹²³".contains(digit)) && rest.next().is_none()
    });
    (is_port || DEVICES.contains(&stem.as_str())).then_some("its name is a device's on Windows")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const UNIX: NamingRules = NamingRules { system: NamingSystem::Unix, letters: LetterCase::Distinct };
    const WINDOWS: NamingRules = NamingRules { system: NamingSystem::Windows, letters: LetterCase::Alike };

    #[test]
    fn names_as_studies_have_them_are_fine_everywhere() {
        for path in [
            "prandtl/level-03/done-9f86d081884c7d659a2feaa0c55ad015.json",
            "a/files/9f86/curve 1.csv",
            "a/ä.txt",
            "a/..b",
            "a/.hidden",
            "a/console.txt",
            "a/com10.txt",
            "a/x.partial",
        ] {
            assert_eq!((UNIX.objection(path), WINDOWS.objection(path)), (None, None), "{path}");
        }
    }

    #[test]
    fn nothing_leads_out_of_the_folder() {
        for path in [
            "",
            "/etc/passwd",
            "../a",
            "a/../../b",
            "a/./b",
            "a//b",
            "a/",
            "..\\a",
            "C:\\a",
            "a\0b",
            "a\nb",
            "a/.b.partial",
        ] {
            assert!(UNIX.objection(path).is_some() && WINDOWS.objection(path).is_some(), "{path}");
        }
        assert!(UNIX.objection(&"a".repeat(241)).is_some());
    }

    #[test]
    fn what_windows_keeps_for_itself_is_refused_there() {
        for path in ["C:/a", "a:b", "a?", "nul", "a/Con.json", "COM1.txt", "lpt³", "a./b", "a /b", "aux .txt"] {
            assert!(WINDOWS.objection(path).is_some(), "{path}");
            assert_eq!(UNIX.objection(path), None, "{path}");
        }
    }

    #[test]
    fn a_name_from_outside_becomes_one_part_of_a_path() {
        for (name, expected) in [
            ("footing.py", "footing.py"),
            ("Größe-2.py", "Größe-2.py"),
            ("../../etc/passwd", ".._.._etc_passwd"),
            ("C:\\a\n.py.", "C__a_.py"),
            ("", ""),
        ] {
            assert_eq!(portable(name), expected);
        }
        for name in ["..", "/", "\\", "con", "a\0", &"ä".repeat(999), "a. . ."] {
            let name = format!("0123456789ab-{}", portable(name));
            assert_eq!((UNIX.objection(&name), WINDOWS.objection(&name)), (None, None), "{name}");
            assert!(!name.contains('/'));
        }
    }

    proptest! {
        #[test]
        fn a_path_without_objection_has_ordinary_parts_only(path in "[a./\\\\:~ -]{0,12}") {
            use std::path::{Component, Path};
            if UNIX.objection(&path).is_none() {
                let is_ordinary = |part: Component<'_>| matches!(part, Component::Normal(_));
                prop_assert!(Path::new(&path).components().all(is_ordinary));
                prop_assert_eq!(Path::new(&path).components().count(), path.split('/').count());
            }
        }
    }
}
