//! Masking: what lies in a storage is of no use without a seed that lies elsewhere.
//!
//! A browser's storage only appends: what was removed from it stays on the disk for a while. So the text that lies there is masked, and the
//! seed, which a browser really deletes, is what is forgotten.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// Number of bytes of a seed, and of the number that tells texts with the same seed apart.
pub const SEED_BYTES: usize = 16;

/// Masks a text with the stream that SHA-256 makes of seed, nonce and a counter: it is as long as the text, and as hard to guess as the
/// seed. No two texts may have the same seed and nonce.
#[must_use]
pub fn mask(text: &str, seed: &[u8], nonce: &[u8; SEED_BYTES]) -> String {
    let mut masked = text.as_bytes().to_vec();
    apply(&mut masked, seed, nonce);
    hex(nonce) + &hex(&masked)
}

/// Reads what [`mask`] has made with this seed; `None` if it is something else. Another seed gives another text, or none.
#[must_use]
pub fn unmask(masked: &str, seed: &[u8]) -> Option<String> {
    let bytes = from_hex(masked)?;
    let (nonce, text) = bytes.split_first_chunk::<SEED_BYTES>()?;
    let mut text = text.to_vec();
    apply(&mut text, seed, nonce);
    String::from_utf8(text).ok()
}

fn apply(bytes: &mut [u8], seed: &[u8], nonce: &[u8; SEED_BYTES]) {
    for (counter, block) in (0_u32..).zip(bytes.chunks_mut(32)) {
        let stream =
            Sha256::new().chain_update(seed).chain_update(nonce).chain_update(counter.to_be_bytes()).finalize();
        block.iter_mut().zip(stream).for_each(|(byte, mask)| *byte ^= mask);
    }
}

/// Writes bytes as hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        // Writing to a string can't fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

/// Reads what [`hex`] has written; `None` if it is something else.
#[must_use]
pub fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let value = |digit: &u8| char::from(*digit).to_digit(16);
    let byte = |pair: &[u8]| u8::try_from(value(pair.first()?)? * 16 + value(pair.get(1)?)?).ok();
    digits.as_bytes().chunks(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_text_is_read_with_its_seed_alone() {
        let (seed, nonce) = ([7; SEED_BYTES], [9; SEED_BYTES]);
        for text in ["", "ä", &"{\"secret\": \"x\"}".repeat(20)] {
            let masked = mask(text, &seed, &nonce);
            assert_eq!(unmask(&masked, &seed).as_deref(), Some(text));
            assert!(text.is_empty() || unmask(&masked, &[8; SEED_BYTES]).as_deref() != Some(text));
            assert!(
                text.is_empty() || mask(text, &seed, &[8; SEED_BYTES])[2 * SEED_BYTES..] != masked[2 * SEED_BYTES..]
            );
        }
        // The same by another implementation: SHA-256 of 16 sevens, 16 nines and four noughts begins so.
        let stream = &Sha256::digest([&seed[..], &nonce, &[0; 4]].concat())[..3];
        assert_eq!(mask("\0\0\0", &seed, &nonce)[2 * SEED_BYTES..], hex(stream));
        for odd in ["", "0", "zz", "{\"key\"", "00ff", "ä"] {
            assert_eq!(unmask(odd, &seed), None, "{odd}");
        }
    }
}
