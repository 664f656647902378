//! ZIP files by APPNOTE 6.3 of PKWARE, not compressed, with names in UTF-8.
//!
//! An archive consists of parts that are written one after the other: for each file the result of [`ZipArchive::file`], then
//! its content, however that is divided; at the end the result of [`ZipArchive::end`].

/// An archive that is being written.
#[derive(Debug, Default)]
pub struct ZipArchive {
    size_bytes: u64,
    directory: Vec<u8>,
    entries: u16,
}

/// Checksum and size of a file's content, taken part by part. The default is that of an empty file.
#[derive(Debug, Clone, Copy, Default)]
pub struct ZipContent {
    crc: u32,
    size_bytes: u64,
}

/// A file that the format can't hold without its extension of 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ZipError {
    /// More than 65,534 files.
    #[error("a ZIP file holds at most 65,534 files")]
    TooMany,
    /// The archive would have 4 GiB or more.
    #[error("a ZIP file holds less than 4 GiB")]
    TooLarge,
    /// A name of more than 65,535 bytes.
    #[error("a file's name is too long for a ZIP file")]
    Name,
}

/// Signatures of a file's header, of its line in the directory, and of the archive's end.
const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";

/// Their lengths without names.
const LOCAL_BYTES: usize = 30;
const CENTRAL_BYTES: usize = 46;
const END_BYTES: usize = 22;

/// Version 2.0; a name in UTF-8; stored; midnight of the first day that the format knows, 1 January 1980.
const COMMON: [u8; 10] = [20, 0, 0, 0x08, 0, 0, 0, 0, 0x21, 0];

impl ZipArchive {
    /// Returns the header in front of a file's content.
    ///
    /// # Errors
    /// Returns an error if the file doesn't fit; the archive stays as it was.
    pub fn file(&mut self, name: &str, content: &ZipContent) -> Result<Vec<u8>, ZipError> {
        let entries = self.entries.checked_add(1).filter(|entries| *entries < u16::MAX).ok_or(ZipError::TooMany)?;
        let name_length = u16::try_from(name.len()).map_err(|_too_long| ZipError::Name)?.to_le_bytes();
        let (before, after) = (LOCAL_BYTES + name.len(), self.directory.len() + CENTRAL_BYTES + name.len() + END_BYTES);
        let behind = (self.size_bytes + before as u64).saturating_add(content.size_bytes);
        let is_small = behind.saturating_add(after as u64) < u64::from(u32::MAX);
        let (Ok(offset), Ok(size), true) =
            (u32::try_from(self.size_bytes), u32::try_from(content.size_bytes), is_small)
        else {
            return Err(ZipError::TooLarge);
        };
        let (crc, size) = (content.crc.to_le_bytes(), size.to_le_bytes());
        let described = [&COMMON, crc.as_slice(), &size, &size, &name_length, &[0, 0]].concat();
        // Made by version 2.0; no comment, first disk, no attributes.
        let where_it_is = [&[0; 10], offset.to_le_bytes().as_slice()].concat();
        for part in [CENTRAL, &[20, 0], &described, &where_it_is, name.as_bytes()] {
            self.directory.extend_from_slice(part);
        }
        (self.entries, self.size_bytes) = (entries, behind);
        Ok([LOCAL, &described, name.as_bytes()].concat())
    }

    /// Returns the bytes that follow the last file.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "each file was taken only if all of it stays below 4 GiB")]
    pub fn end(self) -> Vec<u8> {
        let (offset, size) = (self.size_bytes as u32, self.directory.len() as u32);
        let (entries, mut end) = (self.entries.to_le_bytes(), self.directory);
        for part in [END, &[0; 4], &entries, &entries, &size.to_le_bytes(), &offset.to_le_bytes(), &[0, 0]] {
            end.extend_from_slice(part);
        }
        end
    }
}

impl ZipContent {
    /// Takes a file whose content is there as a whole.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut content = Self::default();
        content.add(bytes);
        content
    }

    /// Returns the checksum, CRC-32.
    #[must_use]
    pub const fn crc(&self) -> u32 {
        self.crc
    }

    /// Takes the next part.
    pub fn add(&mut self, part: &[u8]) {
        let mut checksum = crc32fast::Hasher::new_with_initial(self.crc);
        checksum.update(part);
        self.crc = checksum.finalize();
        self.size_bytes += part.len() as u64;
    }
}

/// Writes arrays as `.npz`: each has a name without its ending, and a `.npy` file.
///
/// # Errors
/// Returns an error if they don't fit.
pub fn npz(arrays: &[(&str, &[u8])]) -> Result<Vec<u8>, ZipError> {
    let (mut zip, mut out) = (ZipArchive::default(), Vec::new());
    for (name, bytes) in arrays {
        let before = zip.file(&format!("{name}.npy"), &ZipContent::of(bytes))?;
        out.reserve_exact(before.len() + bytes.len());
        out.extend(before);
        out.extend_from_slice(bytes);
    }
    out.extend(zip.end());
    Ok(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_archive_is_what_other_programs_read() {
        let mut zip = ZipArchive::default();
        let before = zip.file("ä", &ZipContent::of(b"123456789")).unwrap();
        let golden = [
            b"PK\x03\x04\x14\0\0\x08\0\0\0\0\x21\0\x26\x39\xf4\xcb\x09\0\0\0\x09\0\0\0\x02\0\0\0\xc3\xa4123456789".as_slice(),
            b"PK\x01\x02\x14\0\x14\0\0\x08\0\0\0\0\x21\0\x26\x39\xf4\xcb\x09\0\0\0\x09\0\0\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xc3\xa4",
            b"PK\x05\x06\0\0\0\0\x01\0\x01\0\x30\0\0\0\x29\0\0\0\0\0",
        ];
        assert_eq!([before, b"123456789".to_vec(), zip.end()].concat(), golden.concat());
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let (mut zip, empty) = (ZipArchive::default(), ZipContent::default());
        assert_eq!(zip.file(&"n".repeat(65_536), &empty), Err(ZipError::Name));
        (0..65_534).for_each(|_| drop(zip.file("", &empty).unwrap()));
        assert_eq!(zip.file("", &empty), Err(ZipError::TooMany));

        let (mut zip, half) = (ZipArchive::default(), ZipContent { size_bytes: 1 << 31, ..empty });
        zip.file("a", &half).unwrap();
        assert_eq!(zip.file("b", &half), Err(ZipError::TooLarge));
        assert_eq!(zip.file("c", &ZipContent { size_bytes: u64::MAX, ..empty }), Err(ZipError::TooLarge));
        zip.file("d", &ZipContent { size_bytes: (1 << 31) - 1_000, ..empty }).unwrap();
        assert_eq!(ZipArchive::default().end().len(), END_BYTES);
    }

    proptest! {
        #[test]
        fn a_file_in_parts_is_that_of_the_whole(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 0..6)) {
            let archive = |content: &ZipContent| {
                let mut zip = ZipArchive::default();
                [zip.file("first", &ZipContent::of(b"1")).unwrap(), b"1".to_vec(), zip.file("cases.csv", content).unwrap(), parts.concat(), zip.end()].concat()
            };
            let mut content = ZipContent::default();
            for part in &parts {
                content.add(part);
            }
            prop_assert_eq!(archive(&content), archive(&ZipContent::of(&parts.concat())));
        }
    }
}
