//! AWS's price list, in the JSON protocol.
//! <https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_Operations_AWS_Price_List_Service.html>

mod get_products;

pub use get_products::{GetProducts, ProductPrices};
