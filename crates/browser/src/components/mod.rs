//! Components of several pages. They are given the data that they show, and never see AWS.

pub mod confirmation;
pub mod error_group;
pub mod press;
pub mod problem_note;
