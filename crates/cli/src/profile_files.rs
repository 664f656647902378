//! The files of the AWS CLI with profiles and credentials. Editors and shells on Windows also write them with a byte order
//! mark, which the SDK takes for a part of the first line, or in UTF-16, which it takes for an empty file.

use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};

#[expect(
    deprecated,
    reason = "the crate that these moved to is no dependency of its own, and this names the same types"
)]
use aws_config::profile::profile_file::{ProfileFileKind, ProfileFiles};

use crate::failure::CommandFailure;
use crate::text::printable;

/// Maximum number of profiles that are named, and of characters of a name.
const MAX_NAMED: usize = 20;
const MAX_CHARS: usize = 60;

/// A file of the AWS CLI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ProfileFile {
    Config,
    Credentials,
}

impl ProfileFile {
    const ALL: [Self; 2] = [Self::Config, Self::Credentials];

    /// Returns its path; `None` if the user's folder is unknown.
    fn path(self) -> Option<PathBuf> {
        let (variable, name) = match self {
            Self::Config => ("AWS_CONFIG_FILE", "config"),
            Self::Credentials => ("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
        };
        match env::var_os(variable).map(PathBuf::from) {
            None => Some(home()?.join(".aws").join(name)),
            Some(path) => match path.strip_prefix("~") {
                Ok(below) => Some(home()?.join(below)),
                Err(_not_below) => Some(path),
            },
        }
    }

    /// Returns the profiles that its text has.
    fn profiles(self, text: &str) -> Vec<String> {
        let sections = text.lines().filter_map(|line| Some(line.strip_prefix('[')?.split_once(']')?.0.trim()));
        let profile = |section: &str| match (self, section.split_once(char::is_whitespace)) {
            (Self::Credentials, None) => Some(section.to_owned()),
            (Self::Config, None) if section == "default" => Some(section.to_owned()),
            (Self::Config, Some(("profile", name))) => Some(name.trim().to_owned()),
            // Other sections are for single sign-on or services.
            _ => None,
        };
        sections.filter_map(profile).collect()
    }

    #[expect(deprecated, reason = "as above")]
    const fn kind(self) -> ProfileFileKind {
        match self {
            Self::Config => ProfileFileKind::Config,
            Self::Credentials => ProfileFileKind::Credentials,
        }
    }
}

/// Returns the user's folder, as the SDK finds it.
fn home() -> Option<PathBuf> {
    env::var_os("HOME").map(PathBuf::from).or_else(env::home_dir)
}

/// Reads the files as text, if any of them begins with a byte order mark; else the SDK reads them itself.
#[expect(deprecated, reason = "as above")]
pub(crate) fn profile_files() -> Result<Option<ProfileFiles>, CommandFailure> {
    let (mut files, mut has_mark) = (ProfileFiles::builder(), false);
    for file in ProfileFile::ALL {
        let Some(path) = file.path() else { continue };
        // A file that isn't there, or mustn't be read, is left to the SDK.
        let Ok(content) = std::fs::read(&path) else { continue };
        let text = text(&content).ok_or_else(|| not_utf_8(&path))?;
        has_mark |= text.len() < content.len();
        files = files.with_contents(file.kind(), text);
    }
    Ok(has_mark.then(|| files.build()))
}

/// Checks that the profile exists which was asked for, here or by `AWS_PROFILE`. The SDK would continue without it.
pub(crate) fn check_profile(named: Option<&str>) -> Result<(), CommandFailure> {
    let Some(profile) = named.map(str::to_owned).or_else(|| env::var("AWS_PROFILE").ok()) else { return Ok(()) };
    let in_file = |file: ProfileFile| {
        let content = file.path().and_then(|path| std::fs::read(path).ok()).unwrap_or_default();
        text(&content).map(|text| file.profiles(text)).unwrap_or_default()
    };
    let known: BTreeSet<String> = ProfileFile::ALL.into_iter().flat_map(in_file).collect();
    if known.contains(&profile) || profile.is_empty() || profile == "default" {
        return Ok(());
    }
    Err(no_profile(&printable(&profile, MAX_CHARS), &known))
}

fn no_profile(profile: &str, known: &BTreeSet<String>) -> CommandFailure {
    let paths = ProfileFile::ALL.into_iter().filter_map(ProfileFile::path).map(|path| path.display().to_string());
    let known: Vec<String> = known.iter().take(MAX_NAMED).map(|name| printable(name, MAX_CHARS)).collect();
    let known =
        if known.is_empty() { "There are none.".to_owned() } else { format!("There are {}.", known.join(", ")) };
    CommandFailure::new(format!(
        "There is no profile {profile} in {}. {known} Name another one with --profile, or make it with `aws configure --profile \
         {profile}`.",
        paths.collect::<Vec<_>>().join(" or ")
    ))
}

/// Returns the files in which the user's credentials were looked for, as words.
pub(crate) fn places() -> String {
    let paths = ProfileFile::ALL.into_iter().filter_map(ProfileFile::path).filter(|path| path.is_file());
    let paths: Vec<String> = paths.map(|path| path.display().to_string()).collect();
    paths.join(" and ")
}

/// Returns the text without its byte order mark; `None` if it isn't UTF-8.
fn text(content: &[u8]) -> Option<&str> {
    std::str::from_utf8(content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content)).ok()
}

fn not_utf_8(path: &Path) -> CommandFailure {
    CommandFailure::new(format!("{} is no UTF-8 text: save it as UTF-8.", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_told_from_other_sections() {
        let config = "[default]\nregion = x\n[ profile lab ] # ours\n  [profile nested]\n[sso-session s]\n[profile\tb.c]\n[bare]\n[x";
        assert_eq!(ProfileFile::Config.profiles(config), ["default", "lab", "b.c"]);
        assert_eq!(ProfileFile::Credentials.profiles("[lab]\r\nkey = [a]\r\n[default]\r\n"), ["lab", "default"]);
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_text() {
        assert_eq!(text(b"\xef\xbb\xbf[default]\r\n"), Some("[default]\r\n"));
        assert_eq!(text(b"[default]\n"), Some("[default]\n"));
        assert_eq!(text(b"\xff\xfe[\0d\0"), None);
    }
}
