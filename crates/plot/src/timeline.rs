//! Timeline of attempts: a lane for each worker, a bar for each attempt.

use crate::axis::{Axis, AxisScale};
use crate::chart::{Chart, ChartSize};
use crate::coverage::{AbsenceReason, PlotCoverage, UnplacedValues};
use crate::frame::{PlotFrame, write_nothing};
use crate::label::count;
use crate::number::{real, whole};
use crate::raster::RasterBuffers;
use crate::scene::ChartScene;
use crate::theme::{PlotTheme, blend};

/// The least height of a lane on the page, in its pixels, and the room above and below all lanes.
const LANE_PX: f64 = 16.0;
const AROUND_PX: f64 = 48.0;
/// Share of a lane's height that is left free between bars.
const SPACE: f64 = 0.3;
/// Width from which bars have a gap before them.
const WIDE_PX: f64 = 4.0;
/// Maximum height of a bar on the page.
const MAX_BAR_PX: f64 = 24.0;
/// Least share of failed attempts in a pixel's colour, if there is one, however short it was.
const MIN_FAILED: f64 = 0.35;
/// Opacity of the shortest attempt.
const LIGHTEST: f64 = 0.3;
/// Index of the palette's colour for failed attempts: vermilion.
const FAILED: usize = 3;

/// Outcome of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimelineOutcome {
    /// With a result.
    Done,
    /// With an error.
    Failed,
}

/// One case, once computed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimelineAttempt {
    /// The lane, as an index of the lanes' names.
    pub lane: usize,
    /// Time of its beginning, in seconds since 1970.
    pub start: f64,
    /// Time of its end; not a number if that isn't known.
    pub end: f64,
    /// Its outcome.
    pub outcome: TimelineOutcome,
    /// Whether its case is selected: the others stay as background.
    pub is_selected: bool,
}

/// Attempts, made as they are looked at: a list of a million would take more memory than the source that they are from.
#[derive(Clone, Copy)]
pub struct TimelineAttempts<'a> {
    /// Number of attempts.
    pub count: usize,
    /// Returns the attempt at an index.
    pub at: &'a dyn Fn(usize) -> TimelineAttempt,
}

impl TimelineAttempts<'_> {
    fn each(&self) -> impl Iterator<Item = TimelineAttempt> {
        (0..self.count).map(self.at)
    }
}

/// Attempts by worker and time.
#[derive(Clone)]
pub struct TimelineChart<'a> {
    /// The names of the workers, from the uppermost lane.
    pub lanes: &'a [String],
    /// The attempts, in any order.
    pub attempts: TimelineAttempts<'a>,
    /// The axis of the time.
    pub x: Axis,
}

/// Share of a pixel's time that attempts took, done and failed; of cases that aren't selected apart.
#[derive(Debug, Clone, Copy, Default)]
struct Busy {
    done: f64,
    failed: f64,
    unselected: f64,
}

