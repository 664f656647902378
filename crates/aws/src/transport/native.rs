//! Ports of a process: reqwest over rustls, the system's clock, tokio's timer.

use std::future::ready;
use std::io::Read as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use flate2::bufread::GzDecoder;
use futures::FutureExt;
use futures::future::LocalBoxFuture;

use super::patience;
use crate::ports::{Clock, Ports, RandomSource, Sleep, Transport, TransportError};

const CONNECT_TIME_OUT: Duration = Duration::from_secs(10);

/// Returns ports that need a tokio runtime around them.
///
/// # Errors
/// If the system's certificates or proxy settings can't be read.
pub fn ports() -> Result<Ports, TransportError> {
    of(reqwest::Client::builder())
}

/// Returns ports that don't unpack a body stored with `Content-Encoding: gzip`, for callers that keep it as it is.
///
/// # Errors
/// If the system's certificates or proxy settings can't be read.
pub fn ports_as_stored() -> Result<Ports, TransportError> {
    of(reqwest::Client::builder().no_gzip())
}

fn of(builder: reqwest::ClientBuilder) -> Result<Ports, TransportError> {
    let client = builder
        .connect_timeout(CONNECT_TIME_OUT)
        // A redirect would need a signature of its own.
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(described)?;
    Ok(Ports {
        transport: Arc::new(Reqwest(client)),
        clock: Arc::new(SystemClock),
        sleep: Arc::new(TokioSleep),
        random: Arc::new(FastRandom),
    })
}

struct Reqwest(reqwest::Client);

impl Transport for Reqwest {
    fn send(&self, request: http::Request<Bytes>) -> LocalBoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        self.exchange(request).boxed_local()
    }

    fn unpack(&self, packed: Bytes, max_bytes: usize) -> LocalBoxFuture<'_, Result<Bytes, TransportError>> {
        ready(unpacked(&packed, max_bytes)).boxed_local()
    }
}

fn unpacked(packed: &[u8], max_bytes: usize) -> Result<Bytes, TransportError> {
    let mut decoder = GzDecoder::new(packed);
    let mut unpacked = Vec::new();
    // A byte more tells a body that is too large from one that just fits.
    let read = decoder.by_ref().take(max_bytes as u64 + 1).read_to_end(&mut unpacked);
    match read {
        Ok(size) if size > max_bytes => Err(TransportError::unpacks_to_more_than(max_bytes)),
        // Something stands behind it: browsers refuse that.
        Ok(_) if !decoder.into_inner().is_empty() => Err(TransportError::not_unpacked()),
        Ok(_) => Ok(unpacked.into()),
        Err(_) => Err(TransportError::not_unpacked()),
    }
}

impl Reqwest {
    async fn exchange(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let patience = patience::for_head(request.body().len());
        let request = reqwest::Request::try_from(request).map_err(described)?;
        let mut response = in_time(patience, self.0.execute(request)).await?;
        let mut answer = http::Response::builder().status(response.status());
        if let Some(headers) = answer.headers_mut() {
            *headers = std::mem::take(response.headers_mut());
        }
        let body = in_time(patience::FOR_BODY, response.bytes()).await?;
        answer.body(body).map_err(|error| TransportError::new(error.to_string()))
    }
}

async fn in_time<T>(
    patience: Duration,
    work: impl Future<Output = Result<T, reqwest::Error>>,
) -> Result<T, TransportError> {
    match tokio::time::timeout(patience, work).await {
        Ok(result) => result.map_err(described),
        Err(_elapsed) => Err(TransportError::timed_out(patience)),
    }
}

/// Describes an error with its causes: the outermost says no more than that something failed.
fn described(error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    let causes = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
    let causes: Vec<String> = causes.map(ToString::to_string).collect();
    TransportError::new(causes.join(": "))
}

struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everything else is given")]
    fn now(&self) -> Duration {
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }
}

struct TokioSleep;

impl Sleep for TokioSleep {
    fn sleep(&self, duration: Duration) -> LocalBoxFuture<'_, ()> {
        tokio::time::sleep(duration).boxed_local()
    }
}

struct FastRandom;

impl RandomSource for FastRandom {
    fn fraction(&self) -> f64 {
        fastrand::f64()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_body_is_unpacked_up_to_a_size() {
        let bomb = packed(&vec![b' '; 1 << 20]);
        assert_eq!(unpacked(&bomb, 1 << 20).unwrap().len(), 1 << 20);
        let error = unpacked(&bomb, (1 << 20) - 1).unwrap_err().to_string();
        assert_eq!(error, "unpacked it has more than the 1048575 bytes that are read");
    }

    #[test]
    fn a_damaged_body_is_not_unpacked() {
        let right = packed(b"case_id,level\n");
        for wrong in [&b"no gzip"[..], &[], &right[..20], &[&right[..], b"x"].concat()] {
            assert_eq!(unpacked(wrong, 100).unwrap_err(), TransportError::not_unpacked());
        }
    }
}
