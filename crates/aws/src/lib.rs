//! The part of AWS that a study needs: S3, SQS, `CloudFormation`, IAM and Auto Scaling, and prices of EC2.
//!
//! An AWS call is a value ([`Operation`]): it builds a request, and it reads the answer. In between, [`Client`] signs, sends
//! and repeats. It uses its surroundings through [`Ports`]: a transport, a clock, a timer and random numbers; [`transport`]
//! holds the two sets that ship, one for browsers and one for everything else.
//!
//! A status that isn't 2xx is an answer, no failure of the transport. Whether a request is repeated is decided by a
//! pure function, [`retry::decide`].
//!
//! ```
//! # async fn example(ports: cruncher_aws::Ports) -> Result<(), cruncher_aws::Error> {
//! use cruncher_aws::{Client, Credentials, Endpoints, s3};
//!
//! let endpoints = Endpoints::new("eu-central-1", None);
//! let client = Client::new(ports, endpoints, Some(Credentials::new("key id", "secret")));
//! let listing = client.send(&s3::ListObjects::new("a-bucket").prefix("workers/")).await?;
//! # drop(listing);
//! # Ok(())
//! # }
//! ```

mod answer;
mod client;
mod credentials;
mod encode;
mod endpoints;
mod error;
mod operation;
mod ports;
mod sign;
mod time;
mod xml;

pub mod autoscaling;
pub mod cloudformation;
pub mod ec2;
pub mod iam;
pub mod pricing;
pub mod retry;
pub mod s3;
pub mod sqs;
pub mod transport;

#[cfg(test)]
mod testing;

pub use client::Client;
pub use credentials::Credentials;
pub use endpoints::{Endpoints, Service};
pub use error::{Error, ErrorKind};
pub use operation::{Answer, Operation, RepeatSafety, UnsignedRequest};
pub use ports::{Clock, Ports, RandomSource, Sleep, Transport, TransportError};
pub use sign::{SigningScope, sign};
