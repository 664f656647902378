//! Several files in one: a ZIP file as APPNOTE 6.3 of PKWARE describes it, not compressed, names in UTF-8.

/// The files of an archive so far.
#[derive(Debug, Default)]
pub struct Zip {
    out: Vec<u8>,
    directory: Vec<u8>,
    entries: u16,
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

/// What precedes a file in the archive, and what its line in the directory begins with.
const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";

/// Version 2.0; a name in UTF-8; stored; midnight of the first day that the format knows, 1 January 1980.
const COMMON: [u8; 10] = [20, 0, 0, 0x08, 0, 0, 0, 0, 0x21, 0];

impl Zip {
    /// Adds a file.
    ///
    /// # Errors
    /// If it doesn't fit; the archive is as it was.
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> Result<(), ZipError> {
        let entries = self.entries.checked_add(1).filter(|entries| *entries < u16::MAX).ok_or(ZipError::TooMany)?;
        let name_length = u16::try_from(name.len()).map_err(|_too_long| ZipError::Name)?.to_le_bytes();
        // Its part of the directory, and the directory's end.
        let ahead = [LOCAL.len() + 26 + name.len(), CENTRAL.len() + 42 + name.len(), END.len() + 18];
        let total = ahead.iter().sum::<usize>().checked_add(bytes.len());
        let total = total.and_then(|more| (self.out.len() + self.directory.len()).checked_add(more));
        let is_small = total.is_some_and(|total| u32::try_from(total).is_ok_and(|total| total < u32::MAX));
        let (Ok(offset), Ok(size), true) = (u32::try_from(self.out.len()), u32::try_from(bytes.len()), is_small) else {
            return Err(ZipError::TooLarge);
        };
        let (crc, size) = (crc_32(bytes).to_le_bytes(), size.to_le_bytes());
        let described = [&COMMON, crc.as_slice(), &size, &size, &name_length, &[0, 0]].concat();
        self.out.reserve_exact(ahead[0] + bytes.len());
        for part in [LOCAL, &described, name.as_bytes(), bytes] {
            self.out.extend_from_slice(part);
        }
        // Made by version 2.0; no comment, first disk, no attributes.
        let where_it_is = [&[0; 10], offset.to_le_bytes().as_slice()].concat();
        for part in [CENTRAL, &[20, 0], &described, &where_it_is, name.as_bytes()] {
            self.directory.extend_from_slice(part);
        }
        self.entries = entries;
        Ok(())
    }

    /// The archive.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "each file was added only if all of it stays below 4 GiB")]
    pub fn finish(mut self) -> Vec<u8> {
        let (offset, size) = (self.out.len() as u32, self.directory.len() as u32);
        let entries = self.entries.to_le_bytes();
        self.out.append(&mut self.directory);
        for part in [END, &[0; 4], &entries, &entries, &size.to_le_bytes(), &offset.to_le_bytes(), &[0, 0]] {
            self.out.extend_from_slice(part);
        }
        self.out
    }
}

/// Arrays as `.npz`: each a name without its ending, and a `.npy` file.
///
/// # Errors
/// If they don't fit.
pub fn npz(arrays: &[(&str, &[u8])]) -> Result<Vec<u8>, ZipError> {
    let mut zip = Zip::default();
    arrays.iter().try_for_each(|(name, bytes)| zip.add(&format!("{name}.npy"), bytes))?;
    Ok(zip.finish())
}

/// The remainders of all bytes: a table of CRC-32 with the reflected polynomial of ISO 3309.
const REMAINDERS: [u32; 256] = {
    let mut remainders = [0; 256];
    let mut byte = 0_u32;
    while byte < 256 {
        let (mut remainder, mut bit) = (byte, 0);
        while bit < 8 {
            remainder = if remainder & 1 == 1 { remainder >> 1 ^ 0xedb8_8320 } else { remainder >> 1 };
            bit += 1;
        }
        remainders[byte as usize] = remainder;
        byte += 1;
    }
    remainders
};

fn crc_32(bytes: &[u8]) -> u32 {
    let last = bytes.iter().fold(u32::MAX, |crc, byte| {
        let [lowest, ..] = crc.to_le_bytes();
        REMAINDERS[usize::from(lowest ^ byte)] ^ crc >> 8
    });
    !last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_standard() {
        assert_eq!(crc_32(b""), 0);
        assert_eq!(
            crc_32(b"123456789"),
            0xcbf4_3926,
            "the check value of the catalogue of parametrised CRC algorithms"
        );
    }

    #[test]
    fn an_archive_is_what_other_programs_read() {
        let mut zip = Zip::default();
        zip.add("ä", b"123456789").unwrap();
        let golden = [
            b"PK\x03\x04\x14\0\0\x08\0\0\0\0\x21\0\x26\x39\xf4\xcb\x09\0\0\0\x09\0\0\0\x02\0\0\0\xc3\xa4123456789".as_slice(),
            b"PK\x01\x02\x14\0\x14\0\0\x08\0\0\0\0\x21\0\x26\x39\xf4\xcb\x09\0\0\0\x09\0\0\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xc3\xa4",
            b"PK\x05\x06\0\0\0\0\x01\0\x01\0\x30\0\0\0\x29\0\0\0\0\0",
        ];
        assert_eq!(zip.finish(), golden.concat());
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut zip = Zip::default();
        assert_eq!(zip.add(&"n".repeat(65_536), b""), Err(ZipError::Name));
        (0..65_534).for_each(|_| zip.add("", b"").unwrap());
        assert_eq!(zip.add("", b""), Err(ZipError::TooMany));
        assert_eq!(Zip::default().finish().len(), 22);
    }
}
