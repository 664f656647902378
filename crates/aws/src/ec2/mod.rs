//! Prices of spot instances, in the query protocol of EC2.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSpotPriceHistory.html>

mod spot_prices;

pub use spot_prices::{DescribeSpotPrices, SpotPrice, SpotPrices};
