//! State and words of several pages, in plain structs. No I/O, and nothing of a browser.

pub mod bar;
pub mod dialog_request;
pub mod input_words;
pub mod masking;
pub mod pool_change;
pub mod pool_problem;
pub mod problem;
pub mod route;
pub mod shortcuts;
pub mod shorten;
pub mod steering;
pub mod title;
pub mod versions;
pub mod worker_words;
