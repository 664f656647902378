//! Results as files of other programs.

pub mod csv;
pub mod npy;
pub mod whole;
pub mod zip;
