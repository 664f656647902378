//! The use cases over a study's domain and its cloud. The dashboard and the command line share every one of them.

pub mod enqueue;
pub mod study;
pub mod watch;

pub use study::Study;
