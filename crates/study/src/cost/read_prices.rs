//! `prices.json`: what AWS has said that instances cost, when somebody with the account's own credentials asked.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::PROTOCOL_VERSION;
use crate::fleet_setup::FleetSetup;
use crate::shown_text::visible;

use super::WorkerUsage;

/// The document's key.
pub const PRICES_KEY: &str = "prices.json";

/// Size of the largest such document that is read.
pub const MAX_PRICES_BYTES: u64 = 256 << 10;

/// Maximum number of prices that are kept.
const MAX_PRICES: usize = 200;

/// Maximum number of letters of an instance type.
const MAX_TYPE_CHARS: usize = 40;

/// Largest price that is believed, in dollars an hour.
const MAX_DOLLARS: f64 = 9_999.0;

/// Where a price was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceSource {
    /// AWS's price list: on demand.
    PriceList,
    /// EC2's history of spot prices.
    SpotHistory,
}

impl PriceSource {
    const ALL: [Self; 2] = [Self::PriceList, Self::SpotHistory];

    /// Returns the name in the document.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PriceList => "price-list",
            Self::SpotHistory => "spot-price-history",
        }
    }

    /// Says how the instance is paid for, and who says so.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::PriceList => "on demand with Linux, by AWS's price list",
            Self::SpotHistory => "spot with Linux, by EC2's history of spot prices",
        }
    }
}

/// What an instance of a type costs, as AWS has said it.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadPrice {
    /// The instance type.
    pub instance_type: String,
    /// Where it was read.
    pub source: PriceSource,
    /// The price, in dollars an hour.
    pub dollars_per_hour: f64,
    /// Time when it was read.
    pub time: f64,
}

/// The prices that were read last.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReadPrices {
    /// One an instance type.
    pub prices: Vec<ReadPrice>,
}

impl ReadPrices {
    /// Reads the document. A price in it that is none is left out.
    ///
    /// # Errors
    /// A text that says why it can't be read.
    pub fn parse(document: &[u8]) -> Result<Self, String> {
        let document: Value = serde_json::from_slice(document).map_err(|error| error.to_string())?;
        let listed = document["prices"].as_array().ok_or("it lists no prices")?;
        let mut read = Self::default();
        for price in listed.iter().take(MAX_PRICES).filter_map(price) {
            read.enter(price);
        }
        Ok(read)
    }

    /// Adds a price. It replaces that of the same type.
    pub fn enter(&mut self, price: ReadPrice) {
        self.prices.retain(|known| known.instance_type != price.instance_type);
        self.prices.push(price);
    }

    /// Returns the price of an instance type.
    #[must_use]
    pub fn of(&self, kind: &str) -> Option<&ReadPrice> {
        self.prices.iter().find(|price| price.instance_type == kind)
    }

    /// Writes the document: the latest prices that there is room for.
    #[must_use]
    pub fn to_json(&self) -> String {
        let beyond = self.prices.len().saturating_sub(MAX_PRICES);
        let price = |price: &ReadPrice| {
            json!({
                "instance_type": price.instance_type, "source": price.source.name(),
                "dollars_per_hour": price.dollars_per_hour, "time": price.time,
            })
        };
        let prices: Vec<Value> = self.prices.iter().skip(beyond).map(price).collect();
        json!({"v": PROTOCOL_VERSION, "prices": prices}).to_string()
    }
}

fn price(value: &Value) -> Option<ReadPrice> {
    let (kind, source) = (value["instance_type"].as_str()?, value["source"].as_str()?);
    let number = |name: &str| value[name].as_f64().filter(|number| number.is_finite() && *number >= 0.0);
    Some(ReadPrice {
        instance_type: Some(visible(kind).chars().take(MAX_TYPE_CHARS).collect())
            .filter(|kind: &String| !kind.is_empty())?,
        source: PriceSource::ALL.into_iter().find(|known| known.name() == source)?,
        dollars_per_hour: number("dollars_per_hour").filter(|dollars| *dollars <= MAX_DOLLARS)?,
        time: number("time")?,
    })
}

/// An instance type of which the price is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedPrice {
    /// The instance type, as workers or computers of fleets tell it.
    pub instance_type: String,
    /// Where its price stands: all of its computers are spot instances, or else it is the price on demand.
    pub source: PriceSource,
    /// Whether some of its computers are spot instances and others aren't: the dearer price is wanted.
    pub is_mixed: bool,
}

impl WantedPrice {
    /// Returns the types that workers and computers of fleets tell, each once: those that workers have used longest come first, since not
    /// all of very many are asked for, and those of the same time by their names.
    #[must_use]
    pub fn all(usages: &[WorkerUsage], setups: &[FleetSetup]) -> Vec<Self> {
        let of_workers = usages.iter().filter_map(|usage| usage.instance_type.as_deref());
        let of_fleets = setups.iter().map(|setup| setup.instance_type.as_str());
        let mut kinds: Vec<&str> = of_workers.chain(of_fleets).filter(|kind| !kind.is_empty()).collect();
        let mut secs: BTreeMap<&str, f64> = BTreeMap::new();
        for usage in usages {
            *secs.entry(usage.instance_type.as_deref().unwrap_or_default()).or_default() +=
                usage.time - usage.start_time;
        }
        let secs = |kind: &str| secs.get(kind).copied().unwrap_or_default();
        kinds.sort_unstable_by(|one, other| secs(other).total_cmp(&secs(one)).then(one.cmp(other)));
        kinds.dedup();
        kinds.into_iter().map(|kind| Self::of(kind, usages, setups)).collect()
    }

