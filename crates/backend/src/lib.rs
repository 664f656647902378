//! The use cases over a study's domain and its cloud. The dashboard and the command line share every one of them.

pub mod archive;
pub mod clean_up;
pub mod control;
pub mod document_cache;
pub mod documents;
pub mod download;
pub mod enqueue;
pub mod frozen;
pub mod key_value_store;
pub mod keys;
pub mod launch;
mod legacy;
pub mod listing;
pub mod page;
pub mod progress;
pub mod publish;
mod reading;
pub mod snapshot;
pub mod snapshot_codec;
pub mod stack;
pub mod study;
pub mod submitted;
pub mod watch;
pub mod withdrawn;

pub use study::Study;
