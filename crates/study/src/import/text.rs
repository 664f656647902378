//! From bytes to a text.

use std::borrow::Cow;

use super::{ImportError, MAX_BYTES};

/// The text of a table, its lines ended by `\n` alone.
pub(super) fn decode(content: &[u8]) -> Result<Cow<'_, str>, ImportError> {
    if content.len() > MAX_BYTES {
        return Err(ImportError::TooLarge);
    }
    let text = match content {
        [0xff, 0xfe, units @ ..] => Cow::Owned(utf_16(units, u16::from_le_bytes)?),
        [0xfe, 0xff, units @ ..] => Cow::Owned(utf_16(units, u16::from_be_bytes)?),
        [b'P', b'K', 3, 4, ..] | [0xd0, 0xcf, 0x11, 0xe0, ..] => return Err(ImportError::Workbook),
        [0xef, 0xbb, 0xbf, bytes @ ..] | bytes => Cow::Borrowed(utf_8(bytes)?),
    };
    let has_returns = text.contains('\r');
    Ok(if has_returns { Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")) } else { text })
}

fn utf_8(bytes: &[u8]) -> Result<&str, ImportError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let sound = &bytes[..error.valid_up_to()];
        ImportError::NotText { row: sound.split(|byte| *byte == b'\n').count() }
    })
}

fn utf_16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, ImportError> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    text.ok().filter(|_| rest.is_empty()).ok_or(ImportError::NotUtf16)
}
