//! Charts of a study. A chart is geometry, computed from plain numbers, and drawing: on any plotters drawing area, such as
//! the canvas of the page, or as an SVG that is written without plotters.
//!
//! What may have a hundred thousand marks is an [`Image`], painted pixel by pixel; what stands above it, axes and
//! letters, is a [`Sheet`]. A [`Chart`] makes both. Every length is in pixels of what is drawn on.

mod axis;
mod chart;
mod column;
mod drawn;
mod frame;
mod key;
mod label;
mod look;
mod mask;
mod number;
mod outliers;
mod sheet;
mod svg;
mod text;
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
pub mod shadow;
pub mod throughput;
pub mod timeline;

#[cfg(test)]
mod extremes;
#[cfg(test)]
mod samples;

pub use axis::{Axis, MAX_SHOWN, Scale};
pub use chart::{Chart, Size, draw, svg};
pub use column::{Column, Places};
pub use drawn::unplaced_in_words;
pub use frame::Frame;
pub use look::{Look, OKABE_ITO_ON_DARK, OKABE_ITO_ON_LIGHT, SEQUENCE};
pub use mask::Mask;
pub use outliers::Outliers;
pub use plotters::style::RGBColor;
pub use raster::{Image, Raster};
pub use sheet::{LineOutcome, Sheet, SheetLine};
pub use ticks::{Tick, Ticks};
