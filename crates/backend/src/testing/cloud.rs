//! A cloud in memory that fails on demand.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::io::Read as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use cruncher_aws::{Answer, Clock, Ports, RandomSource, Sleep, Transport, TransportError};
use cruncher_study::access::AccessKey;
use cruncher_study::config::StudyConfig;
use flate2::read::GzDecoder;
use futures::FutureExt;
use futures::future::LocalBoxFuture;
use serde_json::{Value, json};

use crate::study::Study;

/// Fault of a request that sends messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SendFault {
    None,
    /// Refused as a whole for its rate.
    Throttled,
    /// No answer comes, and it had no effect.
    Lost,
    /// No answer comes, though every message was accepted.
    Unheard,
    /// Every other entry is refused for its rate.
    HalfThrottled,
    /// The first entry fails by no fault of the sender.
    FirstFails,
    /// The first entry is refused for good.
    FirstRefused,
}

/// Beginning of that month, in seconds since 1970.
const SEPTEMBER_2026: u64 = 1_788_220_800;

/// A bucket, a queue, and its dead-letter queue.
#[derive(Default)]
pub(crate) struct TestCloud {
    pub(crate) objects: Mutex<BTreeMap<String, TestObject>>,
    /// Messages that wait.
    pub(crate) queue: Mutex<Vec<Value>>,
    /// Number of messages in workers' hands.
    pub(crate) leased: Mutex<usize>,
    pub(crate) dead_letters: Mutex<Vec<DeadLetter>>,
    /// Time at which each deduplication id was accepted.
    seen: Mutex<BTreeMap<String, Duration>>,
    /// Faults of the next requests; all others have none.
    pub(crate) faults: Mutex<VecDeque<SendFault>>,
    /// Number of objects that can still be written; `None` if there is no limit.
    pub(crate) writes_left: Mutex<Option<u32>>,
    /// Beginning of the keys of objects that the key of a reader may not have.
    pub(crate) denied: Mutex<Option<&'static str>>,
    /// Beginning of the keys of objects at which the service fails.
    pub(crate) locked: Mutex<Option<&'static str>>,
    /// Number of requests that sent messages.
    pub(crate) sends: Mutex<u32>,
    /// Maximum number of keys on a page of a listing; `None` if there is no limit.
    pub(crate) page_keys: Mutex<Option<usize>>,
    /// Number of requests that listed something.
    pub(crate) lists: Mutex<usize>,
    /// Number of all requests.
    pub(crate) requests: Mutex<usize>,
    /// The keys of all objects that were read, in the order of requests.
    pub(crate) reads: Mutex<Vec<String>>,
    /// Time from which no queue answers any more; `None` if all do.
    pub(crate) queues_end: Mutex<Option<Duration>>,
    now: Mutex<Duration>,
}

/// A message of the dead-letter queue.
#[derive(Debug, Clone)]
pub(crate) struct DeadLetter {
    pub(crate) id: String,
    pub(crate) body: Value,
    /// Time up to which nobody receives it.
    pub(crate) hidden_until: Duration,
}

#[derive(Clone)]
pub(crate) struct TestObject {
    pub(crate) content: Vec<u8>,
    etag: String,
    time: Duration,
}

impl TestObject {
    /// Answers with the whole object, with the part that is asked for, or that it wasn't modified.
    fn answer(&self, request: &http::Request<Bytes>) -> Answer {
        if request.headers().get("if-none-match").is_some_and(|etag| etag == self.etag.as_str()) {
            return answer(304, "");
        }
        let range = request.headers().get("range").map(|range| range.to_str().expect("text"));
        let range = range.and_then(|range| range.strip_prefix("bytes=")?.split_once('-'));
        let content = match range {
            Some((start, end)) => {
                let (start, end): (usize, usize) = (start.parse().expect("a start"), end.parse().expect("an end"));
                if start >= self.content.len() {
                    return answer(416, "<Error><Code>InvalidRange</Code></Error>");
                }
                &self.content[start..self.content.len().min(end + 1)]
            }
            None => &self.content,
        };
        let mut answer = answer(200, content.to_vec());
        answer.headers_mut().insert("etag", self.etag.parse().expect("an entity tag"));
        answer
    }

    fn listed(&self, key: &str) -> String {
        let secs = self.time.as_secs() - SEPTEMBER_2026;
        let (day, hour, minute, second) = (1 + secs / 86_400, secs / 3_600 % 24, secs / 60 % 60, secs % 60);
        format!(
            "<Contents><Key>{key}</Key><LastModified>2026-09-{day:02}T{hour:02}:{minute:02}:{second:02}Z</LastModified><ETag>{}</ETag><Size>{}</Size></Contents>",
            self.etag,
            self.content.len()
        )
    }
}

