//! Messages between the page and the worker that freezes a study.

use cruncher_browser::state::problem::PageProblem;
use cruncher_browser::watch_messages::WatchRequest;
use cruncher_browser::worker_channel::ChannelMessage;
use cruncher_study::access::AccessKey;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Blob;

/// Request of the page to this program when it is a worker: each worker is asked either to watch or to freeze.
pub(crate) enum ExplorerRequest {
    Watch(WatchRequest),
    Freeze(FreezeOrder),
}

/// Order to freeze a study.
pub(crate) struct FreezeOrder {
    pub(crate) page_url: String,
    pub(crate) key: AccessKey,
    /// The page's head, which names the files of its own version.
    pub(crate) head: String,
    /// The view shown at first, as the fragment of an address.
    pub(crate) view: String,
}

impl ChannelMessage for ExplorerRequest {
    fn into_entries(self) -> Vec<JsValue> {
        match self {
            Self::Watch(request) => request.into_entries(),
            Self::Freeze(FreezeOrder { page_url, key, head, view }) => {
                [page_url, key.key_id, key.secret, head, view].map(JsValue::from).to_vec()
            }
        }
    }

    fn from_entries(entries: Vec<JsValue>) -> Option<Self> {
        match &*entries {
            [page_url, key_id, secret, head, view] => Some(Self::Freeze(FreezeOrder {
                page_url: page_url.as_string()?,
                key: AccessKey { key_id: key_id.as_string()?, secret: secret.as_string()? },
                head: head.as_string()?,
                view: view.as_string()?,
            })),
            _ => WatchRequest::from_entries(entries).map(Self::Watch),
        }
    }
}

/// Message of the worker that freezes: its last one is a file or a problem.
pub(crate) enum FreezeReply {
    /// Progress, in words.
    Progress(String),
    /// The file, its name, and what there is to say of it.
    Done { name: String, file: Blob, words: String },
    /// The worker couldn't freeze the study.
    Problem(PageProblem),
}

impl ChannelMessage for FreezeReply {
    fn into_entries(self) -> Vec<JsValue> {
        match self {
            Self::Progress(words) => vec![words.into()],
            Self::Done { name, file, words } => vec![file.into(), name.into(), words.into()],
            Self::Problem(PageProblem { title, advice, detail }) => {
                vec![title.into(), advice.into(), detail.into()]
            }
        }
    }

    fn from_entries(entries: Vec<JsValue>) -> Option<Self> {
        let text = JsValue::as_string;
        match &*entries {
            [words] => Some(Self::Progress(text(words)?)),
            [first, second, third] => Some(match first.dyn_ref::<Blob>() {
                Some(file) => Self::Done { name: text(second)?, file: file.clone(), words: text(third)? },
                None => Self::Problem(PageProblem { title: text(first)?, advice: text(second)?, detail: text(third)? }),
            }),
            _ => None,
        }
    }
}
