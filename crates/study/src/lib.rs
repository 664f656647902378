//! The domain of a parameter study: its factors, the cases that follow from them, the documents that travel between the page,
//! the command line and the worker, and the state of every case.
//!
//! Nothing here does I/O, reads a clock or draws randomness of its own. The documents are those of `docs/protocol.md`.
//! Times are seconds since 1970, as floats.

pub mod access;
pub mod accounting;
pub mod attach_line;
pub mod attempt_times;
pub mod axes;
pub mod batch;
mod canonical;
pub mod case;
pub mod case_table;
pub mod cases;
pub mod combination;
pub mod config;
pub mod constraint;
pub mod control;
pub mod cost;
mod decimal;
pub mod design;
pub mod design_document;
pub mod diagnosis;
pub mod error_groups;
pub mod extract;
pub mod factor;
pub mod fleet_setup;
pub mod forecast;
mod grid;
pub mod halting;
pub mod heartbeat;
pub mod import;
pub mod isolation;
pub mod key;
pub mod ledger;
pub mod message;
pub mod model;
pub mod model_document;
pub mod number_format;
pub mod ordering;
pub mod outcome;
pub mod points_script;
pub mod pool;
pub mod replaced_keys;
pub mod responses;
pub mod sampler;
pub mod segment;
pub mod shown_text;
pub mod signature;
pub mod study_events;
pub mod template;
pub mod thinning;
pub mod utc_time;
pub mod versions;
pub mod worker_log;

/// The version of every document that this crate reads and writes.
pub const PROTOCOL_VERSION: u32 = 1;
