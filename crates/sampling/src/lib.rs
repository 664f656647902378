//! Points of the unit cube, chosen for a parameter study, and measures of their quality.
//!
//! Nothing here does I/O, reads a clock or draws randomness of its own. Random numbers follow from a seed, and are the same on
//! every platform, bit for bit: floats are only added, subtracted, multiplied, divided, rounded and their roots taken, which
//! IEEE 754 defines exactly.

#[cfg(test)]
mod checks;
mod doubling;
mod generator;
mod halton;
mod latin_hypercube;
mod levels;
mod optimised;
mod points;
pub mod quality;
mod random;
mod sobol;

pub use doubling::double_latin_hypercube;
pub use halton::{MAX_HALTON_DIMENSIONS, halton};
pub use latin_hypercube::latin_hypercube;
pub use levels::balance_levels;
pub use optimised::{MAX_OPTIMISED, OptimisationCriterion, optimised_latin_hypercube};
pub use points::UnitPoints;
pub use random::random;
pub use sobol::{MAX_SOBOL_DIMENSIONS, sobol};
