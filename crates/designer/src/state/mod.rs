//! State and messages of the Design page, in plain structs, without I/O and independent of a browser.

pub(crate) mod draft;
pub(crate) mod earlier;
pub(crate) mod excerpt;
pub(crate) mod first_cases;
pub(crate) mod folder;
pub(crate) mod kept;
pub(crate) mod placeholders;
pub(crate) mod pools;
pub(crate) mod quoted;
pub(crate) mod script_trace;
pub(crate) mod spelling;
