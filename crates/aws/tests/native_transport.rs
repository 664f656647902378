//! The native transport against a server that sends prepared answers, byte for byte.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use cruncher_aws::retry::RetryPolicy;
use cruncher_aws::s3::{FetchedObject, GetObject, PutObject};
use cruncher_aws::transport::native;
use cruncher_aws::{Client, Credentials, Endpoints, Error, ErrorKind, Operation, Ports, TransportError};

const GOOD: &str = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\netag: \"tag\"\r\n\r\nbody";
const CUT_SHORT: &str = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nthe connection ends here";
const SLOW_DOWN: &str = "HTTP/1.1 503 Slow Down\r\ncontent-length: 36\r\n\r\n<Error><Code>SlowDown</Code></Error>";
/// The server closes the connection without an answer.
const NOTHING: &str = "";

struct Server {
    endpoint_url: String,
    requests: Arc<Mutex<Vec<String>>>,
    thread: JoinHandle<()>,
}

impl Server {
    /// Takes one connection for each answer, one after the other.
    fn start(answers: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let endpoint_url = format!("http://{}", listener.local_addr().expect("an address"));
        let requests: Arc<Mutex<Vec<String>>> = Arc::default();
        let written = Arc::clone(&requests);
        let thread = std::thread::spawn(move || {
            for answer in answers {
                let (mut connection, _) = listener.accept().expect("a connection");
                let request = read_request(&mut BufReader::new(&connection));
                written.lock().expect("requests").push(request);
                connection.write_all(answer.as_bytes()).expect("somebody listens");
            }
        });
        Self { endpoint_url, requests, thread }
    }

    /// Returns every request, once all answers were given.
    fn requests(self) -> Vec<String> {
        self.thread.join().expect("the server");
        let requests = self.requests.lock().expect("requests");
        requests.clone()
    }
}

fn read_request(connection: &mut impl BufRead) -> String {
    let mut text = String::new();
    while !text.ends_with("\r\n\r\n") {
        connection.read_line(&mut text).expect("a line");
    }
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length = length.map_or(0, |length| length.parse().expect("a length"));
    connection.take(length).read_to_string(&mut text).expect("a body");
    text
}

fn send<O: Operation>(server: &Server, operation: &O) -> (Result<O::Output, Error>, u64) {
    send_by(native::ports(), server, operation)
}

fn send_by<O: Operation>(
    ports: Result<Ports, TransportError>,
    server: &Server,
    operation: &O,
) -> (Result<O::Output, Error>, u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let endpoints = Endpoints::new("eu-central-1", Some(server.endpoint_url.clone()));
        let policy = RetryPolicy { first_wait: Duration::from_millis(1), ..RetryPolicy::default() };
        let credentials = Credentials::new("AKIDEXAMPLE", "secret");
        let client = Client::new(ports.expect("ports"), endpoints, Some(credentials)).with_policy(policy);
        (client.send(operation).await, client.requests_sent())
    })
}

/// Asserts that a request is sent again after each answer before the good one.
fn check_recovery(answers: &'static [&'static str]) {
    let server = Server::start(answers);
    let (result, requests_sent) = send(&server, &GetObject::new("b", "k"));
    let FetchedObject::Object(object) = result.expect("an object in the end") else { panic!("not modified") };
    assert_eq!(object.body, "body");
    assert_eq!(requests_sent, answers.len() as u64);
    server.requests();
}

#[test]
fn a_body_that_is_cut_short_is_asked_for_again() {
    check_recovery(&[CUT_SHORT, GOOD]);
}

#[test]
fn a_closed_connection_is_opened_again() {
    check_recovery(&[NOTHING, NOTHING, GOOD]);
}

#[test]
fn a_throttled_request_is_repeated() {
    check_recovery(&[SLOW_DOWN, CUT_SHORT, NOTHING, GOOD]);
}

#[test]
fn the_request_arrives_as_it_was_signed() {
    let server = Server::start(&[GOOD]);
    let put = PutObject::new("b", "a b+c/ü%20", "content").content_type("text/plain").if_none_match_any();
    send(&server, &put).0.expect("no error");
    let requests = server.requests();
    let request = &requests[0];
    assert!(request.starts_with("PUT /b/a%20b%2Bc/%C3%BC%2520 HTTP/1.1\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\ncontent"), "{request}");
    for header in ["content-type: text/plain\r\n", "if-none-match: *\r\n", "authorization: AWS4-HMAC-SHA256 "] {
        assert!(request.contains(header), "{header} in {request}");
    }
}

/// The body isn't gzip, in place of bytes that are no text: a client that unpacks it fails.
#[test]
fn a_packed_object_is_handed_over_as_it_is_stored_to_whoever_wants_that() {
    const PACKED: &str = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\ncontent-encoding: gzip\r\n\r\nbody";
    let server = Server::start(&[PACKED]);
    let (result, _) = send_by(native::ports_as_stored(), &server, &GetObject::new("b", "k"));
    let FetchedObject::Object(object) = result.expect("an object") else { panic!("not modified") };
    assert_eq!(object.body, "body");
    let requests = server.requests();
    assert!(!requests[0].contains("accept-encoding"), "{}", requests[0]);
}

#[test]
fn a_redirect_is_not_followed() {
    let server = Server::start(&["HTTP/1.1 307 Moved\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n"]);
    let (result, requests_sent) = send(&server, &GetObject::new("b", "k"));
    let error = result.expect_err("a redirect");
    assert_eq!((error.kind(), error.status(), requests_sent), (ErrorKind::Other, Some(307), 1));
    server.requests();
}
