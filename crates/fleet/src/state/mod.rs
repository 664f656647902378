//! What the page shows, in plain structs. No I/O, and nothing of a browser.

pub(crate) mod fleets;
pub(crate) mod hosts;
pub(crate) mod section;
