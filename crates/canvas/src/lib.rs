//! Charts on a canvas of the page: in the colours of its style sheet, in the pixels of its screen, and drawn anew when these change.

#![cfg(target_arch = "wasm32")]

mod appearance;
mod drawing;
mod theme;

pub use appearance::{when_it_comes_near, when_it_looks_different};
pub use drawing::{context, draw_on, draw_scene, fit, put, size_of};
pub use theme::{colour, theme};
