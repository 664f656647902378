//! Components of the shell's pages. They are given the data that they show, and never see AWS.

pub(crate) mod attach_lines;
pub(crate) mod bar_chart;
pub(crate) mod copy_line;
pub(crate) mod frame;
pub(crate) mod inline;
pub(crate) mod notices;
pub(crate) mod progress;
pub(crate) mod response_chart;
pub(crate) mod throughput_chart;
pub(crate) mod worker_table;
