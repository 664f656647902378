//! A frozen study: one document that shows it for ever, without key, bucket or network.
//!
//! It is the study's page with its programs in the document itself, and the study's state at one moment. A script of its own
//! (`frozen.js`) unpacks that, and answers in place of the network. A policy allows these scripts and nothing else: a frozen
//! study can't send a request to anybody.

mod collect;
mod document;
mod documents;
mod layout;
mod progress;
mod published;

pub use collect::{FrozenContent, collect};
pub use document::{DocumentPart, FreezeError, as_text, document, parts};
pub use progress::FreezeProgress;
pub use published::published;
