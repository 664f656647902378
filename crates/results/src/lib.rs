//! The results of a study by column.
//!
//! Workers write a row for each attempt that they finished ([`cruncher_study::segment`]). A [`chunk::Chunk`] holds such
//! rows by column, and as bytes that are read back at the speed of memory. A [`store::ResultStore`] puts chunks together, one row
//! a case. A [`filter::RowFilter`] chooses rows ([`mask::RowMask`]), [`order`] sorts them, [`export`] writes them for other
//! programs.
//!
//! Nothing here does I/O or reads a clock. Times are seconds since 1970. What is read was written by somebody else: it is
//! bounded, and no text of it makes anything fail.

pub mod case_versions;
pub mod chunk;
pub mod column_id;
pub mod curves;
pub mod export;
pub mod filter;
pub mod mask;
pub mod number;
pub mod order;
pub mod percent;
#[cfg(test)]
mod samples;
pub mod store;
