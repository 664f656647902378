//! The progress bar: one part a state.

use cruncher_study::accounting::CaseCounts;

/// A state as the bar and its legend show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateLook {
    /// The name, which is also the end of its css class.
    pub name: &'static str,
    /// Symbol that tells it from others without colour.
    pub symbol: &'static str,
}

/// A part of the bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BarPart {
    pub look: StateLook,
    pub cases: u64,
    /// Its share of the bar's width, in percent.
    pub percent: f64,
}

/// Returns the parts of the bar: done cases first, then those that run or wait, then failed, dead, lost and cancelled ones.
#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 cases")]
#[must_use]
pub fn parts(counts: &CaseCounts) -> [BarPart; 8] {
    [
        ("done", "✓", counts.done),
        ("running", "▶", counts.running),
        ("queued", "○", counts.queued.saturating_sub(counts.unsent)),
        ("unsent", "◌", counts.unsent),
        ("failed", "✕", counts.failed),
        ("dead", "†", counts.dead),
        ("lost", "?", counts.lost),
        ("cancelled", "⊘", counts.cancelled),
    ]
    .map(|(name, symbol, cases)| BarPart {
        look: StateLook { name, symbol },
        cases,
        percent: 100.0 * cases as f64 / counts.cases.max(1) as f64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_fill_the_bar() {
        let counts = CaseCounts {
            cases: 10,
            queued: 3,
            unsent: 2,
            running: 1,
            done: 2,
            empty: 1,
            failed: 1,
            cancelled: 1,
            dead: 1,
            lost: 1,
            withdrawn: 0,
        };
        assert!((parts(&counts).iter().map(|part| part.percent).sum::<f64>() - 100.0).abs() < 1e-9);
        let waiting = parts(&counts).map(|part| (part.look.name, part.cases));
        assert_eq!(waiting[2..4], [("queued", 1), ("unsent", 2)]);
        assert!(parts(&CaseCounts::default()).iter().all(|part| part.percent == 0.0));
    }
}
