//! What the Design page knows and says, in plain structs. No I/O, and nothing of a browser.

pub(crate) mod draft;
pub(crate) mod earlier;
pub(crate) mod excerpt;
pub(crate) mod first_cases;
pub(crate) mod placeholders;
pub(crate) mod quoted;
pub(crate) mod spelling;
