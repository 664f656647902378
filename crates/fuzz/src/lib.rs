//! Hands every parser of bytes from outside whatever those may be: what lies in a bucket or a queue, what a cloud answers, what
//! stands in an address, and what a user opens.
//!
//! A [`FuzzTarget`] reads an input, writes what it has read, and reads that again. Whatever the input, it mustn't panic, take
//! more memory than a multiple of it ([`trial`]), or take long, and what is read and written again has to read the same.
//! Inputs are those of `corpus/`, and what [`InputMutator`] makes of them: it knows strings, numbers, brackets and lines. Inputs
//! that lead to an outcome which wasn't seen before are mutated further.
//!
//! `cargo test -p cruncher-fuzz` goes through the corpus alone, `make chaos` through mutations for a bounded time, and
//! `cargo run -p cruncher-fuzz -- --target import --secs 60` for as long as somebody likes.

pub mod corpus;
pub mod mutator;
pub mod targets;
pub mod trial;

pub use mutator::InputMutator;
pub use targets::{FuzzTarget, TARGETS};
