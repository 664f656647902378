//! Durations of cases, as far as they are known.
//!
//! The share of cases that take longer than some time is estimated from cases that finished and cases that are still running:
//! E. L. Kaplan, P. Meier: Nonparametric estimation from incomplete observations. Journal of the American Statistical
//! Association 53 (1958) 457–481. The error of the estimate is drawn by giving the cases random weights: D. B. Rubin: The
//! Bayesian bootstrap. Annals of Statistics 9 (1981) 130–134. One case more than was seen counts as longer than all that
//! finished: B. M. Hill: Posterior distribution of percentiles. Journal of the American Statistical Association 63 (1968)
//! 677–691. Its excess is extrapolated by a generalised Pareto distribution of shape ½, whose scale is the mean excess over the
//! threshold of the longest fifth, times a factor of which only the order of magnitude is known.

use super::{Lattice, Tail, heap};
use crate::ledger::CaseFinish;

/// The chance that a case's weight is 0, instead of exponential, is this divided by the number of finished cases, and limited
/// by the second constant: with few cases, the scatter is wider by as much as that of Student's distribution.
const FEW: f64 = 3.0;
const MAX_ABSENT: f64 = 0.6;

/// Number of finished cases with which half as many plays lie outside of the range as with very many.
const UNSEEN: f64 = 16.0;

/// Number of finished cases, the last ones that were learnt of, among which the cases that were begun last are looked for.
const MAX_LOOKED_AT: usize = 10_000;

/// Minimum weight of durations that weren't seen: it isn't 0.
const TINY: f64 = 1e-9;

/// Durations that were seen, and those of running cases, which are lower limits.
#[derive(Debug)]
pub(super) struct ObservedDurations {
    /// Durations of finished and of running cases, in order: see [`is_finished`].
    cases: Vec<f64>,
    finished: usize,
    /// The beginning of the tail.
    threshold_secs: f64,
    longest_secs: f64,
}

/// Whether a duration is that of a case that finished. Its last bit is the mark: so both kinds are sorted at once, and finished
/// cases come before running ones of the same duration.
const fn is_finished(secs: f64) -> bool {
    secs.to_bits() & 1 == 0
}

const fn finished(secs: f64) -> f64 {
    f64::from_bits(secs.to_bits() & !1)
}

const fn running(secs: f64) -> f64 {
    f64::from_bits(secs.to_bits() | 1)
}

impl ObservedDurations {
    /// Takes the `sample` finished cases that were begun last, and the running ones that were begun since the first of these.
    ///
    /// Cases are chosen by their beginning: if they were chosen by their end, long ones would be missing.
    pub(super) fn of(finishes: &[CaseFinish], elapsed_secs: &[f64], now: f64, sample: usize) -> Self {
        let begun =
            |finish: &CaseFinish| Some((finish.end_time - finish.duration_secs?, finish.duration_secs?.max(0.0)));
        let begun = || {
            finishes
                .iter()
                .rev()
                .take(MAX_LOOKED_AT)
                .filter_map(begun)
                .filter(|(start, secs)| (start + secs).is_finite())
        };
        let since = nth_latest(begun().map(|(start, _)| start), sample);
        let sampled = begun().filter(|(start, _)| *start >= since).take(2 * sample).map(|(_, secs)| finished(secs));
        let going_on = elapsed_secs.iter().filter(|secs| now - **secs >= since).map(|secs| running(*secs));
        let mut cases: Vec<f64> = sampled.chain(going_on).collect();
        heap::sort(&mut cases);
        let ended = || cases.iter().copied().filter(|secs| is_finished(*secs));
        let count = ended().count();
        Self {
            threshold_secs: ended().nth(count * 4 / 5).unwrap_or_default(),
            longest_secs: ended().next_back().unwrap_or_default(),
            finished: count,
            cases,
        }
    }

    /// Number of cases that finished.
    pub(super) const fn finished(&self) -> usize {
        self.finished
    }

    /// The longest duration of a finished case.
    pub(super) const fn longest_secs(&self) -> f64 {
        self.longest_secs
    }

    /// Share of plays that end before the range, and of those that end behind it: a twentieth, and less if few cases finished.
    /// Few cases don't show the whole true distribution, so the plays don't either, as the simulations of the tests tell.
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    pub(super) fn share_outside(&self) -> f64 {
        let finished = self.finished as f64;
        0.05 * finished / (finished + UNSEEN)
    }

    /// Count of the numbers that are drawn for the durations of one play.
    pub(super) const fn numbers(&self) -> usize {
        self.cases.len() + 2
    }

