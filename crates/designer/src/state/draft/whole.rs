//! Whole numbers in the notation in which they are typed.

/// Maximum number of digits of a number with an exponent: more fit into no number here.
const MAX_DIGITS: usize = 40;

/// Returns the digits of a whole number that is written with a point or an exponent: `2e6`, `1.5e3`, `20.0`. `None` if the
/// number isn't whole, or the text is no such number.
pub(super) fn digits(text: &str) -> Option<String> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().ok()?;
    let unsigned = mantissa.strip_prefix(['+', '-']).unwrap_or(mantissa);
    let (whole, decimals) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let all = format!("{whole}{decimals}");
    if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // The number of digits in front of the point once the exponent has moved it.
    let point = i64::try_from(whole.len()).ok()? + i64::from(exponent);
    let significant = all.trim_end_matches('0');
    if significant.is_empty() {
        return Some("0".to_owned());
    }
    let point = usize::try_from(point).ok().filter(|point| (significant.len()..=MAX_DIGITS).contains(point))?;
    let sign = if mantissa.starts_with('-') { "-" } else { "" };
    Some(format!("{sign}{significant:0<point$}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_whole_number_may_have_a_point_or_an_exponent() {
        for (text, expected) in [
            ("2e6", "2000000"),
            ("2E6", "2000000"),
            ("1.5e3", "1500"),
            ("-1.5e+3", "-1500"),
            ("20.0", "20"),
            ("20.", "20"),
            ("0.002e3", "0002"),
            ("1500e-2", "15"),
            ("0e99", "0"),
            ("-0.0", "0"),
            ("12", "12"),
            ("9.223372036854775807e18", "9223372036854775807"),
        ] {
            assert_eq!(digits(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn nothing_is_rounded_to_a_whole_number() {
        for text in [
            "2.5",
            "1.55e1",
            "15e-1",
            "e6",
            "2e",
            "2e6.5",
            "",
            ".",
            "1e99",
            "1,5e3",
            "0x10",
            "2e6 m",
            "--2e6",
            "1e-99999999999",
        ] {
            assert_eq!(digits(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn it_is_the_number_that_python_would_read(whole in -1_000_000..1_000_000_i64, exponent in 0..9_u32) {
            let expected = whole * 10_i64.pow(exponent);
            prop_assert_eq!(digits(&format!("{whole}e{exponent}")).unwrap().parse::<i64>(), Ok(expected));
        }

        #[test]
        fn whatever_is_typed_is_read_or_not(text in "\\PC{0,12}") {
            if let Some(digits) = digits(&text) {
                prop_assert!(digits.parse::<f64>() == text.parse::<f64>());
            }
        }
    }
}
