//! Addresses of the services.

use crate::encode;

/// The services that a study uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Objects.
    S3,
    /// Queues.
    Sqs,
    /// Stacks.
    CloudFormation,
    /// Users and their access keys.
    Iam,
    /// Groups of computers.
    AutoScaling,
    /// Computers: what they cost at the spot market.
    Ec2,
    /// AWS's price list.
    Pricing,
}

impl Service {
    /// Returns the name in signatures and host names.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Sqs => "sqs",
            Self::CloudFormation => "cloudformation",
            Self::Iam => "iam",
            Self::AutoScaling => "autoscaling",
            Self::Ec2 => "ec2",
            Self::Pricing => "pricing",
        }
    }
}

/// Addresses of a region of AWS, or of a cloud of one's own at one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// The region, `eu-central-1`.
    pub region: String,
    /// `None` for AWS: a host for each service, buckets as virtual hosts. Otherwise every service is at this address, and a
    /// bucket is the first part of the path.
    pub endpoint_url: Option<String>,
}

impl Endpoints {
    /// Returns the endpoints of `region`, or of the cloud at `endpoint_url`.
    pub fn new(region: impl Into<String>, endpoint_url: Option<String>) -> Self {
        Self { region: region.into(), endpoint_url: endpoint_url.map(|url| url.trim_end_matches('/').to_owned()) }
    }

    /// Returns the unsigned address of an object, percent-encoded.
    #[must_use]
    pub fn object_url(&self, bucket: &str, key: &str) -> String {
        format!("{}{}", self.bucket_url(bucket), encode::path(key))
    }

    /// Returns the address that a key is appended to; it ends in a slash.
    #[must_use]
    pub fn bucket_url(&self, bucket: &str) -> String {
        let (region, suffix) = (&self.region, self.suffix());
        match &self.endpoint_url {
            Some(url) => format!("{url}/{}/", encode::query(bucket)),
            // The certificate covers one label before `.s3`, so a name with points in it can't be a virtual host.
            // https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
            None if bucket.contains('.') => format!("https://s3.{region}.{suffix}/{}/", encode::query(bucket)),
            None => format!("https://{}.s3.{region}.{suffix}/", encode::query(bucket)),
        }
    }

    /// Returns the address that a service's API is posted to; it ends in a slash.
    #[must_use]
    pub fn service_url(&self, service: Service) -> String {
        let (region, suffix) = (&self.region, self.suffix());
        match (&self.endpoint_url, service) {
            (Some(url), _) => format!("{url}/"),
            (None, Service::Iam) => format!("https://{}/", self.iam().host),
            (None, Service::Pricing) => format!("https://api.pricing.{}.{suffix}/", self.pricing_region()),
            (None, _) => format!("https://{}.{region}.{suffix}/", service.name()),
        }
    }

    /// Returns the region that a request to `service` is signed for.
    #[must_use]
    pub fn signing_region(&self, service: Service) -> &str {
        match service {
            Service::Iam => self.iam().region,
            Service::Pricing => self.pricing_region(),
            _ => &self.region,
        }
    }

    /// Returns the region whose endpoint has the price list, which is the same at each: those of a partition are few.
    /// <https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html>
    fn pricing_region(&self) -> &'static str {
        match self.region.split('-').next() {
            Some("cn") => "cn-northwest-1",
            Some("eu") => "eu-central-1",
            Some("ap") => "ap-south-1",
            _ => "us-east-1",
        }
    }

    fn suffix(&self) -> &'static str {
        if self.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
    }

    /// Returns the endpoint of IAM, which is global: one address a partition.
    /// <https://docs.aws.amazon.com/general/latest/gr/iam-service.html>
    fn iam(&self) -> Iam {
        if self.region.starts_with("cn-") {
            Iam { host: "iam.cn-north-1.amazonaws.com.cn", region: "cn-north-1" }
        } else if self.region.starts_with("us-gov-") {
            Iam { host: "iam.us-gov.amazonaws.com", region: "us-gov-west-1" }
        } else {
            Iam { host: "iam.amazonaws.com", region: "us-east-1" }
        }
    }
}

