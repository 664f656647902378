//! What the page knows and remembers, in plain structs. No I/O, and nothing of a browser.

pub(crate) mod bar;
pub(crate) mod designed;
pub(crate) mod draft;
pub(crate) mod earlier;
pub(crate) mod excerpt;
pub(crate) mod export;
pub(crate) mod first_cases;
pub(crate) mod input_words;
#[cfg(target_arch = "wasm32")]
pub(crate) mod live;
pub(crate) mod placeholders;
pub(crate) mod poll_backoff;
pub(crate) mod problem;
pub(crate) mod quoted;
pub(crate) mod responses;
pub(crate) mod route;
pub(crate) mod rows;
pub(crate) mod shorten;
pub(crate) mod shown_document;
pub(crate) mod spelling;
pub(crate) mod table;
pub(crate) mod versions;
pub(crate) mod view;
pub(crate) mod words;
