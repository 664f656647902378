//! Prices of instances, asked of AWS with the account's own credentials and kept in the bucket, for all who look.

use cruncher_aws::ec2::DescribeSpotPrices;
use cruncher_aws::pricing::GetProducts;
use cruncher_aws::{Error, s3};
use cruncher_study::cost::{MAX_PRICES_BYTES, PRICES_KEY, PriceSource, ReadPrice, ReadPrices, WantedPrice};
use cruncher_study::utc_time::to_the_second;

use crate::study::Study;

/// Maximum number of instance types of which prices are asked at once. Each is a request.
const MAX_WANTED: usize = 50;

/// Maximum number of pages of an answer that are read.
const MAX_PAGES: usize = 10;

/// Answer of AWS about prices.
#[derive(Debug, Default)]
pub struct PriceReading {
    /// Prices that it has told.
    pub read: Vec<ReadPrice>,
    /// Instance types without one, each with the reason.
    pub missing: Vec<(String, String)>,
}

/// Asks AWS for prices. What is refused or not known of one type leaves the others alone.
pub async fn read_prices(study: &Study, wanted: &[WantedPrice]) -> PriceReading {
    let mut reading = PriceReading::default();
    for (number, price) in wanted.iter().filter(|price| price.is_of_ec2()).enumerate() {
        let kind = &price.instance_type;
        if number >= MAX_WANTED {
            reading.missing.push((kind.clone(), format!("only {MAX_WANTED} types are asked for")));
            continue;
        }
        let found = match price.source {
            PriceSource::PriceList => on_demand(study, kind).await,
            PriceSource::SpotHistory => spot(study, kind).await,
        };
        match found {
            Ok(Some(dollars_per_hour)) => reading.read.push(ReadPrice {
                instance_type: kind.clone(),
                source: price.source,
                dollars_per_hour,
                time: study.now(),
            }),
            Ok(None) => {
                let region = &study.client.endpoints().region;
                reading.missing.push((kind.clone(), format!("AWS has no price in dollars for it in {region}")));
            }
            Err(error) => reading.missing.push((kind.clone(), refused(price.source, &error))),
        }
    }
    for price in wanted.iter().filter(|price| !price.is_of_ec2()) {
        reading.missing.push((price.instance_type.clone(), "it is no instance type of EC2".to_owned()));
    }
    reading
}

fn refused(source: PriceSource, error: &Error) -> String {
    let action = match source {
        PriceSource::PriceList => "pricing:GetProducts",
        PriceSource::SpotHistory => "ec2:DescribeSpotPriceHistory",
    };
    if error.is_access_denied() { format!("the key may not call {action}") } else { error.to_string() }
}

/// Asks what a type costs on demand: of several prices the highest.
async fn on_demand(study: &Study, kind: &str) -> Result<Option<f64>, Error> {
    let ask = || GetProducts::of_instances(kind, &study.client.endpoints().region);
    let (mut found, mut next) = (None, ask());
    for _ in 0..MAX_PAGES {
        let page = study.client.send(&next).await?;
        found = page.dollars_per_hour.into_iter().chain(found).reduce(f64::max);
        match page.next {
            Some(token) => next = ask().from(token),
            None => break,
        }
    }
    Ok(found)
}

/// Asks what a spot instance of a type costs now: in the dearest zone, since a fleet takes what it gets.
async fn spot(study: &Study, kind: &str) -> Result<Option<f64>, Error> {
    let at = to_the_second(study.client.now().as_secs()) + "Z";
    let ask = || DescribeSpotPrices::of(kind, at.as_str());
    let (mut found, mut next) = (None, ask());
    for _ in 0..MAX_PAGES {
        let page = study.client.send(&next).await?;
        found = page.prices.into_iter().map(|price| price.dollars_per_hour).chain(found).reduce(f64::max);
        match page.next {
            Some(token) => next = ask().from(token),
            None => break,
        }
    }
    Ok(found)
}

/// The prices that were kept, read again only if they have changed.
#[derive(Debug, Clone)]
pub struct KeptPrices {
    etag: String,
    prices: Result<ReadPrices, String>,
}

impl Default for KeptPrices {
    fn default() -> Self {
        Self { etag: String::new(), prices: Ok(ReadPrices::default()) }
    }
}

impl KeptPrices {
    /// Looks whether there are other prices, and returns them; the error says why they can't be read. A listing comes first: a browser
    /// complains about each object that isn't there.
    ///
    /// # Errors
    /// If the listing fails.
    pub async fn look(&mut self, study: &Study) -> Result<Result<ReadPrices, String>, Error> {
        let listing = s3::ListObjects::new(&study.config.bucket).prefix(PRICES_KEY).max_keys(1);
        let listed = study.client.send(&listing).await?.objects;
        match listed.into_iter().find(|object| object.key == PRICES_KEY) {
            None => *self = Self::default(),
            Some(object) if object.etag == self.etag => {}
            Some(object) => *self = Self { etag: object.etag, prices: kept_prices(study).await },
        }
        Ok(self.prices.clone())
    }
}

/// Returns the prices that were kept; none if nobody has read any.
///
/// # Errors
/// A text that says why they can't be read.
pub async fn kept_prices(study: &Study) -> Result<ReadPrices, String> {
    match study.read(PRICES_KEY, MAX_PRICES_BYTES).await {
        Ok(document) => ReadPrices::parse(&document).map_err(|why| format!("{PRICES_KEY} can't be read: {why}")),
        Err(error) if error.is_not_found() => Ok(ReadPrices::default()),
        Err(error) => Err(error.to_string()),
    }
}

/// Keeps prices.
///
/// # Errors
/// If the request fails.
pub async fn keep_prices(study: &Study, prices: &ReadPrices) -> Result<(), Error> {
    let put = s3::PutObject::new(&study.config.bucket, PRICES_KEY, prices.to_json()).content_type("application/json");
    study.client.send(&put).await.map(drop)
}
