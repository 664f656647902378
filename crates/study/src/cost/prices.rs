//! What things cost.

use std::collections::BTreeMap;

use super::{ReadPrice, ReadPrices, RequestCounts};

/// What a million requests of each kind cost, in dollars.
///
/// The default is that of us-east-1 as AWS publishes it (<https://aws.amazon.com/s3/pricing/>, <https://aws.amazon.com/sqs/pricing/>; FIFO
/// queues, without what is free each month). Other regions cost up to a half more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RequestPrices {
    /// S3: GET and HEAD.
    pub s3_get: f64,
    /// S3: PUT, POST and LIST.
    pub s3_put: f64,
    /// SQS, of a FIFO queue: a request of up to 64 KiB.
    pub sqs: f64,
}

impl Default for RequestPrices {
    fn default() -> Self {
        Self { s3_get: 0.40, s3_put: 5.00, sqs: 0.50 }
    }
}

impl RequestPrices {
    /// Returns what requests cost, in dollars.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "dollars")]
    pub fn dollars(&self, requests: RequestCounts) -> f64 {
        let RequestCounts { s3_get, s3_put, sqs } = requests;
        (s3_get as f64 * self.s3_get + s3_put as f64 * self.s3_put + sqs as f64 * self.sqs) / 1e6
    }
}

/// Prices that are known.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PriceList {
    /// Dollars an hour, by instance type.
    by_type: BTreeMap<String, f64>,
    /// Dollars an hour of a host whose type has no price.
    other: Option<f64>,
    /// What AWS has said.
    read: ReadPrices,
    /// Prices of requests.
    pub requests: RequestPrices,
}

impl PriceList {
    /// Reads prices: `0.34` is what any host costs an hour, `c7i.2xlarge=0.34` one of that type; `s3-get=`, `s3-put=` and `sqs=` are what
    /// a million requests cost. All in dollars; a later one outweighs an earlier one.
    ///
    /// # Errors
    /// A text that says what is wrong.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut list = Self::default();
        for text in texts {
            list.add(text)?;
        }
        Ok(list)
    }

    /// Adds one such price.
    ///
    /// # Errors
    /// A text that says what is wrong.
    pub fn add(&mut self, text: &str) -> Result<(), String> {
        let (name, number) = text.split_once('=').map_or((None, text), |(name, number)| (Some(name.trim()), number));
        let dollars = read_number(number.trim()).filter(|dollars| dollars.is_finite() && *dollars >= 0.0);
        let dollars = dollars.filter(|_| name != Some("")).ok_or_else(|| {
            format!(
                "`{text}` is no price: 0.34 is what a host costs an hour in dollars, c7i.2xlarge=0.34 one of that type"
            )
        })?;
        match name {
            None => self.other = Some(dollars),
            Some("s3-get") => self.requests.s3_get = dollars,
            Some("s3-put") => self.requests.s3_put = dollars,
            Some("sqs") => self.requests.sqs = dollars,
            Some(kind) => self.set(kind, dollars),
        }
        Ok(())
    }

    /// Sets what a host of a type costs an hour, in dollars.
    pub fn set(&mut self, kind: &str, dollars: f64) {
        self.by_type.insert(kind.to_owned(), dollars);
    }

    /// Whether there is a price of just this type.
    #[must_use]
    pub fn has(&self, kind: &str) -> bool {
        self.by_type.contains_key(kind)
    }

    /// Takes over prices that were read. One that somebody has entered, for the type or for any host, outweighs them.
    pub fn take_over(&mut self, read: ReadPrices) {
        self.read = read;
    }

    /// Returns what a host of a type costs an hour, in dollars.
    #[must_use]
    pub fn of(&self, kind: &str) -> Option<f64> {
        self.entered(kind).or_else(|| self.read.of(kind).map(|price| price.dollars_per_hour))
    }

    /// Returns the price of a type, if it is one that was read.
    #[must_use]
    pub fn read(&self, kind: &str) -> Option<&ReadPrice> {
        self.read.of(kind).filter(|_| self.entered(kind).is_none())
    }

    fn entered(&self, kind: &str) -> Option<f64> {
        self.by_type.get(kind).copied().or(self.other)
    }
}

/// Reads a number, also one that begins with its point, by the reader of JSON, which the page has anyway: another one would be 13 KiB
/// more of it.
fn read_number(text: &str) -> Option<f64> {
    let text = text.strip_prefix('+').unwrap_or(text);
    let whole = if text.starts_with('.') { "0" } else { "" };
    serde_json::from_slice(format!("{whole}{text}").as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::super::PriceSource;
    use super::*;

    #[test]
    fn an_entered_price_outweighs_one_that_was_read() {
        let read = |kind: &str| ReadPrice {
            instance_type: kind.into(),
            source: PriceSource::PriceList,
            dollars_per_hour: 0.2,
            time: 1.0,
        };
        let mut list = PriceList::parse(["c7i.xlarge=0.1"]).unwrap();
        list.take_over(ReadPrices { prices: vec![read("c7i.xlarge"), read("c7a.large")] });
        assert_eq!((list.of("c7i.xlarge"), list.of("c7a.large"), list.of("lab")), (Some(0.1), Some(0.2), None));
        assert!(list.read("c7i.xlarge").is_none() && list.read("c7a.large").is_some());
        list.add("0.5").unwrap();
        assert_eq!((list.of("c7a.large"), list.of("lab")), (Some(0.5), Some(0.5)));
        assert!(list.read("c7a.large").is_none());
    }

    #[test]
    fn prices_are_of_a_type_of_any_host_or_of_requests() {
        let list = PriceList::parse(["0.10", "c7i.2xlarge=0.34", "s3-get=0.5", "c7i.2xlarge= 0.35"]).unwrap();
        assert_eq!((list.of("c7i.2xlarge"), list.of("lab"), list.has("lab")), (Some(0.35), Some(0.10), false));
        let million = RequestCounts { s3_get: 1_000_000, s3_put: 1_000_000, sqs: 1_000_000 };
        assert!((list.requests.dollars(million) - 6.0).abs() < 1e-9);
        assert_eq!(PriceList::default().of("lab"), None);
        for (text, expected) in [(".5", 0.5), ("+2", 2.0), ("4e-7", 4e-7), ("0.34", 0.34)] {
            assert_eq!(PriceList::parse([text]).unwrap().of("lab"), Some(expected), "{text}");
        }
        for text in ["", ".", "=1", "c7i=", "c7i=free", "-1", "c7i=inf", "NaN", "1e999"] {
            assert!(PriceList::parse([text]).is_err(), "{text}");
        }
    }
}
