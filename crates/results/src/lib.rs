//! The results of a study by column.
//!
//! Workers write a row for each attempt that they finished ([`cruncher_study::segment`]). A [`chunk::Chunk`] holds such rows by
//! column, and as bytes that are read back at the speed of memory. A [`store::ResultStore`] puts chunks together, one row for
//! each case. A [`filter::RowFilter`] chooses rows ([`mask::RowMask`]), [`order`] sorts them, [`export`] writes them for other
//! programs.
//!
//! This crate does no I/O and reads no clock. Times are seconds since 1970. Its input was written by others: it is bounded, and
//! no text in it can cause a failure.

mod case_lists;
pub mod case_states;
pub mod case_versions;
pub mod chunk;
pub mod column_id;
pub mod curves;
pub mod designed_cases;
pub mod export;
pub mod filter;
pub mod mask;
pub mod number;
pub mod order;
pub mod percent;
#[cfg(test)]
mod samples;
pub mod store;
