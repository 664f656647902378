//! Sizes and names from outside, as they are shown.

use cruncher_study::number_format::{counted, significant};

/// Returns a number of bytes in words: `512 bytes`, `1.5 KiB`.
#[expect(clippy::cast_precision_loss, reason = "three digits of it are shown")]
pub(crate) fn size(bytes: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1 << 10 {
        return counted(bytes, "byte", "bytes");
    }
    let place = (1..units.len()).take_while(|place| bytes >> (10 * (place + 1)) > 0).count();
    let number = bytes as f64 / 1024_f64.powi(i32::try_from(place).unwrap_or(0) + 1);
    let rounded = if number < 100.0 { (number * 10.0).round() / 10.0 } else { number.round() };
    format!("{} {}", significant(rounded), units[place])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_at_a_glance() {
        for (bytes, words) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (1_023, "1,023 bytes"),
            (1_024, "1 KiB"),
            (1_536, "1.5 KiB"),
            (300 << 10, "300 KiB"),
            (5 << 20, "5 MiB"),
            (3 << 30, "3 GiB"),
            (7 << 40, "7 TiB"),
            (2_000 << 40, "2000 TiB"),
        ] {
            assert_eq!(size(bytes), words);
        }
    }
}
