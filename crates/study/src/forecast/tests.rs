use cruncher_sampling::random;
use proptest::prelude::*;

use super::*;
use crate::heartbeat::{RunningCase, WorkerCounts};

fn heartbeat(worker: usize, running_since: Option<f64>, now: f64) -> Heartbeat {
    let case = running_since.map(|start_time| RunningCase {
        case_id: crate::case::CaseId::default(),
        batch: crate::batch::Batch::parse("b").unwrap(),
        level: 0,
        attempt: 1,
        start_time,
        progress: None,
        progress_text: None,
    });
    Heartbeat {
        worker: worker.to_string(),
        host: "node".into(),
        version: String::new(),
        start_time: 0.0,
        time: now,
        state: if case.is_some() { WorkerState::Running } else { WorkerState::Waiting },
        case,
        counts: WorkerCounts::default(),
        median_secs: None,
        message: None,
        traceback: None,
        lease_secs: None,
        max_silence_secs: None,
        key_id: None,
        key_retired: false,
        pool: None,
    }
}

fn finishes(durations: &[f64]) -> Vec<CaseFinish> {
    durations.iter().map(|secs| CaseFinish { end_time: 1_000.0, duration_secs: Some(*secs) }).collect()
}

/// The forecast after cases of these durations, with workers that have just begun a case.
fn forecast(durations: &[f64], open: u64, workers: usize) -> Option<Forecast> {
    let heartbeats: Vec<Heartbeat> = (0..workers).map(|worker| heartbeat(worker, Some(1_000.0), 1_000.0)).collect();
    ForecastBasis::of(&finishes(durations), &heartbeats, 1_000.0).forecast(open, 0)
}

#[test]
fn a_worker_that_says_nothing_makes_the_end_unknown() {
    let finishes = finishes(&[0.5; 40]);
    let end = |silent_secs| {
        let silent = Heartbeat { state: WorkerState::Running, ..heartbeat(0, None, 1_000.0 - silent_secs) };
        let heartbeats = [silent, heartbeat(1, None, 1_000.0)];
        ForecastBasis::of(&finishes, &heartbeats, 1_000.0).forecast(1, 0).unwrap().most_secs
    };
    assert!(end(5.0).is_some(), "the case that it named has ended, the next heartbeat comes soon");
    assert_eq!(end(30.0), None);
}

/// A study of cases whose durations are known, worked off by list scheduling.
struct Study {
    cases: Vec<(f64, f64)>,
    workers: usize,
}

impl Study {
    fn of(durations: impl Iterator<Item = f64>, workers: usize) -> Self {
        let mut free = vec![0.0_f64; workers];
        let mut start = |secs: f64| {
            let first = free.iter_mut().min_by(|one, other| one.total_cmp(other)).unwrap();
            let begun = *first;
            *first += secs;
            (begun, *first)
        };
        Self { cases: durations.map(&mut start).collect(), workers }
    }

    fn end(&self) -> f64 {
        self.cases.iter().map(|(_, end)| *end).fold(0.0, f64::max)
    }

    /// Returns the first time, a multiple of `pause`, at which this many tenths of the cases have finished.
    fn time_of(&self, tenths: usize, pause: f64) -> f64 {
        let mut ends: Vec<f64> = self.cases.iter().map(|(_, end)| *end).collect();
        ends.sort_unstable_by(f64::total_cmp);
        (ends[tenths * ends.len() / 10 - 1] / pause).ceil() * pause
    }

    fn forecast(&self, now: f64) -> Option<Forecast> {
        let done = self.cases.iter().filter(|(_, end)| *end <= now);
        let finishes: Vec<CaseFinish> =
            done.map(|(start, end)| CaseFinish { end_time: *end, duration_secs: Some(end - start) }).collect();
        let running = self.cases.iter().filter(|(start, end)| *start <= now && *end > now);
        let mut heartbeats: Vec<Heartbeat> =
            running.enumerate().map(|(worker, (start, _))| heartbeat(worker, Some(*start), now)).collect();
        heartbeats.extend((heartbeats.len()..self.workers).map(|worker| heartbeat(worker, None, now)));
        ForecastBasis::of(&finishes, &heartbeats, now).forecast((self.cases.len() - finishes.len()) as u64, 0)
    }
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Steady,
    Exponential,
    Lognormal,
}

/// Draws durations around 10 s.
fn durations(kind: Kind, count: usize, seed: u64) -> Vec<f64> {
    let uniform = random(2, count, seed, 0);
    let one = |(first, second): (&f64, &f64)| {
        let exponential = -(1.0 - first).ln();
        let normal = (2.0 * exponential).sqrt() * (std::f64::consts::TAU * second).cos();
        match kind {
            Kind::Steady => 10.0 * (1.0 + 0.05 * normal),
            Kind::Exponential => 10.0 * exponential,
            Kind::Lognormal => 10.0 * normal.exp(),
        }
    };
    uniform.column(0).iter().zip(uniform.column(1)).map(one).collect()
}

