//! What the page shows, in plain structs. No I/O, and nothing of a browser.

pub(crate) mod bounded_rows;
pub(crate) mod cost_view;
pub(crate) mod fleets;
pub(crate) mod hosts;
pub(crate) mod log_view;
pub(crate) mod pools;
pub(crate) mod section;
