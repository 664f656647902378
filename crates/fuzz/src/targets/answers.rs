//! What a cloud answers: XML of S3, IAM and stacks, JSON of SQS, and packed bodies.

use bytes::Bytes;
use cruncher_aws::{Answer, Operation, cloudformation, iam, s3, sqs, transport};
use futures::executor::block_on;

use super::{about, kind};

/// Maximum size of what a body may unpack to.
const MAX_UNPACKED_BYTES: usize = 1 << 20;

/// An answer: its status in the first line, then its body. Every operation has to come to terms with it.
pub(super) fn answer(input: &[u8]) -> String {
    let end = input.iter().position(|&byte| byte == b'\n').unwrap_or(0);
    let status = std::str::from_utf8(&input[..end]).ok().and_then(|status| status.parse().ok()).unwrap_or(200);
    let body = Bytes::copy_from_slice(input.get(end + 1..).unwrap_or_default());
    let Ok(answer) = http::Response::builder().status(status).body(body) else { return "no status".to_owned() };
    let url = "https://sqs.eu-central-1.amazonaws.com/1/cases.fifo";
    let entries = || {
        vec![sqs::BatchEntry { id: "0".into(), body: "{}".into(), deduplication_id: "d".into(), group_id: "g".into() }]
    };
    [
        read(&s3::ListObjects::new("b"), &answer),
        read(&s3::DeleteObjects::new("b", ["k"]), &answer),
        read(&s3::GetObject::new("b", "k"), &answer),
        read(&s3::HeadObject::new("b", "k"), &answer),
        read(&s3::PutObject::new("b", "k", ""), &answer),
        read(&sqs::ReceiveMessage::new(url), &answer),
        read(&sqs::GetQueueAttributes::new(url), &answer),
        read(&sqs::SendMessageBatch::new(url, entries()), &answer),
        read(&cloudformation::DescribeStack::new("s"), &answer),
        read(&cloudformation::DescribeStackEvents::new("s"), &answer),
        read(&cloudformation::CreateStack::new("s", ""), &answer),
        read(&iam::CreateAccessKey::new("u"), &answer),
        read(&iam::ListAccessKeys::new("u"), &answer),
    ]
    .concat()
}

fn read<O: Operation>(operation: &O, answer: &Answer) -> String {
    match operation.parse(answer) {
        Ok(_) => "ok;".to_owned(),
        Err(error) => {
            // What people read of it.
            let words = error.to_string();
            let mut kind = kind(&words.len().min(1));
            kind.push(if words.contains("denied") { 'd' } else { ';' });
            kind
        }
    }
}

/// A body that is said to be packed: no more than so much is unpacked of it.
pub(super) fn packed(body: &[u8]) -> String {
    let ports = transport::native::ports().expect("this process has certificates");
    let unpacked = block_on(ports.transport.unpack(Bytes::copy_from_slice(body), MAX_UNPACKED_BYTES));
    if let Ok(unpacked) = &unpacked {
        assert!(unpacked.len() <= MAX_UNPACKED_BYTES);
    }
    kind(&unpacked.map(|unpacked| about(unpacked.len())).map_err(|error| error.to_string()))
}
