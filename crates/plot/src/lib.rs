//! Charts of a study. A chart is geometry, computed from plain numbers, and drawing, which works on any plotters
//! drawing area: a canvas in the dashboard, an SVG in tests and downloads.

pub mod shadow;
pub mod throughput;

pub use plotters::style::RGBColor;

/// How a chart looks on what it is drawn on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// What shows the data.
    pub data: RGBColor,
    /// Lines that help the eye.
    pub grid: RGBColor,
    /// Letters and digits.
    pub text: RGBColor,
    /// Pixels of the drawing area to one of the page: 2 on most phones.
    pub pixel_ratio: f64,
}
