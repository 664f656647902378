//! The use cases over a study's domain and its cloud, grouped by people's tasks. The dashboard and the command line share every
//! one of them.
//!
//! [`administer`] launches, changes and deletes studies; [`enqueue`] sends cases; [`watch`] shows what becomes of them;
//! [`fetch`] takes results away, and [`freeze`] makes a study one file. All of them open a [`Study`].

pub mod administer;
pub mod enqueue;
pub mod fetch;
pub mod freeze;
pub mod listing;
pub mod progress;
mod reading;
pub mod study;
#[cfg(test)]
mod testing;
pub mod unzip;
pub mod watch;

pub use study::Study;
