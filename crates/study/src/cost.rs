//! Time and money: what a study's hosts were used for, and what that and its requests come to.
//!
//! All of it follows from heartbeats: a host costs from the moment when its first worker was attached to the last sign of life of any, and
//! several workers of a host use it together. What workers tell that somebody forged is bounded by the times when S3 says that it was written.

mod estimate;
mod prices;
mod read_prices;
mod table;
mod usage;

pub use estimate::{CostEstimate, CostInput};
pub use prices::{PriceList, RequestPrices};
pub use read_prices::{MAX_PRICES_BYTES, PRICES_KEY, PriceSource, ReadPrice, ReadPrices, WantedPrice};
pub use table::usage_csv;
pub use usage::{RequestCounts, UsageGrouping, UsageRow, WorkerUsage, usage_rows};

/// Seconds of an hour: prices are by the hour.
pub const HOUR_SECS: f64 = 3_600.0;
