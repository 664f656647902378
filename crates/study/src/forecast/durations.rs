//! How long cases take, as far as that is known.
//!
//! The share of cases that take longer than some time is estimated from cases that finished and cases that are still running:
//! E. L. Kaplan, P. Meier: Nonparametric estimation from incomplete observations. Journal of the American Statistical
//! Association 53 (1958) 457–481. How far the estimate may be wrong is drawn by giving the cases random weights: D. B. Rubin:
//! The Bayesian bootstrap. Annals of Statistics 9 (1981) 130–134. One case more than was seen counts as longer than all that
//! finished: B. M. Hill: Posterior distribution of percentiles. Journal of the American Statistical Association 63 (1968)
//! 677–691. How much longer is extrapolated by a generalised Pareto distribution of shape ½, whose scale is the mean excess
//! over the threshold of the longest fifth, times a factor of which no more is known than its order of magnitude.

use super::{Lattice, Tail, heap};
use crate::ledger::Finish;

/// A case's weight is 0 with a chance of so much divided by the number of finished cases, or else exponential: with few
/// cases, the scatter is wider by as much as that of Student's distribution.
const FEW: f64 = 3.0;
const MAX_ABSENT: f64 = 0.6;

/// Among how many finished cases, the last ones that were learnt of, the last begun ones are looked for.
const MAX_LOOKED_AT: usize = 10_000;

/// The weight of what wasn't seen isn't 0.
const TINY: f64 = 1e-9;

/// Durations that were seen, and those that are at least so long.
#[derive(Debug)]
pub(super) struct Observed {
    /// Each with whether the case finished; in order, finished ones first.
    cases: Vec<(f64, bool)>,
    finished: usize,
    /// Where the tail begins.
    threshold_secs: f64,
    longest_secs: f64,
}

impl Observed {
    /// The `sample` finished cases that were begun last, and the running ones that were begun since the first of these.
    ///
    /// Chosen by their beginning: by their end, long ones would be missing.
    pub(super) fn of(finishes: &[Finish], elapsed_secs: &[f64], now: f64, sample: usize) -> Self {
        let begun = |finish: &Finish| Some((finish.end_time - finish.duration_secs?, finish.duration_secs?.max(0.0)));
        let begun = || {
            finishes
                .iter()
                .rev()
                .take(MAX_LOOKED_AT)
                .filter_map(begun)
                .filter(|(start, secs)| (start + secs).is_finite())
        };
        let since = nth_latest(begun().map(|(start, _)| start), sample);
        let sampled = begun().filter(|(start, _)| *start >= since).take(2 * sample);
        let mut finished_secs: Vec<f64> = sampled.map(|(_, secs)| secs).collect();
        let mut running_secs: Vec<f64> = elapsed_secs.iter().copied().filter(|secs| now - secs >= since).collect();
        heap::sort(&mut finished_secs);
        heap::sort(&mut running_secs);
        let threshold = finished_secs.len() * 4 / 5;
        Self {
            finished: finished_secs.len(),
            threshold_secs: finished_secs.get(threshold).copied().unwrap_or_default(),
            longest_secs: finished_secs.last().copied().unwrap_or_default(),
            cases: merged(&finished_secs, &running_secs),
        }
    }

    /// How many cases finished.
    pub(super) const fn finished(&self) -> usize {
        self.finished
    }

    /// The longest duration of a finished case.
    pub(super) const fn longest_secs(&self) -> f64 {
        self.longest_secs
    }

    /// How many numbers are drawn for the durations of one play.
    pub(super) const fn numbers(&self) -> usize {
        self.cases.len() + 2
    }

    /// The weight of a case by its stratum.
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    pub(super) fn weights(&self, strata: usize) -> Vec<f64> {
        let present = 1.0 - (FEW / self.finished as f64).min(MAX_ABSENT);
        let fraction = |stratum: usize| (stratum as f64 + 0.5) / strata as f64;
        (0..strata).map(|stratum| libm::log(present / fraction(stratum)).max(0.0)).collect()
    }
}

/// The `count`th of the latest times; earlier than all if there are fewer.
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

/// Both in one order; of equal ones those that finished come first.
fn merged(finished_secs: &[f64], running_secs: &[f64]) -> Vec<(f64, bool)> {
    let mut running = running_secs.iter().peekable();
    let mut cases = Vec::with_capacity(finished_secs.len() + running_secs.len());
    for secs in finished_secs {
        while let Some(shorter) = running.next_if(|elapsed| *elapsed < secs) {
            cases.push((*shorter, false));
        }
        cases.push((*secs, true));
    }
    cases.extend(running.map(|secs| (*secs, false)));
    cases
}

/// A distribution of durations that may be the true one.
#[derive(Debug, Default)]
pub(super) struct Durations {
    /// The durations of finished cases, and the share of cases that take longer than each.
    secs: Vec<f64>,
    shares: Vec<f64>,
    mean_secs: f64,
    /// The scale of the tail.
    scale_secs: f64,
}

impl Durations {
    /// Draws another one.
    pub(super) fn draw(&mut self, observed: &Observed, weights: &[f64], lattice: &mut Lattice, tail: Tail) {
        let beyond = weights[lattice.stratum()] + TINY;
        let odds = lattice.fraction();
        let own: Vec<f64> = observed.cases.iter().map(|_| weights[lattice.stratum()]).collect();
        let factor = if tail == Tail::None { 0.0 } else { (odds / (1.0 - odds)).sqrt() };
        self.estimate(observed, &own, beyond);
        self.scale_secs = factor * mean_excess(observed, &own) / 2.0;
        self.mean_secs += self.unseen_share() * (observed.longest_secs + 2.0 * self.scale_secs);
    }

    /// The estimate of Kaplan and Meier; `beyond` is the weight of what is longer than all.
    fn estimate(&mut self, observed: &Observed, weights: &[f64], beyond: f64) {
        self.secs.clear();
        self.shares.clear();
        self.mean_secs = 0.0;
        let mut at_risk = weights.iter().sum::<f64>() + beyond;
        let mut share = 1.0;
        for ((secs, is_finished), weight) in observed.cases.iter().zip(weights) {
            if *is_finished {
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

    /// The duration that a share of the cases exceeds.
    pub(super) fn exceeded_by(&self, share: f64) -> f64 {
        let index = self.shares.partition_point(|longer| *longer >= share);
        if let Some(seen) = self.secs.get(index) {
            return *seen;
        }
        let is_last = self.scale_secs == 0.0;
        let excess = if is_last { 0.0 } else { 2.0 * self.scale_secs * ((self.unseen_share() / share).sqrt() - 1.0) };
        self.longest_secs() + excess
    }

    /// The share of the cases that exceeds a duration.
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

/// By how much cases exceed the threshold of the tail, on average, if they do.
fn mean_excess(observed: &Observed, weights: &[f64]) -> f64 {
    let (mut excess, mut ends) = (TINY, TINY);
    let weighted = observed.cases.iter().zip(weights);
    for ((secs, is_finished), weight) in weighted.filter(|((secs, _), _)| *secs >= observed.threshold_secs) {
        excess += weight * (secs - observed.threshold_secs);
        if *is_finished {
            ends += weight;
        }
    }
    excess / ends
}
