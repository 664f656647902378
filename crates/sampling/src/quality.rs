//! How good points are.

mod correlation;
mod discrepancy;
mod distance;

pub use correlation::{Correlation, largest_correlation};
pub use discrepancy::{MAX_DISCREPANCY_POINTS, centred_discrepancy};
pub(crate) use discrepancy::{halved, kernel, single};
pub use distance::smallest_distance;
