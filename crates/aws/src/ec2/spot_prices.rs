use crate::answer;
use crate::endpoints::{Endpoints, Service};
use crate::error::Error;
use crate::operation::{Answer, Operation, UnsignedRequest};

/// Requests what spot instances of a type cost at a moment, in each zone of the region: of Linux.
#[derive(Debug, Clone)]
pub struct DescribeSpotPrices {
    instance_type: String,
    at: String,
    next: Option<String>,
}

/// Price of a spot instance in a zone.
#[derive(Debug, Clone, PartialEq)]
pub struct SpotPrice {
    /// The zone.
    pub zone: String,
    /// The price, in dollars an hour.
    pub dollars_per_hour: f64,
}

/// A page of prices.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SpotPrices {
    /// The prices.
    pub prices: Vec<SpotPrice>,
    /// Token of the next page, if there is one.
    pub next: Option<String>,
}

impl DescribeSpotPrices {
    /// Asks for instances of a type at the time `at`, as in `2026-01-01T00:00:00Z`.
    pub fn of(instance_type: impl Into<String>, at: impl Into<String>) -> Self {
        Self { instance_type: instance_type.into(), at: at.into(), next: None }
    }

    /// Asks for the page that an earlier one has named.
    #[must_use]
    pub fn from(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }
}

impl Operation for DescribeSpotPrices {
    type Output = SpotPrices;

    const NAME: &'static str = "DescribeSpotPriceHistory";

    fn resource(&self) -> String {
        format!("spot instances of type {}", self.instance_type)
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        // Of a range that is a moment, AWS tells the prices that were valid then.
        let mut form = vec![
            ("InstanceType.1".to_owned(), self.instance_type.clone()),
            ("ProductDescription.1".to_owned(), "Linux/UNIX".to_owned()),
            ("StartTime".to_owned(), self.at.clone()),
            ("EndTime".to_owned(), self.at.clone()),
        ];
        form.extend(self.next.iter().map(|next| ("NextToken".to_owned(), next.clone())));
        UnsignedRequest::query(endpoints, Service::Ec2, Self::NAME, &form)
    }

    fn parse(&self, answer: &Answer) -> Result<SpotPrices, Error> {
        let root = answer::document(answer)?;
        let set = root
            .child("spotPriceHistorySet")
            .ok_or_else(|| answer::unreadable(answer, "the answer lists no spot prices"))?;
        let own = set.all("item").filter(|item| item.text("instanceType") == Some(&self.instance_type));
        let prices = own.filter_map(|item| {
            let dollars: f64 = item.text("spotPrice")?.parse().ok()?;
            let zone = item.text("availabilityZone").unwrap_or_default().to_owned();
            (dollars.is_finite() && dollars > 0.0).then_some(SpotPrice { zone, dollars_per_hour: dollars })
        });
        let next = root.text("nextToken").filter(|next| !next.is_empty()).map(str::to_owned);
        Ok(SpotPrices { prices: prices.collect(), next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{answer, check_unhappy_answers, read, written};

    const AT: &str = "2026-01-01T00:00:00Z";

    #[test]
    fn the_form_is_written() {
        assert_eq!(
            written(&DescribeSpotPrices::of("c7i.xlarge", AT).from("more")),
            "POST https://ec2.eu-central-1.amazonaws.com/\n\
             content-type: application/x-www-form-urlencoded; charset=utf-8\n\n\
             Action=DescribeSpotPriceHistory&Version=2016-11-15&InstanceType.1=c7i.xlarge\
             &ProductDescription.1=Linux%2FUNIX&StartTime=2026-01-01T00%3A00%3A00Z&EndTime=2026-01-01T00%3A00%3A00Z\
             &NextToken=more"
        );
    }

    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSpotPriceHistory.html>
    const REPLY: &str = r#"<DescribeSpotPriceHistoryResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
        <requestId>R1</requestId><spotPriceHistorySet>
            <item><instanceType>c7i.xlarge</instanceType><productDescription>Linux/UNIX</productDescription>
                <spotPrice>0.081200</spotPrice><timestamp>2025-12-31T20:56:05.000Z</timestamp>
                <availabilityZone>eu-central-1a</availabilityZone></item>
            <item><instanceType>c7i.xlarge</instanceType><spotPrice>free</spotPrice></item>
            <item><instanceType>c7a.xlarge</instanceType><spotPrice>0.1</spotPrice></item>
        </spotPriceHistorySet><nextToken/></DescribeSpotPriceHistoryResponse>"#;

    #[test]
    fn prices_are_read() {
        let operation = DescribeSpotPrices::of("c7i.xlarge", AT);
        let price = SpotPrice { zone: "eu-central-1a".into(), dollars_per_hour: 0.0812 };
        assert_eq!(read(&operation, REPLY).expect("prices"), SpotPrices { prices: vec![price], next: None });
        check_unhappy_answers(&operation, REPLY);
    }

    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>: one level deeper than elsewhere.
    #[test]
    fn refusals_of_ec2_are_read() {
        let refused = "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not authorized to perform this \
                       operation.</Message></Error></Errors><RequestID>R1</RequestID></Response>";
        let error = DescribeSpotPrices::of("c7i.xlarge", AT).parse(&answer(403, &[], refused)).expect_err("refused");
        assert!(error.is_access_denied());
        assert_eq!((error.code(), error.request_id()), (Some("UnauthorizedOperation"), Some("R1")));
    }
}
