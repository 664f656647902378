//! Forecast of the time when a study will be finished.
//!
//! The rest of the study is played through many times: its workers take one open case after the other, each the one that is
//! free first (list scheduling: R. L. Graham: Bounds for certain multiprocessing anomalies. Bell System Technical Journal 45
//! (1966) 1563–1581). The durations of cases follow from those that finished and from those that are still running, which count
//! as longer than their time up to now: `durations.rs`.

mod durations;
mod heap;
mod schedule;

use crate::heartbeat::{Heartbeat, WorkerState};
use crate::ledger::CaseFinish;
use durations::{DurationDistribution, ObservedDurations};
use schedule::{blocks, last_end};

/// Minimum number of durations for a forecast.
pub const MIN_FINISHED: usize = 3;

/// Minimum number of durations for a range: with fewer, their scatter isn't known.
const MIN_FINISHED_FOR_RANGE: usize = 8;

/// Size of the sample of cases that were begun last: its minimum, its part for each running case, and its maximum.
const MIN_SAMPLE: usize = 160;
const SAMPLE_PER_WORKER: usize = 4;
const MAX_SAMPLE: usize = 600;

/// Numbers of plays: prime numbers, one less than a multiple of 20, so that a twentieth of all ends lies on each side of the
/// range if many cases finished.
const DRAWS: [usize; 5] = [199, 139, 79, 59, 19];

/// Maximum count of the numbers that are drawn in all, which takes a millisecond or two in a browser.
const MAX_NUMBERS: usize = 40_000;

/// Maximum share of plays in which the last case to end is longer than any that has finished: above it the end can't be known.
const MAX_UNSEEN: f64 = 0.9;

/// Maximum ratio between the upper end of a range and its middle: a wider range says nothing.
const MAX_STRETCH: f64 = 30.0;

/// Ratio between the time of a running case and the longest duration of a finished one above which the case is of another kind.
const STRANGE: f64 = 3.0;

/// Minimum age of a heartbeat, in seconds, whose case is taken to be still running: otherwise there would be a new heartbeat.
const SETTLED_SECS: f64 = 10.0;

/// Time until the open cases are finished, in seconds from now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forecast {
    /// The lower end: if there is an upper one, 5 % of the plays end before it, fewer if few cases finished; without an upper
    /// end, a tenth of the plays end before it even if no case takes longer than the longest that has finished.
    pub least_secs: f64,
    /// The upper end, which as many plays exceed. `None` if it can't be known: the last cases run, or may run, longer than any
    /// that has finished.
    pub most_secs: Option<f64>,
}

/// The known durations of a study's cases, and its workers.
#[derive(Debug)]
pub struct ForecastBasis {
    /// Time for which each running case has been running, in seconds.
    elapsed_secs: Vec<f64>,
    workers: u64,
    observed: ObservedDurations,
}

impl ForecastBasis {
    /// Gathers the durations of finished cases and of cases in heartbeats at `now`, in seconds since 1970.
    #[must_use]
    pub fn of(finishes: &[CaseFinish], heartbeats: &[Heartbeat], now: f64) -> Self {
        let takes_cases = |heartbeat: &&Heartbeat| heartbeat.is_alive(now) && heartbeat.state != WorkerState::Resting;
        let alive = || heartbeats.iter().filter(takes_cases);
        let elapsed_secs: Vec<f64> = alive().filter_map(|heartbeat| elapsed_secs(heartbeat, now)).collect();
        let sample = (SAMPLE_PER_WORKER * elapsed_secs.len()).clamp(MIN_SAMPLE, MAX_SAMPLE);
        Self {
            observed: ObservedDurations::of(finishes, &elapsed_secs, now, sample),
            elapsed_secs,
            workers: alive().count() as u64,
        }
    }

    /// Returns the number of workers that take cases.
    #[must_use]
    pub const fn workers(&self) -> u64 {
        self.workers
    }

    /// Returns the number of finished cases whose durations are known, as far as they are looked at.
    #[must_use]
    pub fn finished(&self) -> usize {
        self.observed.finished()
    }

    /// Returns the time that the workers and `more_workers` others need for `open` cases. The same for the same arguments.
    ///
    /// With a chance of nine in ten the end lies in the range, if the cases are of one kind, their order has nothing to do with
    /// their durations, and the workers stay. `None` without a worker, an open case or three durations.
    #[must_use]
    pub fn forecast(&self, open: u64, more_workers: u64) -> Option<Forecast> {
        let workers = (self.workers + more_workers).min(open);
        if self.observed.finished() < MIN_FINISHED || workers == 0 {
            return None;
        }
        let running = &self.elapsed_secs[..self.elapsed_secs.len().min(length(workers))];
        let rest = Rest { running, workers: length(workers), blocks: blocks(open - running.len() as u64, workers) };
        let plays = self.play(&rest, Tail::Extrapolated);
        let outside = self.observed.share_outside();
        let [least_secs, middle_secs, most_secs] = [outside, 0.5, 1.0 - outside].map(|share| plays.quantile(share));
        let is_known = self.observed.finished() >= MIN_FINISHED_FOR_RANGE
            && plays.unseen <= MAX_UNSEEN
            && !running.iter().any(|elapsed_secs| *elapsed_secs > STRANGE * self.observed.longest_secs())
            && most_secs <= MAX_STRETCH * middle_secs;
        Some(if is_known {
            Forecast { least_secs, most_secs: Some(most_secs) }
        } else {
            Forecast { least_secs: self.play(&rest, Tail::None).quantile(0.1), most_secs: None }
        })
    }