struct Iam {
    host: &'static str,
    region: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_aws_every_service_and_bucket_has_its_host() {
        let endpoints = Endpoints::new("eu-central-1", None);
        assert_eq!(endpoints.object_url("b", "data/a.json"), "https://b.s3.eu-central-1.amazonaws.com/data/a.json");
        assert_eq!(endpoints.service_url(Service::Sqs), "https://sqs.eu-central-1.amazonaws.com/");
        assert_eq!(endpoints.signing_region(Service::Sqs), "eu-central-1");
        assert_eq!(
            endpoints.service_url(Service::CloudFormation),
            "https://cloudformation.eu-central-1.amazonaws.com/"
        );
    }

    #[test]
    fn iam_is_one_address_a_partition() {
        for (region, url, signed_for) in [
            ("eu-central-1", "https://iam.amazonaws.com/", "us-east-1"),
            ("cn-northwest-1", "https://iam.cn-north-1.amazonaws.com.cn/", "cn-north-1"),
            ("us-gov-east-1", "https://iam.us-gov.amazonaws.com/", "us-gov-west-1"),
        ] {
            let endpoints = Endpoints::new(region, None);
            assert_eq!(endpoints.service_url(Service::Iam), url);
            assert_eq!(endpoints.signing_region(Service::Iam), signed_for);
        }
    }

    #[test]
    fn the_price_list_is_at_few_addresses() {
        for (region, url, signed_for) in [
            ("us-west-2", "https://api.pricing.us-east-1.amazonaws.com/", "us-east-1"),
            ("eu-north-1", "https://api.pricing.eu-central-1.amazonaws.com/", "eu-central-1"),
            ("ap-southeast-2", "https://api.pricing.ap-south-1.amazonaws.com/", "ap-south-1"),
            ("cn-north-1", "https://api.pricing.cn-northwest-1.amazonaws.com.cn/", "cn-northwest-1"),
        ] {
            let endpoints = Endpoints::new(region, None);
            assert_eq!(endpoints.service_url(Service::Pricing), url);
            assert_eq!(endpoints.signing_region(Service::Pricing), signed_for);
        }
        let own = Endpoints::new("eu-central-1", Some("http://127.0.0.1:4566".to_owned()));
        assert_eq!(own.service_url(Service::Pricing), "http://127.0.0.1:4566/");
    }

    #[test]
    fn a_cloud_of_ones_own_is_one_address() {
        for url in ["http://127.0.0.1:4566", "http://127.0.0.1:4566/"] {
            let endpoints = Endpoints::new("eu-central-1", Some(url.to_owned()));
            assert_eq!(endpoints.object_url("b", "a/k"), "http://127.0.0.1:4566/b/a/k");
            for service in [Service::Sqs, Service::CloudFormation, Service::Iam, Service::AutoScaling] {
                assert_eq!(endpoints.service_url(service), "http://127.0.0.1:4566/");
            }
            assert_eq!(endpoints.signing_region(Service::Iam), "us-east-1");
        }
    }

    /// The page, the command line and the worker agree on this file.
    #[test]
    fn the_golden_file_is_followed() {
        #[derive(serde::Deserialize)]
        struct Case {
            name: String,
            config: Config,
            key: String,
            object_url: String,
            sqs_url: String,
        }
        #[derive(serde::Deserialize)]
        struct Config {
            region: String,
            bucket: String,
            endpoint_url: Option<String>,
        }
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/endpoints.json");
        let cases: Vec<Case> = serde_json::from_slice(&std::fs::read(path).expect("the file")).expect("cases");
        assert!(cases.len() > 10);
        for Case { name, config, key, object_url, sqs_url } in cases {
            let endpoints = Endpoints::new(config.region, config.endpoint_url);
            assert_eq!(endpoints.object_url(&config.bucket, &key), object_url, "{name}");
            assert_eq!(endpoints.service_url(Service::Sqs), sqs_url, "{name}");
        }
    }
}
