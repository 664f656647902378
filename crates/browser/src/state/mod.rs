//! What several pages know and say, in plain structs. No I/O, and nothing of a browser.

pub mod bar;
pub mod input_words;
pub mod problem;
pub mod route;
pub mod shorten;
pub mod versions;
