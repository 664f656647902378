//! Decoding of a file's bytes.

use std::borrow::Cow;

use super::{ImportError, MAX_BYTES};

/// The encoding of a text, or another format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf16LittleEndian,
    Utf16BigEndian,
    Utf32,
    Workbook,
}

/// Returns the text of a file, its lines ended by `\n` alone. It is UTF-8 or UTF-16, with a byte order mark or without.
pub(super) fn decode(content: &[u8]) -> Result<Cow<'_, str>, ImportError> {
    if content.len() > MAX_BYTES {
        return Err(ImportError::TooLarge);
    }
    let (encoding, bytes) = encoding(content);
    let text = match encoding {
        Encoding::Utf8 => Cow::Borrowed(utf_8(bytes)?),
        Encoding::Utf16LittleEndian => Cow::Owned(utf_16(bytes, u16::from_le_bytes)?),
        Encoding::Utf16BigEndian => Cow::Owned(utf_16(bytes, u16::from_be_bytes)?),
        Encoding::Utf32 => return Err(ImportError::Utf32),
        Encoding::Workbook => return Err(ImportError::Workbook),
    };
    if let Some(place) = text.find('\0') {
        return Err(ImportError::NotText { row: row_at(&text.as_bytes()[..place]) });
    }
    let has_returns = text.contains('\r');
    Ok(if has_returns { Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")) } else { text })
}

/// Returns the encoding, and the bytes behind the byte order mark. Without a mark, zeros tell: tables and designs begin with
/// letters of ASCII.
fn encoding(content: &[u8]) -> (Encoding, &[u8]) {
    match content {
        [0xff, 0xfe, 0, 0, bytes @ ..] | [0, 0, 0xfe, 0xff, bytes @ ..] => (Encoding::Utf32, bytes),
        [0xff, 0xfe, bytes @ ..] => (Encoding::Utf16LittleEndian, bytes),
        [0xfe, 0xff, bytes @ ..] => (Encoding::Utf16BigEndian, bytes),
        [0xef, 0xbb, 0xbf, bytes @ ..] => (Encoding::Utf8, bytes),
        [b'P', b'K', 3, 4, ..] | [0xd0, 0xcf, 0x11, 0xe0, ..] => (Encoding::Workbook, content),
        [0, 0, 0, 1..=255, ..] | [1..=255, 0, 0, 0, ..] => (Encoding::Utf32, content),
        [1..=255, 0, ..] => (Encoding::Utf16LittleEndian, content),
        [0, 1..=255, ..] => (Encoding::Utf16BigEndian, content),
        _ => (Encoding::Utf8, content),
    }
}

fn utf_8(bytes: &[u8]) -> Result<&str, ImportError> {
    std::str::from_utf8(bytes).map_err(|error| ImportError::NotText { row: row_at(&bytes[..error.valid_up_to()]) })
}

/// The number of the row that begins or goes on behind these bytes.
fn row_at(before: &[u8]) -> usize {
    before.split(|byte| *byte == b'\n').count()
}

fn utf_16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, ImportError> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    text.ok().filter(|_| rest.is_empty()).ok_or(ImportError::NotUtf16)
}
