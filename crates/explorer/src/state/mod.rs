//! State and words of the explorer, in plain structs. No I/O, and nothing of a browser.

pub(crate) mod attempts;
pub(crate) mod combined;
pub(crate) mod contrast;
pub(crate) mod designed;
pub(crate) mod export;
pub(crate) mod layout;
pub(crate) mod markup;
pub(crate) mod preview;
pub(crate) mod responses;
pub(crate) mod rows;
pub(crate) mod shown_document;
pub(crate) mod spread;
pub(crate) mod table;
pub(crate) mod view;
pub(crate) mod words;
