//! Files of a ZIP that somebody else has made, read from memory: a bundle, or what is dropped in place of a folder.
//!
//! Only what every program writes is read: files that are stored or deflated, without passwords, below 4 GiB.

use std::borrow::Cow;
use std::io::Read;

use cruncher_results::export::zip::ZipContent;
use flate2::read::DeflateDecoder;

/// Maximum number of files that are listed, as in a bundle.
const MAX_FILES: usize = 10_000;

/// Signatures of the archive's end, of a line of its directory, and of the header before a file's content.
const END: &[u8] = b"PK\x05\x06";
const CENTRAL: &[u8] = b"PK\x01\x02";
const LOCAL: &[u8] = b"PK\x03\x04";

/// Their lengths without names.
const END_BYTES: usize = 22;
const CENTRAL_BYTES: usize = 46;
const LOCAL_BYTES: usize = 30;

/// Maximum length of the comment behind the archive's end.
const MAX_COMMENT_BYTES: usize = 0xffff;

/// The kinds of files, and a link among them, in the upper half of an entry's attributes.
const KIND: u32 = 0o170_000 << 16;
const LINK: u32 = 0o120_000 << 16;

/// A file of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZipEntry {
    /// Its path, parts joined by `/`, as it stands there: it may be anything.
    pub path: String,
    /// Its size, unpacked, as the archive says it.
    pub size_bytes: u64,
    packed_bytes: usize,
    crc: u32,
    /// Place of the header before its content.
    start: usize,
    is_deflated: bool,
}

/// An archive, or a file of it, that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnzipError {
    /// It doesn't end as a ZIP does.
    #[error("it is no ZIP, or a part of one")]
    NoZip,
    /// It has more files than a bundle may have.
    #[error("it has more than 10,000 files")]
    TooMany,
    /// Its list of files doesn't stand where it says.
    #[error("its list of files is damaged")]
    Directory,
    /// A file whose name is no UTF-8.
    #[error("the name of its file number {0} is no UTF-8")]
    Name(usize),
    /// A file that can't be unpacked; why, as the end of a sentence.
    #[error("its file `{path}` {why}")]
    File {
        /// The file.
        path: String,
        /// Why.
        why: &'static str,
    },
}

/// Whether a content begins as a ZIP does that has files.
#[must_use]
pub fn is_zip(content: &[u8]) -> bool {
    content.starts_with(LOCAL)
}

/// Lists the files of an archive in its order, folders left out.
///
/// # Errors
/// If it is none, or has what no bundle may have: a link, a password, more than 10,000 files.
pub fn entries(archive: &[u8]) -> Result<Vec<ZipEntry>, UnzipError> {
    let end = archive.get(end_of(archive).ok_or(UnzipError::NoZip)?..).unwrap_or_default();
    let count = usize::from(u16_at(end, 10).ok_or(UnzipError::NoZip)?);
    if count > MAX_FILES {
        return Err(UnzipError::TooMany);
    }
    let mut place = index_at(end, 16).ok_or(UnzipError::NoZip)?;
    let mut found = Vec::with_capacity(count);
    for number in 1..=count {
        let line = archive.get(place..).filter(|line| line.starts_with(CENTRAL)).ok_or(UnzipError::Directory)?;
        let length = |at| u16_at(line, at).map(usize::from).ok_or(UnzipError::Directory);
        let (name, extra, comment) = (length(28)?, length(30)?, length(32)?);
        let path = line.get(CENTRAL_BYTES..CENTRAL_BYTES + name).ok_or(UnzipError::Directory)?;
        let path = std::str::from_utf8(path).map_err(|_foreign| UnzipError::Name(number))?;
        if !path.ends_with('/') {
            found.push(entry(line, path)?);
        }
        place += CENTRAL_BYTES + name + extra + comment;
    }
    Ok(found)
}

fn entry(line: &[u8], path: &str) -> Result<ZipEntry, UnzipError> {
    let unfit = |why| UnzipError::File { path: path.to_owned(), why };
    let flags = u16_at(line, 8).ok_or(UnzipError::Directory)?;
    let method = u16_at(line, 10).ok_or(UnzipError::Directory)?;
    let attributes = u32_at(line, 38).ok_or(UnzipError::Directory)?;
    if flags & 1 != 0 {
        return Err(unfit("has a password"));
    }
    if attributes & KIND == LINK {
        return Err(unfit("is a link, and no bundle has links: put a copy in its place"));
    }
    if !matches!(method, 0 | 8) {
        return Err(unfit("is packed in another way than by deflate"));
    }
    let size = u32_at(line, 24).ok_or(UnzipError::Directory)?;
    let (packed, start) = (index_at(line, 20), index_at(line, 42));
    if size == u32::MAX {
        return Err(unfit("has 4 GiB or more"));
    }
    Ok(ZipEntry {
        path: path.to_owned(),
        size_bytes: size.into(),
        packed_bytes: packed.ok_or(UnzipError::Directory)?,
        crc: u32_at(line, 16).ok_or(UnzipError::Directory)?,
        start: start.ok_or(UnzipError::Directory)?,
        is_deflated: method == 8,
    })
}

