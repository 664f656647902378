//! Ports of a browser: fetch, `Date.now`, `setTimeout`, `Math.random`.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::{Either, LocalBoxFuture, select};
use gloo_net::http::{RequestBuilder, Response};
use http::header::{HeaderName, HeaderValue};
use web_sys::{AbortController, RequestCache, RequestCredentials, RequestMode};

use super::patience;
use crate::ports::{Clock, Ports, RandomSource, Sleep, Transport, TransportError};

/// Returns ports that need a window, or a worker, around them.
#[must_use]
pub fn ports() -> Ports {
    Ports {
        transport: Arc::new(Fetch),
        clock: Arc::new(BrowserClock),
        sleep: Arc::new(BrowserSleep),
        random: Arc::new(BrowserRandom),
    }
}

struct Fetch;

impl Transport for Fetch {
    fn send(&self, request: http::Request<Bytes>) -> LocalBoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        exchange(request).boxed_local()
    }
}

async fn exchange(request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
    let abandon = AbandonOnDrop::new()?;
    let patience = patience::for_head(request.body().len());
    let response = in_time(patience, fetch(request, &abandon)).await?;
    let body = in_time(patience::FOR_BODY, response.binary()).await?;
    let mut answer = http::Response::new(Bytes::from(body));
    *answer.status_mut() =
        http::StatusCode::from_u16(response.status()).map_err(|error| TransportError::new(error.to_string()))?;
    for (name, value) in response.headers().entries() {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            answer.headers_mut().append(name, value);
        }
    }
    Ok(answer)
}

/// Whether anything answers at this address, whatever it says, and whether or not this page may read it.
pub async fn answers(url: &str) -> bool {
    let request = RequestBuilder::new(url)
        .mode(RequestMode::NoCors)
        .cache(RequestCache::NoStore)
        .credentials(RequestCredentials::Omit)
        .build();
    let asked = async { request?.send().await.map(|_| ()) };
    in_time(patience::for_head(0), asked).await.is_ok()
}

async fn fetch(request: http::Request<Bytes>, abandon: &AbandonOnDrop) -> Result<Response, gloo_net::Error> {
    let method = request.method().as_str().parse().unwrap_or(gloo_net::http::Method::GET);
    let mut builder = RequestBuilder::new(&request.uri().to_string())
        .method(method)
        .abort_signal(Some(&abandon.0.signal()))
        // An object fetched a moment ago may have changed: only the conditional headers decide whether it is current.
        .cache(RequestCache::NoStore)
        .credentials(RequestCredentials::Omit);
    for (name, value) in request.headers() {
        if let Ok(value) = value.to_str() {
            builder = builder.header(name.as_str(), value);
        }
    }
    let request = if request.body().is_empty() {
        builder.build()?
    } else {
        builder.body(js_sys::Uint8Array::from(request.body().as_ref()))?
    };
    request.send().await
}

async fn in_time<T>(
    patience: Duration,
    work: impl Future<Output = Result<T, gloo_net::Error>>,
) -> Result<T, TransportError> {
    match select(work.boxed_local(), BrowserSleep.sleep(patience)).await {
        Either::Left((result, _)) => result.map_err(|error| TransportError::new(error.to_string())),
        Either::Right(_) => Err(TransportError::timed_out(patience)),
    }
}

/// Stops the request when nobody waits for its answer any more.
struct AbandonOnDrop(AbortController);

impl AbandonOnDrop {
    fn new() -> Result<Self, TransportError> {
        match AbortController::new() {
            Ok(controller) => Ok(Self(controller)),
            Err(error) => Err(TransportError::new(format!("{error:?}"))),
        }
    }
}

impl Drop for AbandonOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct BrowserClock;

impl Clock for BrowserClock {
    fn now(&self) -> Duration {
        Duration::from_secs_f64(js_sys::Date::now() / 1000.0)
    }
}

struct BrowserSleep;

impl Sleep for BrowserSleep {
    fn sleep(&self, duration: Duration) -> LocalBoxFuture<'_, ()> {
        gloo_timers::future::sleep(duration).boxed_local()
    }
}

struct BrowserRandom;

impl RandomSource for BrowserRandom {
    fn fraction(&self) -> f64 {
        js_sys::Math::random()
    }
}
