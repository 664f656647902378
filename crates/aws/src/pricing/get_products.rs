use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::answer;
use crate::endpoints::Endpoints;
use crate::error::Error;
use crate::operation::{Answer, Operation, UnsignedRequest};

/// Requests what instances of a type cost in a region on demand: of Linux, without software that is paid for, and not dedicated.
#[derive(Debug, Clone)]
pub struct GetProducts {
    instance_type: String,
    region: String,
    next: Option<String>,
}

/// A page of what the price list has.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProductPrices {
    /// Prices, in dollars an hour.
    pub dollars_per_hour: Vec<f64>,
    /// Token of the next page, if there is one.
    pub next: Option<String>,
}

impl GetProducts {
    /// Asks for instances of a type in a region.
    pub fn of_instances(instance_type: impl Into<String>, region: impl Into<String>) -> Self {
        Self { instance_type: instance_type.into(), region: region.into(), next: None }
    }

    /// Asks for the page that an earlier one has named.
    #[must_use]
    pub fn from(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }

    /// Returns the price on demand that a product has, if it is the one asked for.
    fn dollars(&self, product: &str) -> Option<f64> {
        let product: Value = serde_json::from_str(product).ok()?;
        let attributes = &product["product"]["attributes"];
        let is_asked_for = attributes["instanceType"] == self.instance_type && attributes["regionCode"] == self.region;
        let terms = product["terms"]["OnDemand"].as_object().filter(|_| is_asked_for)?;
        let dimensions =
            terms.values().filter_map(|term| term["priceDimensions"].as_object()).flat_map(|all| all.values());
        dimensions.filter(|dimension| dimension["unit"] == "Hrs").find_map(|dimension| {
            let dollars: f64 = dimension["pricePerUnit"]["USD"].as_str()?.parse().ok()?;
            (dollars.is_finite() && dollars > 0.0).then_some(dollars)
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    service_code: &'a str,
    filters: Vec<Filter<'a>>,
    format_version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Filter<'a> {
    r#type: &'a str,
    field: &'a str,
    value: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Found {
    #[serde(default)]
    price_list: Vec<String>,
    next_token: Option<String>,
}

impl Operation for GetProducts {
    type Output = ProductPrices;

    const NAME: &'static str = "GetProducts";

    fn resource(&self) -> String {
        format!("{} in {}", self.instance_type, self.region)
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        let filters = [
            ("instanceType", self.instance_type.as_str()),
            ("regionCode", &self.region),
            ("operatingSystem", "Linux"),
            ("tenancy", "Shared"),
            ("preInstalledSw", "NA"),
            // Reserved capacity has prices of its own.
            ("capacitystatus", "Used"),
        ];
        let filters = filters.map(|(field, value)| Filter { r#type: "TERM_MATCH", field, value }).into();
        let (service_code, format_version, next_token) = ("AmazonEC2", "aws_v1", self.next.as_deref());
        let body = Body { service_code, filters, format_version, next_token };
        UnsignedRequest::pricing(endpoints, Self::NAME, &body)
    }

    fn parse(&self, answer: &Answer) -> Result<ProductPrices, Error> {
        let Found { price_list, next_token } = answer::json(answer)?;
        let dollars_per_hour = price_list.iter().filter_map(|product| self.dollars(product)).collect();
        Ok(ProductPrices { dollars_per_hour, next: next_token.filter(|next| !next.is_empty()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check_unhappy_answers, read, written};

    #[test]
    fn the_filters_are_written() {
        let filter =
            |field: &str, value: &str| format!(r#"{{"Type":"TERM_MATCH","Field":"{field}","Value":"{value}"}}"#);
        let filters = [
            filter("instanceType", "c7i.xlarge"),
            filter("regionCode", "eu-central-1"),
            filter("operatingSystem", "Linux"),
            filter("tenancy", "Shared"),
            filter("preInstalledSw", "NA"),
            filter("capacitystatus", "Used"),
        ];
        assert_eq!(
            written(&GetProducts::of_instances("c7i.xlarge", "eu-central-1").from("more")),
            format!(
                "POST https://api.pricing.eu-central-1.amazonaws.com/\n\
                 content-type: application/x-amz-json-1.1\n\
                 x-amz-target: AWSPriceListService.GetProducts\n\n\
                 {{\"ServiceCode\":\"AmazonEC2\",\"Filters\":[{}],\"FormatVersion\":\"aws_v1\",\"NextToken\":\"more\"}}",
                filters.join(",")
            )
        );
    }

    /// <https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html>: each product is a text of JSON.
    const REPLY: &str = r#"{"FormatVersion": "aws_v1", "PriceList": [
        "{\"product\":{\"productFamily\":\"Compute Instance\",\"attributes\":{\"instanceType\":\"c7i.xlarge\",\"regionCode\":\"eu-central-1\"},\"sku\":\"A\"},\"serviceCode\":\"AmazonEC2\",\"terms\":{\"OnDemand\":{\"A.J\":{\"priceDimensions\":{\"A.J.6\":{\"unit\":\"Hrs\",\"pricePerUnit\":{\"USD\":\"0.2037000000\"}}},\"sku\":\"A\",\"termAttributes\":{}}},\"Reserved\":{\"A.K\":{\"priceDimensions\":{\"A.K.6\":{\"unit\":\"Hrs\",\"pricePerUnit\":{\"USD\":\"0.1\"}}}}}}}",
        "{\"product\":{\"attributes\":{\"instanceType\":\"c7i.2xlarge\",\"regionCode\":\"eu-central-1\"}},\"terms\":{\"OnDemand\":{\"A\":{\"priceDimensions\":{\"A\":{\"unit\":\"Hrs\",\"pricePerUnit\":{\"USD\":\"0.4\"}}}}}}}",
        "{\"product\":{\"attributes\":{\"instanceType\":\"c7i.xlarge\",\"regionCode\":\"eu-central-1\"}},\"terms\":{\"OnDemand\":{\"A\":{\"priceDimensions\":{\"A\":{\"unit\":\"Hrs\",\"pricePerUnit\":{\"CNY\":\"0.4\"}}}}}}}",
        "{\"product\":{\"attributes\":{\"instanceType\":\"c7i.xlarge\",\"regionCode\":\"eu-central-1\"}},\"terms\":{\"OnDemand\":{\"A\":{\"priceDimensions\":{\"A\":{\"unit\":\"Hrs\",\"pricePerUnit\":{\"USD\":\"0.0000000000\"}}}}}}}",
        "no JSON"
    ], "NextToken": "more"}"#;

    #[test]
    fn prices_are_read() {
        let operation = GetProducts::of_instances("c7i.xlarge", "eu-central-1");
        let found = read(&operation, REPLY).expect("prices");
        assert_eq!(found, ProductPrices { dollars_per_hour: vec![0.2037], next: Some("more".into()) });
        assert_eq!(read(&operation, r#"{"FormatVersion": "aws_v1"}"#).expect("no price"), ProductPrices::default());
        check_unhappy_answers(&operation, REPLY);
    }
}
