//! The files of the AWS CLI with profiles and credentials, as editors and shells write them on Windows, too: with a byte order
//! mark, which the SDK takes for a part of the first line, or in UTF-16, which it takes for an empty file.

use std::env;
use std::path::{Path, PathBuf};

#[expect(
    deprecated,
    reason = "the crate that these moved to is no dependency of its own, and this names the same types"
)]
use aws_config::profile::profile_file::{ProfileFileKind, ProfileFiles};

use crate::failure::Failure;

/// A file of the AWS CLI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ProfileFile {
    Config,
    Credentials,
}

impl ProfileFile {
    const ALL: [Self; 2] = [Self::Config, Self::Credentials];

    /// Where it is; none if nobody knows the user's folder.
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

    #[expect(deprecated, reason = "as above")]
    const fn kind(self) -> ProfileFileKind {
        match self {
            Self::Config => ProfileFileKind::Config,
            Self::Credentials => ProfileFileKind::Credentials,
        }
    }
}

/// The user's folder, as the SDK finds it.
fn home() -> Option<PathBuf> {
    env::var_os("HOME").map(PathBuf::from).or_else(env::home_dir)
}

/// The files as text, if any of them begins with a byte order mark; else the SDK reads them itself.
#[expect(deprecated, reason = "as above")]
pub(crate) fn profile_files() -> Result<Option<ProfileFiles>, Failure> {
    let (mut files, mut has_mark) = (ProfileFiles::builder(), false);
    for file in ProfileFile::ALL {
        let Some(path) = file.path() else { continue };
        // One that isn't there, or mustn't be read, is the SDK's business.
        let Ok(content) = std::fs::read(&path) else { continue };
        let text = text(&content).ok_or_else(|| not_utf_8(&path))?;
        has_mark |= text.len() < content.len();
        files = files.with_contents(file.kind(), text);
    }
    Ok(has_mark.then(|| files.build()))
}

/// Where the user's credentials were looked for, as words.
pub(crate) fn places() -> String {
    let paths = ProfileFile::ALL.into_iter().filter_map(ProfileFile::path).filter(|path| path.is_file());
    let paths: Vec<String> = paths.map(|path| path.display().to_string()).collect();
    paths.join(" and ")
}

/// The text without its byte order mark; none if it isn't UTF-8.
fn text(content: &[u8]) -> Option<&str> {
    std::str::from_utf8(content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content)).ok()
}

fn not_utf_8(path: &Path) -> Failure {
    Failure::new(format!("{} is no UTF-8 text: save it as UTF-8.", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_text() {
        assert_eq!(text(b"\xef\xbb\xbf[default]\r\n"), Some("[default]\r\n"));
        assert_eq!(text(b"[default]\n"), Some("[default]\n"));
        assert_eq!(text(b"\xff\xfe[\0d\0"), None);
    }
}