    /// Returns the weight of a case by its stratum: 0, or the mean of an exponential number in that stratum (I. R. Savage:
    /// Contributions to the theory of rank order statistics. Annals of Mathematical Statistics 27 (1956) 590–615).
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a few hundred"
    )]
    pub(super) fn weights(&self, strata: usize) -> Vec<f64> {
        let absent = (strata as f64 * (FEW / self.finished as f64).min(MAX_ABSENT)) as usize;
        let mut weight = 0.0;
        let next = |left: usize| {
            weight += 1.0 / left as f64;
            weight
        };
        std::iter::repeat_n(0.0, absent).chain((1..=strata - absent).rev().map(next)).collect()
    }
}

/// Returns the `count`th of the latest times; earlier than all if there are fewer.
fn nth_latest(times: impl Iterator<Item = f64>, count: usize) -> f64 {
    let mut latest = vec![f64::NEG_INFINITY; count];
    for time in times {
        if time > latest[0] {
            latest[0] = time;
            heap::sink(&mut latest);
        }
    }
    latest[0]
}

/// A distribution of durations that may be the true one.
#[derive(Debug, Default)]
pub(super) struct DurationDistribution {
    /// The durations of finished cases, and the share of cases that take longer than each.
    secs: Vec<f64>,
    shares: Vec<f64>,
    mean_secs: f64,
    /// The scale of the tail.
    scale_secs: f64,
}

impl DurationDistribution {
    /// Draws another distribution.
    pub(super) fn draw(&mut self, observed: &ObservedDurations, weights: &[f64], lattice: &mut Lattice, tail: Tail) {
        let beyond = weights[lattice.stratum()] + TINY;
        let odds = lattice.fraction();
        let own: Vec<f64> = observed.cases.iter().map(|_| weights[lattice.stratum()]).collect();
        let factor = if tail == Tail::None { 0.0 } else { (odds / (1.0 - odds)).sqrt() };
        self.estimate(observed, &own, beyond);
        self.scale_secs = factor * mean_excess(observed, &own) / 2.0;
        self.mean_secs += self.unseen_share() * (observed.longest_secs + 2.0 * self.scale_secs);
    }

    /// Makes the estimate of Kaplan and Meier; `beyond` is the weight of durations longer than all that were seen.
    fn estimate(&mut self, observed: &ObservedDurations, weights: &[f64], beyond: f64) {
        self.secs.clear();
        self.shares.clear();
        self.mean_secs = 0.0;
        let mut at_risk = weights.iter().sum::<f64>() + beyond;
        let mut share = 1.0;
        for (secs, weight) in observed.cases.iter().zip(weights) {
            if is_finished(*secs) {
                let longer = share * (1.0 - weight / at_risk).max(0.0);
                self.mean_secs += (share - longer) * secs;
                share = longer;
                self.secs.push(*secs);
                self.shares.push(share);
            }
            at_risk -= weight;
        }
    }

    /// The share of cases that take longer than all that finished.
    fn unseen_share(&self) -> f64 {
        self.shares.last().copied().unwrap_or(1.0)
    }

    fn longest_secs(&self) -> f64 {
        self.secs.last().copied().unwrap_or_default()
    }

    pub(super) const fn mean_secs(&self) -> f64 {
        self.mean_secs
    }

    /// Returns the duration that a share of the cases exceeds.
    pub(super) fn exceeded_by(&self, share: f64) -> f64 {
        let index = self.shares.partition_point(|longer| *longer >= share);
        if let Some(seen) = self.secs.get(index) {
            return *seen;
        }
        let is_last = self.scale_secs == 0.0;
        let excess = if is_last { 0.0 } else { 2.0 * self.scale_secs * ((self.unseen_share() / share).sqrt() - 1.0) };
        self.longest_secs() + excess
    }

    /// Returns the share of the cases that exceeds a duration.
    pub(super) fn share_beyond(&self, secs: f64) -> f64 {
        let excess = secs - self.longest_secs();
        if excess > 0.0 {
            let root = 1.0 + excess / (2.0 * self.scale_secs);
            return self.unseen_share() / (root * root);
        }
        let index = self.secs.partition_point(|seen| *seen <= secs);
        index.checked_sub(1).map_or(1.0, |before| self.shares[before])
    }

    /// Whether a case takes longer than all that finished.
    pub(super) fn is_unseen(&self, secs: f64) -> bool {
        secs > self.longest_secs()
    }
}

/// Mean excess over the threshold of the tail, of cases that exceed it.
fn mean_excess(observed: &ObservedDurations, weights: &[f64]) -> f64 {
    let (mut excess, mut ends) = (TINY, TINY);
    for (secs, weight) in observed.cases.iter().zip(weights).filter(|(secs, _)| **secs >= observed.threshold_secs) {
        excess += weight * (secs - observed.threshold_secs);
        if is_finished(*secs) {
            ends += weight;
        }
    }
    excess / ends
}
