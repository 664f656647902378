//! Attempts of a case as they are listed, with what no row tells in between.

use cruncher_results::store::CaseAttempt;

/// Line of the list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum AttemptLine {
    /// The attempt at this place.
    Ended(usize),
    /// The attempts with these numbers ended without a row: their workers vanished.
    Vanished(u32, u32),
    /// Attempts are counted anew from here on.
    SentAgain,
}

/// Returns the lines for attempts in the order in which they ended.
pub(crate) fn lines(attempts: &[CaseAttempt<'_>]) -> Vec<AttemptLine> {
    let mut lines = Vec::new();
    let mut before = 0;
    for (place, attempt) in attempts.iter().enumerate() {
        let number = attempt.number;
        if number > 0 {
            if number <= before {
                lines.push(AttemptLine::SentAgain);
                before = 0;
            }
            if number > before + 1 {
                lines.push(AttemptLine::Vanished(before + 1, number - 1));
            }
            before = number;
        }
        lines.push(AttemptLine::Ended(place));
    }
    lines
}

/// Returns the end of an attempt in words. `is_open` if it is the last one, and the case is still to be computed.
pub(crate) const fn ending(attempt: &CaseAttempt<'_>, is_last: bool, is_open: bool) -> &'static str {
    match (attempt.is_done, attempt.is_final) {
        (true, _) => "✓ done",
        (false, true) => "✕ failed, no attempt left",
        (false, false) if is_last && is_open => "✕ failed, is tried again",
        (false, false) if is_last => "✕ failed",
        (false, false) => "✕ failed, tried again",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(number: u32) -> CaseAttempt<'static> {
        let (worker, error) = ("w", "E");
        CaseAttempt { number, worker, start_time: 0.0, end_time: 0.0, is_done: false, is_final: false, error }
    }

    fn check(numbers: &[u32], expected: &str) {
        let attempts: Vec<_> = numbers.iter().map(|number| attempt(*number)).collect();
        let word = |line: &AttemptLine| match line {
            AttemptLine::Ended(place) => numbers[*place].to_string(),
            AttemptLine::Vanished(first, last) => format!("({first}-{last})"),
            AttemptLine::SentAgain => "again".to_owned(),
        };
        let told: Vec<String> = lines(&attempts).iter().map(word).collect();
        assert_eq!(told.join(" "), expected);
    }

    #[test]
    fn what_left_no_row_and_what_was_sent_again_is_said() {
        check(&[], "");
        check(&[1], "1");
        check(&[1, 2, 3], "1 2 3");
        check(&[2, 5], "(1-1) 2 (3-4) 5");
        check(&[1, 2, 1], "1 2 again 1");
        check(&[1, 1, 3], "1 again 1 (2-2) 3");
        check(&[0, 1, 0, 2], "0 1 0 2");
    }

    #[test]
    fn an_attempt_says_whether_another_one_followed() {
        let (failed, last) = (attempt(1), CaseAttempt { is_final: true, ..attempt(2) });
        let done = CaseAttempt { is_done: true, ..attempt(3) };
        for (attempt, is_last, is_open, expected) in [
            (failed, false, false, "✕ failed, tried again"),
            (failed, true, true, "✕ failed, is tried again"),
            (failed, true, false, "✕ failed"),
            (last, true, false, "✕ failed, no attempt left"),
            (done, false, false, "✓ done"),
        ] {
            assert_eq!(ending(&attempt, is_last, is_open), expected);
        }
    }
}