    fn of(kind: &str, usages: &[WorkerUsage], setups: &[FleetSetup]) -> Self {
        let of_fleets = || setups.iter().filter(|setup| setup.instance_type == kind);
        let spot = of_fleets().filter(|setup| setup.life_cycle == "spot").count();
        // A host that is in no fleet was started by hand: on demand, as far as anybody knows.
        let is_by_hand = |usage: &&WorkerUsage| {
            usage.instance_type.as_deref() == Some(kind) && !setups.iter().any(|setup| setup.host == usage.host)
        };
        let others = of_fleets().count() - spot + usages.iter().filter(is_by_hand).count();
        let source = if spot > 0 && others == 0 { PriceSource::SpotHistory } else { PriceSource::PriceList };
        Self { instance_type: kind.to_owned(), source, is_mixed: spot > 0 && others > 0 }
    }

    /// Whether the type can be one of EC2: anything may stand in a worker's environment.
    #[must_use]
    pub fn is_of_ec2(&self) -> bool {
        let is_plain = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        self.instance_type.split_once('.').is_some_and(|(family, size)| is_plain(family) && is_plain(size))
    }
}

#[cfg(test)]
mod tests {
    use super::super::usage::tests::worker;
    use super::*;

    fn read(kind: &str, source: PriceSource, dollars_per_hour: f64) -> ReadPrice {
        ReadPrice { instance_type: kind.into(), source, dollars_per_hour, time: 1_790_000_000.0 }
    }

    #[test]
    fn what_was_written_is_read_back() {
        let mut prices = ReadPrices::default();
        prices.enter(read("c7i.xlarge", PriceSource::PriceList, 0.3));
        prices.enter(read("c7a.large", PriceSource::SpotHistory, 0.05));
        prices.enter(read("c7i.xlarge", PriceSource::SpotHistory, 0.1));
        let back = ReadPrices::parse(prices.to_json().as_bytes()).unwrap();
        assert_eq!(back, prices);
        assert_eq!((back.prices.len(), back.of("c7i.xlarge").map(|price| price.dollars_per_hour)), (2, Some(0.1)));
        for number in 0..MAX_PRICES {
            prices.enter(read(&format!("x.{number}"), PriceSource::PriceList, 1.0));
        }
        let back = ReadPrices::parse(prices.to_json().as_bytes()).unwrap();
        assert_eq!((back.prices.len(), back.of("c7a.large")), (MAX_PRICES, None));
    }

    #[test]
    fn what_is_no_price_is_left_out() {
        let document = r#"{"v": 1, "prices": [3, {}, {"instance_type": "a.b", "source": "hearsay", "dollars_per_hour": 1, "time": 1},
            {"instance_type": "a.b", "source": "price-list", "dollars_per_hour": -1, "time": 1},
            {"instance_type": "a.b", "source": "price-list", "dollars_per_hour": "0.1", "time": 1},
            {"instance_type": "", "source": "price-list", "dollars_per_hour": 1, "time": 1},
            {"instance_type": "a\u202eb", "source": "price-list", "dollars_per_hour": 1, "time": 1}]}"#;
        let read = ReadPrices::parse(document.as_bytes()).unwrap();
        assert_eq!(read.prices.len(), 1);
        assert_eq!(read.prices[0].instance_type, "a\\u{202e}b");
        for broken in ["", "[]", "{}", r#"{"prices": 3}"#] {
            assert!(ReadPrices::parse(broken.as_bytes()).is_err(), "{broken}");
        }
    }

    #[test]
    fn a_type_is_bought_as_its_computers_are() {
        let setup = |host: &str, kind: &str, life_cycle: &str| -> FleetSetup {
            let json = json!({"host": host, "instance_type": kind, "life_cycle": life_cycle, "start_time": 0, "time": 0, "state": "working"});
            serde_json::from_value(json).unwrap()
        };
        let usages = [
            worker("a", Some("c7i.xlarge"), (-4.0, 0.0), 8),
            worker("b", Some("c7a.large"), (-4.0, 0.0), 8),
            worker("c", Some("lab-pc"), (-5.0, 0.0), 8),
            worker("d", None, (-4.0, 0.0), 8),
        ];
        let setups =
            [setup("a", "c7i.xlarge", "spot"), setup("e", "c7a.large", "spot"), setup("f", "m7i.large", "on-demand")];
        let wanted = WantedPrice::all(&usages, &setups);
        let told: Vec<_> = wanted
            .iter()
            .map(|price| (price.instance_type.as_str(), price.source, price.is_mixed, price.is_of_ec2()))
            .collect();
        assert_eq!(
            told,
            [
                ("lab-pc", PriceSource::PriceList, false, false),
                ("c7a.large", PriceSource::PriceList, true, true),
                ("c7i.xlarge", PriceSource::SpotHistory, false, true),
                ("m7i.large", PriceSource::PriceList, false, true),
            ]
        );
    }
}