impl TimelineChart<'_> {
    /// Returns the frame with the places of the axes. The lanes' axis counts from the bottom.
    #[must_use]
    pub fn frame(&self, size: ChartSize, look: &PlotTheme) -> PlotFrame {
        let shown = self.shown(size, look);
        let mut names: Vec<String> = self.lanes.iter().take(shown).cloned().collect();
        if shown < self.lanes.len() {
            names.push(format!("and {} more", count(self.lanes.len() - shown)));
        }
        names.reverse();
        PlotFrame::new(size, look, &self.x, &Axis::of_categories("", names), 0.0)
    }

    /// Returns the attempt at a pixel, or one within `reach_px` before or after it in the same lane.
    #[must_use]
    pub fn nearest(&self, size: ChartSize, look: &PlotTheme, (x_px, y_px): (f64, f64), reach_px: f64) -> Option<usize> {
        let frame = self.frame(size, look);
        let (_, height) = frame.size_px();
        let lane = whole((y_px - frame.top_px) / height * real(self.rows(size, look)));
        let distance = |attempt: &TimelineAttempt| {
            let (start, end) = (frame.pixel_of(attempt.start, 0.0).0, frame.pixel_of(attempt.end, 0.0).0);
            (start - x_px).max(x_px - end).max(0.0)
        };
        let candidates = self.attempts.each().enumerate();
        let candidates = candidates.filter(|(_, attempt)| attempt.lane == lane && !attempt.end.is_nan());
        let nearest = candidates.min_by(|one, other| distance(&one.1).total_cmp(&distance(&other.1)));
        let is_inside = frame.contains(x_px, y_px) && lane < self.shown(size, look);
        nearest.filter(|(_, attempt)| is_inside && distance(attempt) <= reach_px).map(|(index, _)| index)
    }

    /// Returns the number of lanes that there is room for; the last row may say that there are more.
    fn shown(&self, size: ChartSize, look: &PlotTheme) -> usize {
        let room = whole((f64::from(size.height_px) - look.px(AROUND_PX)) / look.px(LANE_PX)).max(1);
        if self.lanes.len() <= room { self.lanes.len() } else { room - 1 }
    }

    fn rows(&self, size: ChartSize, look: &PlotTheme) -> usize {
        let shown = self.shown(size, look);
        if shown < self.lanes.len() { shown + 1 } else { shown.max(1) }
    }

    pub(crate) fn drawn(&self) -> PlotCoverage {
        let mut drawn = PlotCoverage::default();
        for attempt in self.attempts.each() {
            let is_seen =
                attempt.end >= self.x.least && attempt.start <= self.x.most && attempt.lane < self.lanes.len();
            match () {
                () if attempt.start.is_nan() || attempt.end.is_nan() => drawn.missing += 1,
                () if is_seen => drawn.shown += 1,
                () => drawn.outside += 1,
            }
        }
        drawn
    }

    fn absent(&self) -> AbsenceReason {
        let (drawn, mut unplaced) = (self.drawn(), UnplacedValues::default());
        let times = Axis { label: "time".to_owned(), ..self.x.clone() };
        if drawn.outside > 0 {
            let of_attempt =
                |attempt: TimelineAttempt| UnplacedValues::of(&times, [attempt.start, attempt.end].into_iter());
            self.attempts.each().for_each(|attempt| unplaced.add_case(of_attempt(attempt)));
        }
        AbsenceReason::new(drawn, [(&unplaced, &times)])
    }

    /// Returns the shares of busy time of each lane, pixel by pixel.
    fn busy(&self, lanes: usize, width_px: usize, look: &PlotTheme) -> Vec<Busy> {
        let mut busy = vec![Busy::default(); lanes * width_px];
        let mapping = self.x.mapping(real(width_px));
        for attempt in self.attempts.each().filter(|attempt| attempt.lane < lanes) {
            let (mut start, end) = (mapping.place(attempt.start), mapping.place(attempt.end));
            if !(end >= 0.0 && start < real(width_px)) {
                continue;
            }
            if end - start >= WIDE_PX * look.pixel_ratio {
                // The start is rounded to the pixel, so that bars are sharp.
                start = start.round() + look.hairline_px();
            }
            let (first, last) = (start.max(0.0), end.min(real(width_px)));
            let row = &mut busy[attempt.lane * width_px..(attempt.lane + 1) * width_px];
            for (pixel, busy) in row.iter_mut().enumerate().take(whole(last) + 1).skip(whole(first)) {
                let share = (last.min(real(pixel + 1)) - first.max(real(pixel))).max(0.0);
                match attempt.outcome {
                    _ if !attempt.is_selected => busy.unselected += share.max(f64::MIN_POSITIVE),
                    TimelineOutcome::Done => busy.done += share,
                    TimelineOutcome::Failed => busy.failed += share.max(f64::MIN_POSITIVE),
                }
            }
        }
        busy
    }
}

impl Busy {
    fn sum(self) -> f64 {
        self.done + self.failed + self.unselected
    }

    fn colour(self, look: &PlotTheme) -> plotters::style::RGBColor {
        let sum = self.done + self.failed;
        if sum == 0.0 {
            return blend(look.background, look.muted, LIGHTEST + (1.0 - LIGHTEST) * self.unselected.min(1.0));
        }
        let failed = if self.failed > 0.0 { (self.failed / sum).max(MIN_FAILED) } else { 0.0 };
        let ink = blend(look.data, look.palette[FAILED], failed);
        blend(look.background, ink, LIGHTEST + (1.0 - LIGHTEST) * sum.min(1.0))
    }
}

impl Chart for TimelineChart<'_> {
    fn paint(&self, size: ChartSize, look: &PlotTheme, raster: &mut RasterBuffers) {
        let frame = self.frame(size, look);
        raster.begin_at((frame.left_px, frame.top_px), frame.size_px());
        frame.grid_down_below(raster.image_mut(), look);
        let lanes = self.shown(size, look);
        let (width, height) = frame.size_px();
        let lane_px = height / real(self.rows(size, look));
        let busy = self.busy(lanes, whole(width), look);
        for (lane, row) in busy.chunks_exact(whole(width).max(1)).enumerate() {
            let bar_px = ((1.0 - SPACE) * lane_px).min(look.px(MAX_BAR_PX)).round().max(1.0);
            let top = whole(((real(lane) + 0.5) * lane_px - bar_px / 2.0).round());
            let bottom = top + whole(bar_px);
            for (column, busy) in row.iter().enumerate().filter(|(_, busy)| busy.sum() > 0.0) {
                raster.image_mut().fill(column..column + 1, top..bottom, busy.colour(look));
            }
        }
    }

    fn scene(&self, size: ChartSize, look: &PlotTheme) -> ChartScene {
        let (frame, mut scene) = (self.frame(size, look), ChartScene::default());
        frame.rule(&mut scene, look, &self.absent());
        if self.attempts.count == 0 {
            write_nothing(&mut scene, &frame, look);
        }
        scene
    }

    fn summary(&self) -> String {
        let PlotCoverage { shown, .. } = self.drawn();
        let failed = self.attempts.each().filter(|attempt| attempt.outcome == TimelineOutcome::Failed).count();
        let workers = if self.lanes.len() == 1 { "worker" } else { "workers" };
        let text = format!("{} attempts of {} {workers}", count(shown), count(self.lanes.len()));
        let times = self.attempts.each().flat_map(|attempt| [attempt.start, attempt.end]);
        let times = self.x.extent(times);
        let times = times.map(|(from, to)| format!(", {}", self.x.range_in_words(from, to))).unwrap_or_default();
        format!("{text}{times}, {} failed{}", count(failed), self.absent().words())
    }
}