/// Numbers of forecasts, and of those that were right: ranges, and forecasts without an upper end.
#[derive(Debug, Default)]
struct Coverage {
    ranges: f64,
    right_ranges: f64,
    bounds: f64,
    right_bounds: f64,
}

impl Coverage {
    fn note(&mut self, forecast: Forecast, rest_secs: f64) {
        let is_right = f64::from(u8::from(
            forecast.least_secs <= rest_secs && forecast.most_secs.is_none_or(|most_secs| rest_secs <= most_secs),
        ));
        let is_range = f64::from(u8::from(forecast.most_secs.is_some()));
        self.ranges += is_range;
        self.right_ranges += is_range * is_right;
        self.bounds += 1.0 - is_range;
        self.right_bounds += (1.0 - is_range) * is_right;
    }
}

/// Checks the forecasts of many studies of 25 cases a worker or more, from a tenth of each on.
///
/// 85 to 95 % of all must be right. For one number of workers there may be a hundred ranges, of which 3 % is one standard
/// error.
fn check_coverage(kind: Kind) {
    let mut all = Coverage::default();
    for workers in [1, 4, 40] {
        let mut coverage = Coverage::default();
        for seed in 0..40 {
            let study = Study::of(durations(kind, (25 * workers).max(200), seed).into_iter(), workers);
            for tenths in [1, 3, 6, 9] {
                let now = study.time_of(tenths, 3.0);
                let rest_secs = study.end() - now;
                study.forecast(now).into_iter().for_each(|forecast| coverage.note(forecast, rest_secs));
            }
        }
        let Coverage { ranges, right_ranges, bounds, right_bounds } = coverage;
        let told = format!("{kind:?}, {workers} workers: {coverage:?}");
        assert!((0.82..=0.98).contains(&(right_ranges / ranges)), "{told}");
        assert!(right_bounds >= 0.95 * bounds, "{told}");
        assert!(ranges + bounds >= 158.0, "{told}");
        assert!(ranges >= if workers < 40 { 150.0 } else { 75.0 }, "{told}");
        all.ranges += ranges;
        all.right_ranges += right_ranges;
    }
    assert!((0.85..=0.95).contains(&(all.right_ranges / all.ranges)), "{kind:?}: {all:?}");
}

#[test]
fn nine_of_ten_steady_studies_end_in_the_range() {
    check_coverage(Kind::Steady);
}

#[test]
fn nine_of_ten_studies_of_exponential_durations_end_in_the_range() {
    check_coverage(Kind::Exponential);
}

#[test]
fn nine_of_ten_studies_of_lognormal_durations_end_in_the_range() {
    check_coverage(Kind::Lognormal);
}

/// Studies of 30 cases, of which 18 to 27 have finished. If a twentieth of the plays lay outside on each side, 83 % would end
/// in the range.
#[test]
fn small_studies_end_in_a_range_that_is_wider_than_their_few_durations_tell() {
    let mut coverage = Coverage::default();
    for (kind, workers) in [Kind::Exponential, Kind::Lognormal].into_iter().flat_map(|kind| [(kind, 1), (kind, 4)]) {
        for seed in 0..100 {
            let study = Study::of(durations(kind, 30, seed).into_iter(), workers);
            for tenths in [6, 9] {
                let now = study.time_of(tenths, 3.0);
                let rest_secs = study.end() - now;
                study.forecast(now).into_iter().for_each(|forecast| coverage.note(forecast, rest_secs));
            }
        }
    }
    assert!((0.86..=0.95).contains(&(coverage.right_ranges / coverage.ranges)), "{coverage:?}");
}

#[test]
fn equal_durations_give_the_end_itself() {
    let range = forecast(&[10.0; 20], 100, 4).unwrap();
    let most_secs = range.most_secs.unwrap();
    assert!((range.least_secs - 250.0).abs() < 0.1 && (most_secs - 250.0).abs() < 0.1, "{range:?}");
}

#[test]
fn scattered_durations_give_a_range_around_the_mean() {
    let range = forecast(&[5.0, 15.0, 5.0, 15.0, 5.0, 15.0, 5.0, 15.0], 100, 1).unwrap();
    assert!(range.least_secs < 900.0 && range.most_secs.unwrap() > 1_100.0, "{range:?}");
}

#[test]
fn how_long_a_case_has_been_running_counts() {
    let at = |now: f64| {
        let known = [40.0, 45.0, 50.0, 55.0, 60.0, 44.0, 48.0, 52.0, 56.0];
        ForecastBasis::of(&finishes(&known), &[heartbeat(0, Some(1_000.0), now - 20.0)], now).forecast(1, 0).unwrap()
    };
    let (young, old) = (at(1_021.0), at(1_042.0));
    assert!(old.least_secs < young.least_secs && old.most_secs < young.most_secs, "{young:?}, later {old:?}");
}

