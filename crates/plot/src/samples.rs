//! Shared fixtures of the charts' tests: two looks, and numbers that look random.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::RGBColor;
use crate::chart::{Chart, ChartSize, svg};
use crate::raster::RasterImage;
use crate::theme::{OKABE_ITO_ON_DARK, OKABE_ITO_ON_LIGHT, PlotTheme, SEQUENCE};

pub(crate) fn light() -> PlotTheme {
    PlotTheme {
        data: RGBColor(0, 128, 93),
        grid: RGBColor(228, 228, 224),
        text: RGBColor(93, 97, 104),
        background: RGBColor(255, 255, 255),
        muted: RGBColor(198, 201, 206),
        accent: RGBColor(0, 114, 178),
        palette: OKABE_ITO_ON_LIGHT,
        sequence: SEQUENCE,
        pixel_ratio: 1.0,
    }
}

pub(crate) fn dark() -> PlotTheme {
    PlotTheme {
        data: RGBColor(47, 185, 143),
        grid: RGBColor(44, 48, 55),
        text: RGBColor(162, 168, 177),
        background: RGBColor(27, 30, 35),
        muted: RGBColor(74, 80, 89),
        accent: RGBColor(86, 180, 233),
        palette: OKABE_ITO_ON_DARK,
        ..light()
    }
}

pub(crate) const SMALL: ChartSize = ChartSize { width_px: 360, height_px: 240 };
pub(crate) const USUAL: ChartSize = ChartSize { width_px: 560, height_px: 360 };

/// Returns the chart as an SVG whose image can be seen.
pub(crate) fn golden(chart: &dyn Chart, size: ChartSize, look: &PlotTheme) -> String {
    svg(chart, size, look, &png_uri)
}

/// Returns the image as a data URI, so that a golden SVG can be looked at.
fn png_uri(image: &RasterImage) -> String {
    let side = |side_px: usize| u32::try_from(side_px).unwrap();
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, side(image.width_px), side(image.height_px));
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_compression(png::Compression::High);
    encoder.write_header().unwrap().write_image_data(&image.rgba).unwrap();
    format!("data:image/png;base64,{}", BASE64_STANDARD.encode(file))
}

/// Returns numbers between 0 and 1, the same every time.
pub(crate) fn uniform(number: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        f64::from(u32::try_from(state >> 32).unwrap()) / 4_294_967_296.0
    };
    (0..number).map(|_| next()).collect()
}

/// Returns numbers around 0, most of them between -1 and 1: sums of four that are uniform.
pub(crate) fn bell(number: usize, seed: u64) -> Vec<f64> {
    let four: Vec<Vec<f64>> = (0..4).map(|part| uniform(number, 4 * seed + part + 1)).collect();
    (0..number).map(|index| four.iter().map(|numbers| numbers[index]).sum::<f64>() - 2.0).map(|sum| 1.7 * sum).collect()
}
