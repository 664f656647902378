//! Shades: colours of counts.

use super::RasterBuffers;
use super::points::MaxCounts;
use crate::column::PlotColumn;
use crate::number::real;
use crate::theme::{PlotTheme, blend};
use plotters::style::RGBColor;

/// Opacity of a single point, however many others fall on one another elsewhere.
const LIGHTEST: f64 = 0.45;
/// Least and largest opacity of a single line, which is thin, and its decrease by each power of ten of the fullest pixel, so
/// that there is a difference.
const LIGHTEST_LINES: (f64, f64) = (0.3, 0.65);
const FADING: f64 = 0.12;
/// Power of two below which each count has a colour; above, each power of two of counts has 2 to the power of [`COARSE_BITS`]
/// colours.
const FINE_BITS: u32 = 10;
const COARSE_BITS: u32 = 5;
/// Number of pixels that are looked at together.
const AT_ONCE: usize = 8;
/// Number of steps of a sequence of colours.
const STEPS: usize = 128;

impl RasterBuffers {
    /// Colours each pixel by its counts.
    pub(super) fn shade(&mut self, colour: Option<&PlotColumn>, most: MaxCounts, look: &PlotTheme) {
        let muted = CountColours::up_to(most.muted, 1, look.background, look.muted);
        match colour {
            None => {
                let shades = CountColours::up_to(most.coloured, 1, look.background, look.data);
                self.fill_pixels(&muted, |_, count| shades.of_count(count));
            }
            Some(column) if !column.is_named() => {
                let steps: Vec<[u8; 4]> =
                    (0..=STEPS).map(|step| opaque(look.of_place(real(step) / real(STEPS)))).collect();
                let sums = std::mem::take(&mut self.sums);
                self.fill_pixels(&muted, |pixel, count| steps[step_of(sums[pixel], count)]);
                self.sums = sums;
            }
            Some(_) => {
                let votes = std::mem::take(&mut self.votes);
                self.fill_pixels(&muted, |pixel, _| opaque(look.of_category(votes[pixel][0])));
                self.votes = votes;
            }
        }
    }

    /// Gives each counted pixel its colour, and each pixel that has only muted counts theirs. Afterwards all counts are 0, as
    /// the next painting needs them: emptying them separately would take a pass through all of the memory.
    pub(super) fn fill_pixels(&mut self, muted: &CountColours, coloured: impl Fn(usize, u32) -> [u8; 4]) {
        let (pixels, _) = self.image.rgba.as_chunks_mut();
        let mut muted_counts = self.muted.chunks_mut(AT_ONCE);
        let blocks = pixels.chunks_mut(AT_ONCE).zip(self.counts.chunks_mut(AT_ONCE));
        for (block, (pixels, counts)) in blocks.enumerate() {
            // Where no mark can be muted, there are no counts of them.
            let below = muted_counts.next().unwrap_or(&mut []);
            fill_block(block, (pixels, counts, below), muted, &coloured);
        }
    }
}

/// Gives the pixels of a block their colours. Most blocks of a cloud are empty: that is seen at once.
#[inline]
fn fill_block(
    block: usize,
    (pixels, counts, below): (&mut [[u8; 4]], &mut [u32], &mut [u32]),
    muted: &CountColours,
    coloured: &impl Fn(usize, u32) -> [u8; 4],
) {
    if counts.iter().chain(&*below).fold(0, |all, count| all | count) == 0 {
        return;
    }
    for (place, (pixel, count)) in pixels.iter_mut().zip(&*counts).enumerate() {
        if *count > 0 {
            *pixel = coloured(block * AT_ONCE + place, *count);
        } else if let Some(count) = below.get(place).filter(|count| **count > 0) {
            *pixel = muted.of_count(*count);
        }
    }
    counts.fill(0);
    below.fill(0);
}

/// The colours of counts.
pub(super) struct CountColours {
    mixed: Vec<[u8; 4]>,
    ground: RGBColor,
    ink: RGBColor,
    /// Count of a single mark.
    whole: u32,
    most: u32,
}

impl CountColours {
    /// Returns the colours for marks that count `whole` in a pixel that they cover, and less in one of which they cover a part.
    pub(super) fn of_parts(counts: &[u32], whole: u32, ground: RGBColor, ink: RGBColor) -> Self {
        Self::up_to(counts.iter().copied().max().unwrap_or(0), whole, ground, ink)
    }

    /// Returns the colours for counts up to `most`.
    pub(super) fn up_to(most: u32, whole: u32, ground: RGBColor, ink: RGBColor) -> Self {
        let mut shades = Self { mixed: Vec::new(), ground, ink, whole, most };
        let fine = (0..1 << FINE_BITS).take_while(|count| *count <= most).map(|count| shades.mix(count));
        let powers = FINE_BITS..=most.max(1).ilog2();
        let coarse = powers
            .flat_map(|power| (0..1 << COARSE_BITS).map(move |part| (1 << power) + (part << (power - COARSE_BITS))));
        shades.mixed = fine.chain(coarse.map(|count| shades.mix(count))).collect();
        shades
    }

    #[inline]
    pub(super) fn of_count(&self, count: u32) -> [u8; 4] {
        if count < 1 << FINE_BITS {
            return self.mixed[count as usize];
        }
        let power = count.ilog2();
        let part = (count >> (power - COARSE_BITS)) & ((1 << COARSE_BITS) - 1);
        self.mixed[((1 << FINE_BITS) + ((power - FINE_BITS) << COARSE_BITS) + part) as usize]
    }

    /// Mixes the colour by the logarithm of the count, so that neither single points are lost nor thousands look like a few.
    fn mix(&self, count: u32) -> [u8; 4] {
        let (marks, most) = (f64::from(count) / f64::from(self.whole), f64::from(self.most) / f64::from(self.whole));
        // If there are only single marks, these are as dark as can be.
        let lightest = match self.whole {
            _ if most <= 1.5 => 1.0,
            1 => LIGHTEST,
            _ => (LIGHTEST_LINES.1 - FADING * most.log10()).clamp(LIGHTEST_LINES.0, LIGHTEST_LINES.1),
        };
        let share = if marks <= 1.0 { lightest * marks } else { lightest + (1.0 - lightest) * marks.ln() / most.ln() };
        opaque(blend(self.ground, self.ink, share.min(1.0)))
    }
}

pub(super) fn opaque(colour: RGBColor) -> [u8; 4] {
    [colour.0, colour.1, colour.2, 255]
}

/// Returns the step of a mean place.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "between 0 and the number of steps"
)]
fn step_of(sum: f32, count: u32) -> usize {
    ((sum / count as f32 * STEPS as f32 + 0.5) as usize).min(STEPS)
}