/// Returns an axis that covers all attempts.
#[must_use]
pub fn time_axis(attempts: TimelineAttempts, utc_offset_secs: f64) -> Axis {
    let axis = Axis::covering("", "", AxisScale::Time { utc_offset_secs }, &[]);
    let times = axis.extent(attempts.each().flat_map(|attempt| [attempt.start, attempt.end]));
    let ends: Vec<f64> = times.into_iter().flat_map(|(first, last)| [first, last]).collect();
    Axis::covering("", "", axis.scale, &ends)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{SMALL, USUAL, dark, golden, light, uniform};

    const DAY: f64 = 1_795_219_200.0;

    fn attempts(lanes: usize, each: usize, secs: f64) -> (Vec<String>, Vec<TimelineAttempt>) {
        let names = (0..lanes).map(|lane| format!("node-{:02}.cluster-{}", lane, lane / 4)).collect();
        let mut attempts = Vec::new();
        for lane in 0..lanes {
            let (lengths, shares) = (uniform(each, lane as u64), uniform(each, 1_000 + lane as u64));
            let mut time = DAY + 1_200.0 * lengths[0];
            for (length, share) in lengths.iter().zip(shares) {
                let end = time + secs * (0.5 + length);
                let outcome = if share < 0.08 { TimelineOutcome::Failed } else { TimelineOutcome::Done };
                attempts.push(TimelineAttempt { lane, start: time, end, outcome, is_selected: true });
                time = end + secs * if share > 0.9 { 2.0 } else { 0.02 };
            }
        }
        (names, attempts)
    }

    /// Calls `look` with the chart of some attempts.
    fn with(lanes: &[String], attempts: &[TimelineAttempt], look: impl FnOnce(&TimelineChart)) {
        let attempts = TimelineAttempts { count: attempts.len(), at: &|index| attempts[index] };
        look(&TimelineChart { lanes, attempts, x: time_axis(attempts, 3_600.0) });
    }

    #[test]
    fn a_few_attempts_are_bars() {
        let (lanes, attempts) = attempts(5, 12, 900.0);
        with(&lanes, &attempts, |chart| {
            insta::assert_snapshot!(golden(chart, USUAL, &light()));
            let summary = chart.summary();
            assert!(summary.starts_with("60 attempts of 5 workers, from 21 Nov 2026, 01:00 to"), "{summary}");
        });
    }

    #[test]
    fn many_attempts_are_a_density_and_many_lanes_are_counted() {
        let (lanes, attempts) = attempts(30, 4_000, 40.0);
        with(&lanes, &attempts, |chart| {
            insta::assert_snapshot!(golden(chart, SMALL, &dark()));
            assert_eq!((chart.shown(SMALL, &light()), chart.rows(SMALL, &light())), (11, 12));
            assert!(chart.summary().starts_with("120,000 attempts of 30 workers"), "{}", chart.summary());
        });
    }

    #[test]
    fn no_attempt_and_one_attempt_are_shown_as_such() {
        let (lanes, attempts) = attempts(1, 1, 60.0);
        with(&lanes, &attempts, |chart| insta::assert_snapshot!("single", golden(chart, SMALL, &light())));
        with(&[], &[], |chart| insta::assert_snapshot!("empty", golden(chart, SMALL, &light())));
    }

    #[test]
    fn attempts_that_are_not_selected_stay_as_background() {
        let (lanes, mut attempts) = attempts(1, 2, 900.0);
        for attempt in &mut attempts {
            attempt.outcome = TimelineOutcome::Done;
        }
        attempts[1].is_selected = false;
        with(&lanes, &attempts, |chart| {
            let mut raster = RasterBuffers::default();
            chart.paint(USUAL, &light(), &mut raster);
            let has = |ink: plotters::style::RGBColor| {
                raster.image().rgba.chunks_exact(4).any(|pixel| pixel[..3] == [ink.0, ink.1, ink.2])
            };
            assert!(has(light().data) && has(light().muted));
        });
    }

    #[test]
    fn an_attempt_is_found() {
        let (lanes, attempts) = attempts(5, 12, 900.0);
        with(&lanes, &attempts, |chart| {
            let frame = chart.frame(USUAL, &light());
            let at = frame.pixel_of(f64::midpoint(attempts[30].start, attempts[30].end), 2.0);
            assert_eq!(chart.nearest(USUAL, &light(), at, 3.0), Some(30));
            assert_eq!(chart.nearest(USUAL, &light(), (frame.left_px, at.1 + 100.0), 3.0), None);
        });
    }
}
