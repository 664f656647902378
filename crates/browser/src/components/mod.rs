//! Parts of several pages: they are given what they show, and never see AWS.

pub mod colour;
pub mod press;
pub mod problem_note;