impl ZipEntry {
    /// Returns the content of the file, which has exactly the size that was said.
    ///
    /// # Errors
    /// If it is damaged, or doesn't lie in this archive.
    pub fn content<'a>(&self, archive: &'a [u8]) -> Result<Cow<'a, [u8]>, UnzipError> {
        let damaged = || UnzipError::File { path: self.path.clone(), why: "is damaged" };
        let header = archive.get(self.start..).filter(|header| header.starts_with(LOCAL)).ok_or_else(damaged)?;
        let length = |at| u16_at(header, at).map_or(0, usize::from);
        let begin = LOCAL_BYTES + length(26) + length(28);
        let packed = header.get(begin..).and_then(|rest| rest.get(..self.packed_bytes)).ok_or_else(damaged)?;
        let content = if self.is_deflated {
            let mut unpacked = Vec::new();
            // One byte more than was said tells that it lies.
            let read = DeflateDecoder::new(packed).take(self.size_bytes + 1).read_to_end(&mut unpacked);
            read.map_err(|_torn| damaged())?;
            Cow::Owned(unpacked)
        } else {
            Cow::Borrowed(packed)
        };
        let is_whole = content.len() as u64 == self.size_bytes && ZipContent::of(&content).crc() == self.crc;
        if is_whole { Ok(content) } else { Err(damaged()) }
    }
}

/// Returns the place of the archive's end: its last signature whose comment reaches to the last byte.
fn end_of(archive: &[u8]) -> Option<usize> {
    let last = archive.len().checked_sub(END_BYTES)?;
    let is_end = |place: &usize| {
        let end = archive.get(*place..).unwrap_or_default();
        end.starts_with(END) && u16_at(end, 20).is_some_and(|comment| END_BYTES + usize::from(comment) == end.len())
    };
    (last.saturating_sub(MAX_COMMENT_BYTES)..=last).rev().find(is_end)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn index_at(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32_at(bytes, at)?).ok()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use cruncher_results::export::zip::ZipArchive;
    use flate2::Compression;
    use flate2::write::DeflateEncoder;

    use super::*;

    fn stored(files: &[(&str, &[u8])]) -> Vec<u8> {
        let (mut zip, mut out) = (ZipArchive::default(), Vec::new());
        for (path, content) in files {
            out.extend(zip.file(path, &ZipContent::of(content)).unwrap());
            out.extend_from_slice(content);
        }
        out.extend(zip.end());
        out
    }

    /// An archive of one deflated file, as other programs write it, that says it has `said` bytes.
    fn deflated(content: &[u8], said: u32, flags: u8, attributes: u32, comment: &[u8]) -> Vec<u8> {
        let mut packed = DeflateEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(content).unwrap();
        let packed = packed.finish().unwrap();
        let crc = ZipContent::of(content).crc().to_le_bytes();
        let sizes = [u32::try_from(packed.len()).unwrap().to_le_bytes(), said.to_le_bytes()].concat();
        let common = [&[20, 0, flags, 8, 8, 0, 0, 0, 33, 0], &crc[..], &sizes, &[1, 0]].concat();
        let file = [LOCAL, &common, &[3, 0], b"a", b"xyz", &packed].concat();
        let line = [CENTRAL, &[20, 3], &common, &[0; 8], &attributes.to_le_bytes(), &[0; 4], b"a"].concat();
        let offset = u32::try_from(file.len()).unwrap().to_le_bytes();
        let size = u32::try_from(line.len()).unwrap().to_le_bytes();
        let length = u16::try_from(comment.len()).unwrap().to_le_bytes();
        [&file, &line, END, &[0, 0, 0, 0, 1, 0, 1, 0], &size, &offset, &length, comment].concat()
    }

    #[test]
    fn files_come_back_as_they_were_packed() {
        let archive = stored(&[("b/ä", b"12"), ("folder/", b""), ("a", b"")]);
        let found = entries(&archive).unwrap();
        let read: Vec<_> =
            found.iter().map(|one| (one.path.as_str(), one.content(&archive).unwrap().to_vec())).collect();
        assert_eq!(read, [("b/ä", b"12".to_vec()), ("a", Vec::new())]);
        assert!(is_zip(&archive) && !is_zip(b"PK"));
    }

    #[test]
    fn what_other_programs_pack_is_unpacked() {
        let content = b"wave ".repeat(1000);
        for comment in [b"".as_slice(), b"PK\x05\x06 made by hand"] {
            let archive = deflated(&content, 5000, 0, 0, comment);
            let found = entries(&archive).unwrap();
            assert_eq!((found.len(), found[0].size_bytes), (1, 5000));
            assert_eq!(found[0].content(&archive).unwrap(), content);
        }
    }

    #[test]
    fn what_is_no_bundle_is_refused_with_the_reason() {
        let why = |archive: &[u8]| entries(archive).unwrap_err().to_string();
        assert_eq!(why(b"print(1)"), "it is no ZIP, or a part of one");
        let whole = deflated(b"12", 2, 0, 0, b"");
        assert_eq!(why(&whole[..whole.len() - 1]), "it is no ZIP, or a part of one");
        assert_eq!(why(&whole[1..]), "its list of files is damaged");
        assert_eq!(why(&deflated(b"12", 2, 1, 0, b"")), "its file `a` has a password");
        let link = why(&deflated(b"12", 2, 0, LINK, b""));
        assert_eq!(link, "its file `a` is a link, and no bundle has links: put a copy in its place");
        // One that says less than it has, or another content, isn't what it was packed of.
        for archive in [deflated(&vec![0; 1 << 20], 10, 0, 0, b""), deflated(b"1", 2, 0, 0, b"")] {
            let found = entries(&archive).unwrap();
            assert_eq!(found[0].content(&archive).unwrap_err().to_string(), "its file `a` is damaged");
        }
        let mut changed = stored(&[("a", b"1234")]);
        changed[LOCAL_BYTES + 2] ^= 1;
        assert!(entries(&changed).unwrap()[0].content(&changed).is_err());
    }
}