#[test]
fn a_case_that_runs_longer_than_all_before_has_no_upper_end() {
    let known = [1.0, 1.1, 0.9, 1.0, 1.2, 0.8, 1.0, 1.1, 0.9, 1.0];
    let heartbeats = [heartbeat(0, Some(1_000.0), 1_090.0)];
    let range = ForecastBasis::of(&finishes(&known), &heartbeats, 1_100.0).forecast(5, 0).unwrap();
    assert_eq!(range.most_secs, None);
    assert!(range.least_secs > 2.0 && range.least_secs < 5.0, "four cases more, at least: {range:?}");
}

#[test]
fn a_young_heartbeat_may_name_a_case_that_has_ended() {
    let elapsed = |told: f64, now: f64| elapsed_secs(&heartbeat(0, Some(told - 1.0), told), now).unwrap();
    assert!((elapsed(1_000.0, 1_004.0) - 1.0).abs() < 1e-9);
    assert!((elapsed(1_000.0, 1_050.0) - 51.0).abs() < 1e-9);
}

#[test]
fn a_worker_that_takes_no_cases_does_not_count() {
    let known = [10.0, 11.0, 12.0, 13.0];
    let of = |others: &[Heartbeat]| {
        let heartbeats: Vec<Heartbeat> = others.iter().cloned().chain([heartbeat(0, None, 1_000.0)]).collect();
        ForecastBasis::of(&finishes(&known), &heartbeats, 1_000.0).forecast(10, 0)
    };
    let resting = Heartbeat { state: WorkerState::Resting, ..heartbeat(1, None, 1_000.0) };
    let silent = heartbeat(2, None, 900.0);
    assert_eq!(of(&[resting, silent]), of(&[]));
    assert_ne!(of(&[heartbeat(1, None, 1_000.0)]), of(&[]));
}

#[test]
fn more_workers_are_sooner_and_more_than_cases_do_not_help() {
    let durations: Vec<f64> = (0..40).map(|case| 10.0 + f64::from(case % 7)).collect();
    let waiting: Vec<Heartbeat> = (0..2).map(|worker| heartbeat(worker, None, 1_000.0)).collect();
    let outlook = ForecastBasis::of(&finishes(&durations), &waiting, 1_000.0);
    let most_secs = |open, more| outlook.forecast(open, more).unwrap().most_secs.unwrap();
    assert!(most_secs(100, 4) < most_secs(100, 0) / 2.0);
    assert_eq!(outlook.forecast(2, 0), outlook.forecast(2, 48));
}

#[test]
fn without_a_sample_a_worker_or_an_open_case_there_is_none() {
    assert_eq!(forecast(&[1.0, 1.0], 5, 1), None);
    assert_eq!(forecast(&[1.0; 9], 5, 0), None);
    assert_eq!(forecast(&[1.0; 9], 0, 1), None);
    assert_eq!(forecast(&[1.0, 1.0, 1.0], 5, 1).unwrap().most_secs, None, "three are too few for a range");
}

#[test]
fn a_large_study_is_sampled_by_the_beginning_of_its_cases() {
    let old = (0..5_000).map(|case| CaseFinish { end_time: f64::from(case), duration_secs: Some(100.0) });
    let new = (0..200).map(|case| CaseFinish { end_time: 10_000.0 + f64::from(case), duration_secs: Some(1.0) });
    let finishes: Vec<CaseFinish> = new.chain(old).collect();
    let outlook = ForecastBasis::of(&finishes, &[heartbeat(0, None, 10_300.0)], 10_300.0);
    let range = outlook.forecast(1_000, 0).unwrap();
    assert!((range.least_secs - 1_000.0).abs() < 1.0, "{range:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_known_a_forecast_is_finite_in_order_and_the_same_again(
        durations in prop::collection::vec(prop_oneof![0.0..1e6_f64, Just(0.0), Just(-5.0), Just(1e300), Just(f64::NAN)], 0..60),
        starts in prop::collection::vec(-1e9..1e9_f64, 0..20),
        open in prop_oneof![0..50_u64, 1_000..1_000_000_u64],
        more in 0..5_u64,
    ) {
        let heartbeats: Vec<Heartbeat> =
            starts.iter().enumerate().map(|(worker, start)| heartbeat(worker, Some(*start), 1_000.0)).collect();
        let outlook = ForecastBasis::of(&finishes(&durations), &heartbeats, 1_000.0);
        let first = outlook.forecast(open, more);
        prop_assert_eq!(first, outlook.forecast(open, more));
        if let Some(Forecast { least_secs, most_secs }) = first {
            prop_assert!(least_secs >= 0.0 && least_secs.is_finite());
            prop_assert!(most_secs.is_none_or(|most_secs| most_secs.is_finite() && most_secs >= least_secs));
        }
    }

    #[test]
    fn blocks_are_all_the_cases(queued in 0..2_000_000_u64, workers in 1..3_000_u64) {
        let blocks = schedule::blocks(queued, workers);
        prop_assert_eq!(blocks.iter().sum::<u64>(), queued);
        prop_assert!(blocks.is_sorted_by(|one, next| one >= next));
    }
}