    /// Plays the rest of the study through.
    ///
    /// The numbers that are drawn for one and the same purpose come, over all plays, from as many equal strata, one from each:
    /// a lattice rule with random strides and shifts, as of R. Cranley, T. N. L. Patterson: Randomization of number theoretic
    /// methods for multiple integration. SIAM Journal on Numerical Analysis 13 (1976) 904–914.
    #[expect(clippy::cast_precision_loss, reason = "a few hundred plays")]
    fn play(&self, rest: &Rest, tail: Tail) -> Plays {
        let numbers = self.observed.numbers() + rest.running.len() + rest.blocks.len();
        let draws = DRAWS.into_iter().find(|draws| draws * numbers <= MAX_NUMBERS).unwrap_or(DRAWS[4]);
        let mut lattice = Lattice::new(numbers, draws);
        let weights = self.observed.weights(draws);
        let mut durations = DurationDistribution::default();
        let mut plays = Plays { ends_secs: Vec::with_capacity(draws), unseen: 0.0 };
        for _ in 0..draws {
            lattice.begin_play();
            durations.draw(&self.observed, &weights, &mut lattice, tail);
            let end = last_end(rest, &durations, &mut lattice);
            plays.ends_secs.push(end.secs);
            plays.unseen += f64::from(u8::from(end.is_unseen)) / draws as f64;
        }
        heap::sort(&mut plays.ends_secs);
        plays
    }
}

/// Minimum time for which the case in a worker's hands has been running. A young heartbeat may name a case that has ended
/// since. A worker whose case is known to have ended, and that says nothing for a while, has been running another one.
fn elapsed_secs(heartbeat: &Heartbeat, now: f64) -> Option<f64> {
    if heartbeat.state != WorkerState::Running {
        return None;
    }
    let is_settled = now - heartbeat.time > SETTLED_SECS;
    let elapsed_secs = match &heartbeat.case {
        Some(case) => (if is_settled { now } else { heartbeat.time }) - case.start_time,
        None => is_settled.then_some(now - heartbeat.time)?,
    };
    Some(elapsed_secs.max(0.0))
}

/// The rest of a study.
struct Rest<'a> {
    /// Time for which each running case has been running, in seconds.
    running: &'a [f64],
    workers: usize,
    /// The queued cases, as sizes of blocks.
    blocks: Vec<u64>,
}

/// Assumption about durations beyond the longest of a finished case.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Tail {
    /// There are none: a case that has run for longer ends now.
    None,
    /// They go on as the longest fifth of all suggests, times a random factor.
    Extrapolated,
}

struct Plays {
    /// Ends of the plays, in order.
    ends_secs: Vec<f64>,
    /// Share of plays whose last case is longer than any that has finished.
    unseen: f64,
}

impl Plays {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a rank among a few hundred"
    )]
    fn quantile(&self, share: f64) -> f64 {
        let rank = (share * (self.ends_secs.len() + 1) as f64).round() as usize;
        self.ends_secs[rank.clamp(1, self.ends_secs.len()) - 1]
    }
}

/// The numbers of one play after the other.
struct Lattice {
    draws: usize,
    strata: Vec<Stratum>,
    /// Count of the numbers of this play that were drawn.
    drawn: usize,
}

/// The stratum that a number comes from, and the stride to its stratum in the next play: after `draws` plays, a prime number,
/// each stratum was met once.
struct Stratum {
    place: usize,
    stride: usize,
}

impl Lattice {
    fn new(numbers: usize, draws: usize) -> Self {
        let strata = (0..numbers).map(|number| {
            let [place, stride] = [2 * number, 2 * number + 1].map(mixed);
            Stratum { place: place % draws, stride: 1 + stride % (draws - 1) }
        });
        Self { draws, strata: strata.collect(), drawn: 0 }
    }

    fn begin_play(&mut self) {
        self.drawn = 0;
    }

    /// Returns the stratum of the next number.
    // Called from several places: inlined, the code would be in the first view as many times.
    #[inline(never)]
    fn stratum(&mut self) -> usize {
        let Some(stratum) = self.strata.get_mut(self.drawn) else { return self.draws / 2 };
        self.drawn += 1;
        let place = stratum.place;
        stratum.place += stratum.stride;
        if stratum.place >= self.draws {
            stratum.place -= self.draws;
        }
        place
    }

    /// Returns the next number, from 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "a few hundred strata")]
    fn fraction(&mut self) -> f64 {
        (self.stratum() as f64 + 0.5) / self.draws as f64
    }
}

/// Returns a number whose bits all depend on all bits of `number`, the same on every platform: the finaliser of `MurmurHash3`
/// (A. Appleby, 2011). A generator of random numbers would be a larger part of the first view.
#[expect(clippy::cast_possible_truncation, reason = "32 bits are enough for as many numbers as there may be")]
const fn mixed(number: usize) -> usize {
    let number = (number as u32).wrapping_add(0x9e37_79b9);
    let number = (number ^ (number >> 16)).wrapping_mul(0x85eb_ca6b);
    let number = (number ^ (number >> 13)).wrapping_mul(0xc2b2_ae35);
    (number ^ (number >> 16)) as usize
}

fn length(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

#[cfg(test)]
#[path = "forecast/tests.rs"]
mod tests;
