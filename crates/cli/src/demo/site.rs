//! Website of a bucket, as S3 has it: it serves objects to anyone who may read them.
//!
//! Objects are requested without a signature, so that the bucket's policy decides whether they are public, and passed on as
//! they are stored: packed ones stay packed.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteEndpoints.html>

use std::convert::Infallible;
use std::net::SocketAddr;
use std::rc::Rc;

use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HOST,
    HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, RANGE,
};
use http::{Method, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use super::ports::port;

type Body = BoxBody<Bytes, hyper::Error>;

const ASKED: [HeaderName; 3] = [IF_NONE_MATCH, IF_MODIFIED_SINCE, RANGE];

const ANSWERED: [HeaderName; 8] =
    [CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, ACCEPT_RANGES, CACHE_CONTROL, ETAG, LAST_MODIFIED];

/// A bucket and the cloud that it is in.
#[derive(Debug, Clone)]
pub(crate) struct StudySite {
    /// The address at which the cloud listens.
    pub cloud: SocketAddr,
    /// The bucket.
    pub bucket: String,
}

impl StudySite {
    /// Answers every connection, for ever. Runs within a [`tokio::task::LocalSet`].
    pub(crate) async fn serve(self, listener: TcpListener) {
        let own_name: Rc<str> = format!("127.0.0.1:{}", port(&listener)).into();
        loop {
            // A connection that breaks while it is being made is left to the browser.
            let Ok((stream, _)) = listener.accept().await else { continue };
            let (site, own_name) = (self.clone(), Rc::clone(&own_name));
            tokio::task::spawn_local(async move {
                let service = service_fn(move |request| {
                    let (site, own_name) = (site.clone(), Rc::clone(&own_name));
                    async move { Ok::<_, Infallible>(kept_apart(site.answer(&request, &own_name).await)) }
                });
                // The same holds for one that breaks later.
                let _ =
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    }

    async fn answer(&self, request: &Request<Incoming>, own_name: &str) -> Response<Body> {
        // A website may have rebound a name of its own to this machine.
        if request.headers().get(HOST).is_none_or(|host| host.as_bytes() != own_name.as_bytes()) {
            return error(StatusCode::MISDIRECTED_REQUEST);
        }
        if request.method() != Method::GET && request.method() != Method::HEAD {
            let mut refusal = error(StatusCode::METHOD_NOT_ALLOWED);
            refusal.headers_mut().insert(ALLOW, http::HeaderValue::from_static("GET, HEAD"));
            return refusal;
        }
        let Some(key) = key(request.uri().path()) else { return error(StatusCode::NOT_FOUND) };
        match self.fetch(&key, request).await {
            Ok(object) if object.status().is_success() || object.status() == StatusCode::NOT_MODIFIED => {
                passed_on(object)
            }
            Ok(refusal) if refusal.status().is_client_error() => error(refusal.status()),
            Ok(_) => error(StatusCode::BAD_GATEWAY),
            Err(_unreachable) => error(StatusCode::SERVICE_UNAVAILABLE),
        }
    }

    async fn fetch(&self, key: &str, request: &Request<Incoming>) -> Result<Response<Incoming>, Unreachable> {
        let stream = TcpStream::connect(self.cloud).await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::task::spawn_local(connection);
        let mut inner = Request::builder()
            .method(request.method())
            .uri(format!("/{}/{key}", self.bucket))
            .header(HOST, self.cloud.to_string());
        for name in ASKED {
            if let Some(value) = request.headers().get(&name) {
                inner = inner.header(name, value);
            }
        }
        Ok(sender.send_request(inner.body(Empty::<Bytes>::new())?).await?)
    }
}

/// Error if the cloud didn't answer.
#[derive(Debug, thiserror::Error)]
enum Unreachable {
    #[error(transparent)]
    Connection(#[from] std::io::Error),
    #[error(transparent)]
    Exchange(#[from] hyper::Error),
    #[error(transparent)]
    Request(#[from] http::Error),
}

/// Returns the key that a path names, still percent-encoded; `None` for one that would lead out of the bucket.
fn key(path: &str) -> Option<String> {
    let path = path.strip_prefix('/')?;
    let is_step = |part: &str| matches!(part.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
    if path.split('/').any(is_step) {
        return None;
    }
    if path.is_empty() || path.ends_with('/') { Some(format!("{path}index.html")) } else { Some(path.to_owned()) }
}

/// Lets no other website embed an answer.
fn kept_apart(mut answer: Response<Body>) -> Response<Body> {
    let name = HeaderName::from_static("cross-origin-resource-policy");
    answer.headers_mut().insert(name, http::HeaderValue::from_static("same-origin"));
    answer
}

fn passed_on(object: Response<Incoming>) -> Response<Body> {
    let (head, body) = object.into_parts();
    let mut answer = Response::new(body.boxed());
    *answer.status_mut() = head.status;
    for name in ANSWERED {
        if let Some(value) = head.headers.get(&name) {
            answer.headers_mut().insert(name, value.clone());
        }
    }
    answer
}

fn error(status: StatusCode) -> Response<Body> {
    let text = format!("<!doctype html><title>{status}</title><h1>{status}</h1>\n");
    let mut answer = Response::new(Full::new(Bytes::from(text)).map_err(|never| match never {}).boxed());
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static("text/html; charset=utf-8"));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_a_key_of_the_bucket_and_nothing_else() {
        for (path, expected) in [
            ("/", Some("index.html")),
            ("/assets/app.js", Some("assets/app.js")),
            ("/assets/", Some("assets/index.html")),
            ("/a%20b", Some("a%20b")),
            ("/../other/secret", None),
            ("/a/%2E%2e/b", None),
            ("*", None),
        ] {
            assert_eq!(key(path).as_deref(), expected, "{path}");
        }
    }
}
