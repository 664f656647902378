//! How many cases were finished in each stretch of time.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::Look;

/// The stretches of time that people think in, in seconds: from a second to a week.
const STRETCHES_SECS: [f64; 19] = [
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 21_600.0, 43_200.0,
    86_400.0, 172_800.0, 604_800.0,
];

/// The height of a letter on the page, in its pixels.
const TEXT_PX: f64 = 11.0;

/// Finished cases, counted by stretches of equal length.
#[derive(Debug, Clone, PartialEq)]
pub struct Throughput {
    /// When the first stretch begins, in seconds since 1970; a multiple of `stretch_secs`.
    pub start: f64,
    /// The length of a stretch, in seconds.
    pub stretch_secs: f64,
    /// How many cases were finished in each stretch.
    pub counts: Vec<u64>,
}

impl Throughput {
    /// Counts finished cases by the times of their ends, in seconds since 1970, up to `now`.
    ///
    /// Stretches are as short as `most` of them allow. None if no case was finished.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "between 0 and the number of stretches"
    )]
    pub fn of(end_times: &[f64], now: f64, most: usize) -> Option<Self> {
        let first = end_times.iter().copied().filter(|time| time.is_finite()).reduce(f64::min)?;
        let last = end_times.iter().copied().filter(|time| time.is_finite()).fold(now, f64::max);
        let needed = |stretch: f64| (last / stretch).floor() - (first / stretch).floor() + 1.0;
        let longest = STRETCHES_SECS[STRETCHES_SECS.len() - 1];
        let longer = std::iter::successors(Some(longest), |stretch| Some(2.0 * stretch));
        let fits = |stretch: &f64| needed(*stretch) <= most.max(1) as f64;
        let stretch_secs = STRETCHES_SECS.into_iter().chain(longer).find(fits)?;
        let start = (first / stretch_secs).floor() * stretch_secs;
        let mut counts = vec![0; needed(stretch_secs) as usize];
        for time in end_times.iter().filter(|time| time.is_finite()) {
            let stretch = ((time - start) / stretch_secs).floor() as usize;
            if let Some(count) = counts.get_mut(stretch) {
                *count += 1;
            }
        }
        Some(Self { start, stretch_secs, counts })
    }

    /// The most cases that any stretch has.
    #[must_use]
    pub fn most(&self) -> u64 {
        self.counts.iter().copied().max().unwrap_or(0)
    }

    /// The length of a stretch in words: `10 seconds`, `hour`.
    #[must_use]
    pub fn stretch_name(&self) -> String {
        let (size, name) = match self.stretch_secs {
            secs if secs < 60.0 => (secs, "second"),
            secs if secs < 3_600.0 => (secs / 60.0, "minute"),
            secs if secs < 86_400.0 => (secs / 3_600.0, "hour"),
            secs => (secs / 86_400.0, "day"),
        };
        if size <= 1.0 { name.to_owned() } else { format!("{size} {name}s") }
    }

    /// Draws a bar a stretch, and the height of the highest.
    ///
    /// # Errors
    /// If the backend does.
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "pixels")]
    pub fn draw<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, Shift>,
        look: &Look,
    ) -> Result<(), DrawingAreaErrorKind<DB::ErrorType>> {
        let (width, height) = area.dim_in_pixel();
        let (width, height) = (width.cast_signed(), height.cast_signed());
        let px = |length: f64| (length * look.pixel_ratio).round() as i32;
        let text_px = TEXT_PX * look.pixel_ratio;
        let (top, bottom) = (px(TEXT_PX + 5.0), height - px(1.0));
        let font = ("system-ui, sans-serif", text_px).into_font().color(&look.text);
        area.draw(&PathElement::new([(0, top), (width, top)], look.grid))?;
        area.draw(&PathElement::new([(0, bottom), (width, bottom)], look.grid))?;
        area.draw(&Text::new(
            self.most().to_string(),
            (0, top - px(3.0)),
            font.pos(Pos::new(HPos::Left, VPos::Bottom)),
        ))?;

        let step = f64::from(width) / self.counts.len() as f64;
        let gap = if step > 4.0 * look.pixel_ratio { look.pixel_ratio } else { 0.0 };
        let scale = f64::from(bottom - top) / self.most().max(1) as f64;
        for (index, count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let left = (index as f64 * step).round() as i32;
            let right = ((index + 1) as f64 * step - gap).round() as i32;
            let bar_top = bottom - (*count as f64 * scale).round().max(1.0) as i32;
            area.draw(&Rectangle::new([(left, bar_top), (right, bottom)], look.data.filled()))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stretches_are_as_short_as_their_number_allows() {
        for (span, most, name) in [
            (5.0, 40, "second"),
            (100.0, 40, "5 seconds"),
            (7_000.0, 40, "5 minutes"),
            (3e6, 40, "day"),
            (1e9, 10, "1792 days"),
        ] {
            let throughput = Throughput::of(&[1_000_000.0], 1_000_000.0 + span, most).unwrap();
            assert_eq!(throughput.stretch_name(), name, "{span}");
        }
        assert_eq!(Throughput::of(&[], 5.0, 40), None);
        assert_eq!(Throughput::of(&[f64::NAN], 5.0, 40), None);
    }

    proptest! {
        #[test]
        fn every_case_is_in_one_stretch(times in prop::collection::vec(0.0..1e9_f64, 1..100), ahead in 0.0..1e8_f64, most in 1..60_usize) {
            let now = times.iter().copied().fold(0.0, f64::max) + ahead;
            let throughput = Throughput::of(&times, now, most).unwrap();
            prop_assert!(throughput.counts.len() <= most);
            prop_assert_eq!(throughput.counts.iter().sum::<u64>(), times.len() as u64);
        }
    }

    #[test]
    fn the_drawing_is_that_of_the_snapshot() {
        let throughput = Throughput { start: 0.0, stretch_secs: 60.0, counts: vec![3, 0, 12, 1] };
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, (200, 60)).into_drawing_area();
            let look =
                Look { data: RGBColor(0, 114, 178), grid: RGBColor(200, 200, 200), text: BLACK, pixel_ratio: 1.0 };
            throughput.draw(&area, &look).unwrap();
            area.present().unwrap();
        }
        insta::assert_snapshot!(svg);
    }
}
