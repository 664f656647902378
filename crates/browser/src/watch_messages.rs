//! Messages between the page and the worker that watches a large study. A snapshot is encoded as numbers and texts, not as JSON,
//! which would be parsed on the page's own thread.

use cruncher_backend::watch::snapshot::Snapshot;
use cruncher_backend::watch::snapshot_codec::{self, EncodedSnapshot};
use cruncher_study::access::AccessKey;
use js_sys::{Float64Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

use crate::state::problem::PageProblem;
use crate::worker_channel::ChannelMessage;

/// Request of the page.
pub enum WatchRequest {
    /// Open the study of this page.
    Open { page_url: String, key: AccessKey },
    /// Look at the study, at all documents if the look `is_thorough`, and also at the inputs of cases without a row if
    /// `wants_inputs`.
    Look { is_thorough: bool, wants_inputs: bool },
}

impl ChannelMessage for WatchRequest {
    fn into_entries(self) -> Vec<JsValue> {
        match self {
            Self::Open { page_url, key } => vec![page_url.into(), key.key_id.into(), key.secret.into()],
            Self::Look { is_thorough, wants_inputs } => vec![is_thorough.into(), wants_inputs.into()],
        }
    }

    fn from_entries(entries: Vec<JsValue>) -> Option<Self> {
        match &*entries {
            [page_url, key_id, secret] => Some(Self::Open {
                page_url: page_url.as_string()?,
                key: AccessKey { key_id: key_id.as_string()?, secret: secret.as_string()? },
            }),
            [is_thorough, wants_inputs] => {
                Some(Self::Look { is_thorough: is_thorough.as_bool()?, wants_inputs: wants_inputs.as_bool()? })
            }
            _ => None,
        }
    }
}

/// Message of the worker. A look ends with a snapshot or a problem, after any number of the others.
pub enum WatchReply {
    /// A chunk of rows that were read.
    Rows(Uint8Array),
    /// The worker has read part of the bytes.
    Progress { read_bytes: u64, of_bytes: u64 },
    /// The study as it is.
    Snapshot(Box<Snapshot>),
    /// The worker couldn't look.
    Problem(PageProblem),
}

const ROWS: &str = "rows";
const PROGRESS: &str = "progress";
const SNAPSHOT: &str = "snapshot";
const PROBLEM: &str = "problem";

impl ChannelMessage for WatchReply {
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 bytes")]
    fn into_entries(self) -> Vec<JsValue> {
        match self {
            Self::Rows(chunk) => vec![ROWS.into(), chunk.into()],
            Self::Progress { read_bytes, of_bytes } => {
                vec![PROGRESS.into(), (read_bytes as f64).into(), (of_bytes as f64).into()]
            }
            Self::Snapshot(snapshot) => {
                let EncodedSnapshot { numbers, texts } = snapshot_codec::write(&snapshot);
                let numbers = Float64Array::from(numbers.as_slice());
                [SNAPSHOT.into(), numbers.into()].into_iter().chain(texts.into_iter().map(JsValue::from)).collect()
            }
            Self::Problem(PageProblem { title, advice, detail }) => {
                vec![PROBLEM.into(), title.into(), advice.into(), detail.into()]
            }
        }
    }

    fn from_entries(entries: Vec<JsValue>) -> Option<Self> {
        let (kind, entries) = entries.split_first()?;
        match (&*kind.as_string()?, entries) {
            (ROWS, [chunk]) => Some(Self::Rows(chunk.dyn_ref().cloned()?)),
            (PROGRESS, [read, of]) => Some(Self::Progress { read_bytes: bytes(read)?, of_bytes: bytes(of)? }),
            (SNAPSHOT, [numbers, texts @ ..]) => {
                let numbers = numbers.dyn_ref().map(Float64Array::to_vec)?;
                let texts = texts.iter().map(JsValue::as_string).collect::<Option<_>>()?;
                Some(Self::Snapshot(Box::new(snapshot_codec::read(EncodedSnapshot { numbers, texts })?)))
            }
            (PROBLEM, [title, advice, detail]) => Some(Self::Problem(PageProblem {
                title: title.as_string()?,
                advice: advice.as_string()?,
                detail: detail.as_string()?,
            })),
            _ => None,
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of bytes")]
fn bytes(entry: &JsValue) -> Option<u64> {
    Some(entry.as_f64()? as u64)
}
