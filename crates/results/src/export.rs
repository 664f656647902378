//! Export of results as files of other programs.

pub mod csv;
pub mod errors;
mod iso_time;
pub mod npy;
pub mod whole;
pub mod zip;
