//! Theme: colours and sizes of a chart.

use plotters::style::RGBColor;

use crate::number::{channel, pixel, real, whole};

/// The colours of Okabe and Ito, which colour-blind readers tell apart, in an order in which neighbours differ. Their
/// yellow is darker here, since it stands on a light ground.
///
/// Okabe, M. and Ito, K. (2008): Color Universal Design. <https://jfly.uni-koeln.de/color/>
pub const OKABE_ITO_ON_LIGHT: [RGBColor; 8] = [
    RGBColor(0, 114, 178),
    RGBColor(230, 159, 0),
    RGBColor(0, 158, 115),
    RGBColor(213, 94, 0),
    RGBColor(86, 180, 233),
    RGBColor(204, 121, 167),
    RGBColor(181, 159, 0),
    RGBColor(0, 0, 0),
];

/// The same colours for a dark ground: their black is a light grey, and the blue is brighter.
pub const OKABE_ITO_ON_DARK: [RGBColor; 8] = [
    RGBColor(58, 155, 220),
    RGBColor(230, 159, 0),
    RGBColor(0, 158, 115),
    RGBColor(213, 94, 0),
    RGBColor(126, 200, 240),
    RGBColor(204, 121, 167),
    RGBColor(240, 228, 66),
    RGBColor(200, 203, 208),
];

/// Colours from low to high: viridis between 0.15 and 0.9, so that both ends can be seen on a light ground and on a dark one.
///
/// Smith, N. and van der Walt, S. (2015): A better default colormap for Matplotlib.
pub const SEQUENCE: [RGBColor; 9] = [
    RGBColor(70, 53, 128),
    RGBColor(62, 81, 139),
    RGBColor(49, 105, 142),
    RGBColor(36, 128, 141),
    RGBColor(31, 150, 138),
    RGBColor(41, 172, 129),
    RGBColor(71, 193, 109),
    RGBColor(124, 210, 76),
    RGBColor(190, 222, 39),
];

/// Colours and scale of a chart on its ground.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlotTheme {
    /// Colour of the data.
    pub data: RGBColor,
    /// Colour of lines that help the eye.
    pub grid: RGBColor,
    /// Colour of letters and digits.
    pub text: RGBColor,
    /// Colour of the ground that the chart stands on.
    pub background: RGBColor,
    /// Colour of cases that aren't selected.
    pub muted: RGBColor,
    /// Colour of the mark that is pointed at.
    pub accent: RGBColor,
    /// Colours of categories: [`OKABE_ITO_ON_LIGHT`] or [`OKABE_ITO_ON_DARK`].
    pub palette: [RGBColor; 8],
    /// Colours from low values to high ones, equally far apart: [`SEQUENCE`].
    pub sequence: [RGBColor; 9],
    /// Number of pixels of the drawing area in one of the page: 2 on most phones.
    pub pixel_ratio: f64,
}

impl PlotTheme {
    /// Returns the colour of a value at `place`, from 0 (low) to 1 (high); places outside have the colours of the ends.
    #[must_use]
    pub fn of_place(&self, place: f64) -> RGBColor {
        let last = self.sequence.len() - 1;
        let step = place.clamp(0.0, 1.0) * real(last);
        let low = whole(step).min(last - 1);
        blend(self.sequence[low], self.sequence[low + 1], step - real(low))
    }

    /// Returns the colour of a category: the first eight have one of their own, the others share that of letters.
    #[must_use]
    pub fn of_category(&self, category: u32) -> RGBColor {
        usize::try_from(category).ok().and_then(|index| self.palette.get(index)).copied().unwrap_or(self.text)
    }

    /// Converts a length on the page to pixels of the drawing area, in whole ones.
    pub(crate) fn px(&self, page_px: f64) -> f64 {
        (page_px * self.pixel_ratio).round()
    }

    /// Returns the width of the thinnest line that can be seen.
    pub(crate) fn hairline_px(&self) -> f64 {
        f64::from(pixel(self.pixel_ratio).max(1))
    }
}

/// Mixes two colours: `share` 0 is the first, 1 the second.
pub(crate) fn blend(from: RGBColor, to: RGBColor, share: f64) -> RGBColor {
    let mix = |from: u8, to: u8| channel(f64::from(from) + (f64::from(to) - f64::from(from)) * share);
    RGBColor(mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    /// Returns the relative luminance of WCAG 2.1.
    fn luminance(colour: RGBColor) -> f64 {
        let linear = |channel: u8| {
            let level = f64::from(channel) / 255.0;
            if level <= 0.03928 { level / 12.92 } else { ((level + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(colour.0) + 0.7152 * linear(colour.1) + 0.0722 * linear(colour.2)
    }

    fn contrast(one: RGBColor, other: RGBColor) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn every_colour_stands_out_from_its_ground() {
        for look in [samples::light(), samples::dark()] {
            let colours = look.palette.iter().chain(&look.sequence).chain([&look.data, &look.text, &look.accent]);
            for colour in colours {
                assert!(contrast(*colour, look.background) > 1.5, "{colour:?} on {:?}", look.background);
            }
        }
    }

    #[test]
    fn higher_values_are_brighter() {
        let look = samples::light();
        let levels: Vec<f64> = (0..=40).map(|step| luminance(look.of_place(f64::from(step) / 40.0))).collect();
        assert!(levels.is_sorted(), "{levels:?}");
        assert_eq!(look.of_place(-3.0), look.sequence[0]);
        assert_eq!(look.of_place(3.0), look.sequence[8]);
    }

    #[test]
    fn a_ninth_category_has_no_colour_of_its_own() {
        let look = samples::light();
        assert_eq!(look.of_category(7), look.palette[7]);
        assert_eq!(look.of_category(8), look.text);
    }
}