impl TestCloud {
    /// Returns a study in a cloud of its own.
    pub(crate) fn study() -> (Arc<Self>, Study) {
        let cloud = Arc::new(Self { now: Mutex::new(Duration::from_secs(1_790_000_000)), ..Self::default() });
        let ports =
            Ports { transport: cloud.clone(), clock: cloud.clone(), sleep: cloud.clone(), random: cloud.clone() };
        let config = StudyConfig::parse(
            br#"{"v": 1, "study": "s", "region": "r", "bucket": "bucket", "endpoint_url": "http://cloud", "queue_url": "q",
                "dead_letter_queue_url": "d", "lease_secs": 120, "launch_time": 1.0, "cruncher_version": "1"}"#,
        );
        let key: AccessKey = serde_json::from_value(json!({"key_id": "id", "secret": "s"})).expect("a key");
        let study = Study::new(ports, config.expect("a configuration"), &key);
        (cloud, study)
    }

    pub(crate) fn pass(&self, secs: u64) {
        *self.now.lock().expect("now") += Duration::from_secs(secs);
    }

    pub(crate) fn fail(&self, faults: &[SendFault]) {
        self.faults.lock().expect("faults").extend(faults);
    }

    /// Returns the levels of the messages, in the order of their arrival.
    pub(crate) fn levels(&self) -> Vec<u64> {
        self.queue.lock().expect("queue").iter().filter_map(|message| message["level"].as_u64()).collect()
    }

    /// Returns the ids of the messages' cases, in order.
    pub(crate) fn queued(&self) -> Vec<String> {
        let queue = self.queue.lock().expect("queue");
        let mut ids: Vec<String> =
            queue.iter().filter_map(|message| Some(message["case_id"].as_str()?.to_owned())).collect();
        ids.sort_unstable();
        ids
    }

    pub(crate) fn put(&self, key: &str, content: impl Into<Vec<u8>>) {
        let (content, time) = (content.into(), *self.now.lock().expect("now"));
        let mut objects = self.objects.lock().expect("objects");
        let digest = content.iter().fold(0_u64, |digest, byte| digest.wrapping_mul(31).wrapping_add(u64::from(*byte)));
        let etag = format!("\"{digest:x}-{}\"", time.as_nanos());
        objects.insert(key.to_owned(), TestObject { content, etag, time });
    }

    pub(crate) fn text(&self, start: &str) -> Option<String> {
        let objects = self.objects.lock().expect("objects");
        let (_, stored) = objects.iter().find(|(key, _)| key.starts_with(start))?;
        Some(String::from_utf8_lossy(&stored.content).into_owned())
    }

    fn answer(&self, request: &http::Request<Bytes>) -> Result<Answer, TransportError> {
        *self.requests.lock().expect("requests") += 1;
        let target = request.headers().get("x-amz-target").map(|target| target.to_str().unwrap_or_default());
        match target {
            Some("AmazonSQS.SendMessageBatch") => self.send_batch(request.body()),
            Some("AmazonSQS.ReceiveMessage") => Ok(self.receive_dead(request.body())),
            Some("AmazonSQS.DeleteMessage") => Ok(self.delete_dead(request.body())),
            Some(_) => Ok(self.count_messages(request.body())),
            None => Ok(self.answer_object(request)),
        }
    }

    fn count_messages(&self, body: &[u8]) -> Answer {
        let now = *self.now.lock().expect("now");
        if self.queues_end.lock().expect("an end").is_some_and(|end| end <= now) {
            return answer(400, r#"{"__type": "com.amazonaws.sqs#QueueDoesNotExist"}"#);
        }
        let body: Value = serde_json::from_slice(body).expect("JSON");
        let url = body["QueueUrl"].as_str().expect("a queue");
        let pool = url.strip_prefix("cruncher-s-Pool-").and_then(|name| name.strip_suffix(".fifo"));
        let count = |pool: Option<&str>| {
            let queue = self.queue.lock().expect("queue");
            queue.iter().filter(|message| message["pool"].as_str() == pool).count()
        };
        let (waiting, leased) = match (url, pool) {
            ("d", _) => (self.dead_letters.lock().expect("dead letters").len(), 0),
            (_, None) => (count(None), *self.leased.lock().expect("leased")),
            (_, pool) => (count(pool), 0),
        };
        let attributes = json!({"ApproximateNumberOfMessages": waiting.to_string(),
            "ApproximateNumberOfMessagesNotVisible": leased.to_string(), "ApproximateNumberOfMessagesDelayed": "0"});
        answer(200, json!({"Attributes": attributes}).to_string())
    }

    fn receive_dead(&self, body: &[u8]) -> Answer {
        let (body, now) = (serde_json::from_slice::<Value>(body).expect("JSON"), *self.now.lock().expect("now"));
        let hidden_until = now + Duration::from_secs(body["VisibilityTimeout"].as_u64().expect("a time"));
        let mut dead_letters = self.dead_letters.lock().expect("dead letters");
        let seen = dead_letters.iter_mut().filter(|message| message.hidden_until <= now).take(10);
        let received = seen.map(|message| {
            message.hidden_until = hidden_until;
            json!({"MessageId": message.id, "ReceiptHandle": message.id, "Body": message.body.to_string()})
        });
        answer(200, json!({"Messages": received.collect::<Vec<_>>()}).to_string())
    }

    fn delete_dead(&self, body: &[u8]) -> Answer {
        let body: Value = serde_json::from_slice(body).expect("JSON");
        self.dead_letters.lock().expect("dead letters").retain(|message| body["ReceiptHandle"] != message.id.as_str());
        answer(200, "{}")
    }

    fn answer_object(&self, request: &http::Request<Bytes>) -> Answer {
        let key = decoded(request.uri().path().strip_prefix("/bucket/").unwrap_or_default());
        if let Some(query) = request.uri().query().filter(|query| query.contains("list-type")) {
            return self.list(query);
        }
        if request.method() == http::Method::PUT {
            return self.write(&key, request);
        }
        self.reads.lock().expect("reads").push(key.clone());
        if self.locked.lock().expect("locked").is_some_and(|start| key.starts_with(start)) {
            return answer(500, "<Error><Code>InternalError</Code></Error>");
        }
        if self.denied.lock().expect("denied").is_some_and(|start| key.starts_with(start)) {
            return answer(403, "<Error><Code>AccessDenied</Code><Message>not yours</Message></Error>");
        }
        match self.objects.lock().expect("objects").get(&key) {
            Some(stored) => stored.answer(request),
            None => answer(404, "<Error><Code>NoSuchKey</Code></Error>"),
        }
    }

    fn write(&self, key: &str, request: &http::Request<Bytes>) -> Answer {
        if let Some(left) = self.writes_left.lock().expect("writes").as_mut() {
            let Some(fewer) = left.checked_sub(1) else {
                return answer(403, "<Error><Code>AccessDenied</Code></Error>");
            };
            *left = fewer;
        }
        let etag = self.objects.lock().expect("objects").get(key).map(|stored| stored.etag.clone());
        let expected = request.headers().get("if-match").map(|etag| etag.to_str().expect("text").to_owned());
        let is_there = etag.is_some() && request.headers().contains_key("if-none-match");
        if is_there || expected.is_some() && expected != etag {
            return answer(412, "<Error><Code>PreconditionFailed</Code></Error>");
        }
        let mut content = request.body().to_vec();
        if request.headers().contains_key("content-encoding") {
            content = Vec::new();
            GzDecoder::new(request.body().as_ref()).read_to_end(&mut content).expect("gzip");
        }
        self.put(key, content);
        answer(200, "")
    }

    /// Lists as S3 does: rolled up by the delimiter, from behind a key or a page on, up to a number of keys.
    fn list(&self, query: &str) -> Answer {
        *self.lists.lock().expect("lists") += 1;
        let value = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)).map(decoded);
        let prefix = value("prefix=").unwrap_or_default();
        let after = value("continuation-token=").or_else(|| value("start-after=")).unwrap_or_default();
        let roll_up = |key: &str| {
            let delimiter = value("delimiter=")?;
            let end = prefix.len() + key[prefix.len()..].find(&delimiter)? + delimiter.len();
            Some(key[..end].to_owned())
        };
        let objects = self.objects.lock().expect("objects");
        let most = self.page_keys.lock().expect("page").unwrap_or(usize::MAX);
        let (mut xml, mut count, mut last) = (String::new(), 0, String::new());
        let mut is_truncated = false;
        for (key, stored) in
            objects.range(prefix.clone().max(after.clone())..).take_while(|(key, _)| key.starts_with(&prefix))
        {
            let folder = roll_up(key);
            let name = folder.as_ref().unwrap_or(key);
            if *name <= after || *name == last {
                continue;
            }
            if count == most {
                is_truncated = true;
                break;
            }
            (count, last) = (count + 1, name.clone());
            let _ = match folder {
                Some(folder) => write!(xml, "<CommonPrefixes><Prefix>{folder}</Prefix></CommonPrefixes>"),
                None => write!(xml, "{}", stored.listed(key)),
            };
        }
        let next =
            if is_truncated { format!("<NextContinuationToken>{last}</NextContinuationToken>") } else { String::new() };
        answer(
            200,
            format!("<ListBucketResult><IsTruncated>{is_truncated}</IsTruncated>{next}{xml}</ListBucketResult>"),
        )
    }

    fn send_batch(&self, body: &[u8]) -> Result<Answer, TransportError> {
        *self.sends.lock().expect("sends") += 1;
        let fault = self.faults.lock().expect("faults").pop_front().unwrap_or(SendFault::None);
        let throttled =
            json!({"__type": "com.amazonaws.sqs#ThrottlingException", "message": "Rate exceeded"}).to_string();
        match fault {
            SendFault::Throttled => return Ok(answer(400, throttled)),
            SendFault::Lost => return Err(TransportError::new("connection reset")),
            _ => {}
        }
        let body: Value = serde_json::from_slice(body).expect("JSON");
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for (number, entry) in body["Entries"].as_array().expect("entries").iter().enumerate() {
            let refusal = match fault {
                SendFault::HalfThrottled if number % 2 == 1 => Some(("RequestThrottled", true)),
                SendFault::FirstFails if number == 0 => Some(("InternalError", false)),
                SendFault::FirstRefused if number == 0 => Some(("InvalidMessageContents", true)),
                _ => None,
            };
            if let Some((code, fault)) = refusal {
                failed.push(json!({"Id": entry["Id"], "Code": code, "SenderFault": fault}));
                continue;
            }
            let message: Value = serde_json::from_str(entry["MessageBody"].as_str().expect("a body")).expect("JSON");
            let own = message["pool"].as_str().map_or("q".to_owned(), |pool| format!("cruncher-s-Pool-{pool}.fifo"));
            assert_eq!(body["QueueUrl"], own, "a case goes to its own pool's queue");
            self.enqueue(entry);
            successful.push(json!({"Id": entry["Id"]}));
        }
        if fault == SendFault::Unheard {
            return Err(TransportError::new("connection reset"));
        }
        Ok(answer(200, json!({"Successful": successful, "Failed": failed}).to_string()))
    }

    fn enqueue(&self, entry: &Value) {
        let now = *self.now.lock().expect("now");
        let id = entry["MessageDeduplicationId"].as_str().expect("an id").to_owned();
        let mut seen = self.seen.lock().expect("seen");
        if seen.get(&id).is_none_or(|time| now.saturating_sub(*time) > Duration::from_mins(5)) {
            seen.insert(id, now);
            let body = entry["MessageBody"].as_str().expect("a body");
            self.queue.lock().expect("queue").push(serde_json::from_str(body).expect("a message"));
        }
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.bytes().next() {
        let code = rest.strip_prefix('%').map(|code| u8::from_str_radix(&code[..2], 16).expect("hex digits"));
        bytes.push(code.unwrap_or(first));
        rest = &rest[if code.is_some() { 3 } else { 1 }..];
    }
    String::from_utf8(bytes).expect("UTF-8")
}

