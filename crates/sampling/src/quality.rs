//! Measures of the quality of points.

mod discrepancy;
mod distance;

pub use discrepancy::{
    MAX_DISCREPANCY_POINTS, centred_discrepancy, discrepancy_of_optimised, mean_discrepancy_of_random,
};
pub(crate) use discrepancy::{halved, kernel, single};
pub use distance::smallest_distance;
