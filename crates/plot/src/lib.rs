//! Charts of a study. A chart consists of geometry, computed from plain numbers, and of drawing: on any plotters drawing area,
//! such as the canvas of the page, or as an SVG that is written without plotters.
//!
//! A part that may have a hundred thousand marks is an [`RasterImage`], painted pixel by pixel; axes and letters above it are a
//! [`ChartScene`]. A [`Chart`] makes both. Every length is in pixels of the area that is drawn on.

mod axis;
mod chart;
mod chart_size;
mod column;
mod coverage;
mod frame;
mod key;
mod label;
mod mask;
mod number;
mod outliers;
mod scene;
mod svg;
mod text;
mod theme;
mod ticks;
mod time;
mod window;

pub mod correlation;
pub mod curves;
pub mod field;
pub mod histogram;
pub mod matrix;
pub mod parallel;
pub mod raster;
pub mod scatter;
pub mod timeline;

#[cfg(test)]
mod extremes;
#[cfg(test)]
mod samples;

pub use axis::{Axis, AxisScale, MAX_SHOWN};
pub use chart::{Chart, ChartSize, draw, svg};
pub use column::{AxisPlaces, PlotColumn};
pub use coverage::unplaced_in_words;
pub use frame::PlotFrame;
pub use mask::CaseMask;
pub use outliers::Outliers;
pub use plotters::style::RGBColor;
pub use raster::{RasterBuffers, RasterImage};
pub use scene::{ChartScene, LineOutcome, SceneLine};
pub use theme::{OKABE_ITO_ON_DARK, OKABE_ITO_ON_LIGHT, PlotTheme, SEQUENCE};
pub use ticks::{AxisTick, AxisTicks};
