//! Parts of pages: they are given what they show, and never see AWS.

pub(crate) mod attach_lines;
pub(crate) mod colour;
pub(crate) mod copy_line;
pub(crate) mod error_group;
pub(crate) mod frame;
pub(crate) mod notices;
pub(crate) mod press;
pub(crate) mod problem_note;
pub(crate) mod progress;
pub(crate) mod throughput_chart;
pub(crate) mod worker_table;