fn answer(status: u16, body: impl Into<Bytes>) -> Answer {
    http::Response::builder().status(status).body(body.into()).expect("an answer")
}

impl Transport for TestCloud {
    fn send(&self, request: http::Request<Bytes>) -> LocalBoxFuture<'_, Result<Answer, TransportError>> {
        let mut turns = 2;
        async move {
            // An answer takes its time, so that several requests are under way.
            futures::future::poll_fn(|context| {
                turns -= 1;
                context.waker().wake_by_ref();
                if turns == 0 { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
            })
            .await;
            self.answer(&request)
        }
        .boxed_local()
    }

    fn unpack(&self, packed: Bytes, max_bytes: usize) -> LocalBoxFuture<'_, Result<Bytes, TransportError>> {
        let mut content = Vec::new();
        let read = GzDecoder::new(packed.as_ref()).take(max_bytes as u64).read_to_end(&mut content);
        let unpacked = read.map(|_| content.into()).map_err(|_error| TransportError::not_unpacked());
        futures::future::ready(unpacked).boxed_local()
    }
}

impl Clock for TestCloud {
    fn now(&self) -> Duration {
        *self.now.lock().expect("now")
    }
}

impl Sleep for TestCloud {
    fn sleep(&self, duration: Duration) -> LocalBoxFuture<'_, ()> {
        async move { *self.now.lock().expect("now") += duration }.boxed_local()
    }
}

impl RandomSource for TestCloud {
    fn fraction(&self) -> f64 {
        0.5
    }
}
