//! The worker that opens sealed access with a passphrase.

use cruncher_browser::programs::PageProgram;
use cruncher_browser::worker_channel::{ChannelMessage, PageChannel, WorkerEvent, WorkerHandle, serve};
use cruncher_sealing::{AccessDocument, OpenError, Passphrase};
use cruncher_study::access::StudyAccess;
use futures::StreamExt;
use futures::channel::mpsc::unbounded;
use wasm_bindgen::JsValue;

/// Asks for the access to the study in `bucket`, sealed in a document.
struct OpenRequest {
    bucket: String,
    document: String,
    passphrase: String,
}

/// The access as JSON, or the reason why there is none.
enum OpenReply {
    Opened(String),
    Refused(String),
}

impl ChannelMessage for OpenRequest {
    fn into_entries(self) -> Vec<JsValue> {
        vec![self.bucket.into(), self.document.into(), self.passphrase.into()]
    }

    fn from_entries(entries: Vec<JsValue>) -> Option<Self> {
        let [bucket, document, passphrase] = entries.as_slice() else { return None };
        Some(Self { bucket: bucket.as_string()?, document: document.as_string()?, passphrase: passphrase.as_string()? })
    }
}

impl ChannelMessage for OpenReply {
    fn into_entries(self) -> Vec<JsValue> {
        match self {
            Self::Opened(json) => vec![true.into(), json.into()],
            Self::Refused(reason) => vec![false.into(), reason.into()],
        }
    }

    fn from_entries(entries: Vec<JsValue>) -> Option<Self> {
        let [is_opened, text] = entries.as_slice() else { return None };
        let text = text.as_string()?;
        Some(if is_opened.as_bool()? { Self::Opened(text) } else { Self::Refused(text) })
    }
}

/// Opens the sealed access of a study with a passphrase, in a worker that ends with it.
///
/// # Errors
/// If it is no passphrase of the study, or the browser allows no worker; in words.
pub(crate) async fn open(bucket: String, document: String, passphrase: String) -> Result<StudyAccess, String> {
    let (sender, mut events) = unbounded();
    // Nobody listens any more once it has answered.
    let receive = move |event| drop(sender.unbounded_send(event));
    let worker = WorkerHandle::start(PageProgram::SignIn, receive).map_err(|error| error.to_string())?;
    worker.post(OpenRequest { bucket, document, passphrase }).map_err(|error| error.to_string())?;
    match events.next().await {
        Some(WorkerEvent::Message(OpenReply::Opened(json))) => {
            serde_json::from_slice(json.as_bytes()).map_err(|error| error.to_string())
        }
        Some(WorkerEvent::Message(OpenReply::Refused(reason)) | WorkerEvent::Broken(reason)) => Err(reason),
        None => Err("The worker that opens it has ended.".to_owned()),
    }
}

/// Answers the page.
pub(crate) async fn work() {
    serve(async |request: OpenRequest, page: &PageChannel| {
        let OpenRequest { bucket, document, passphrase } = request;
        let opened = AccessDocument::parse(document.as_bytes())
            .and_then(|document| document.open(&bucket, &Passphrase::typed(&passphrase)));
        let reply = match opened {
            Ok(access) => OpenReply::Opened(serde_json::to_string(&access).unwrap_or_default()),
            Err(error) => OpenReply::Refused(in_words(&error)),
        };
        // The page that asked may be gone.
        let _ = page.send(reply);
    })
    .await;
}

fn in_words(error: &OpenError) -> String {
    match error {
        OpenError::WrongPassphrase => {
            "This is no passphrase of this study. It has six words, each as it was printed; after a rotation of \
                                       the keys only the new ones open it."
                .to_owned()
        }
        OpenError::NoPassphrase => "This study has no passphrase: it is opened by a link.".to_owned(),
        OpenError::Unreadable(_) => format!("Reload the page; if that doesn't help, run cruncher configure: {error}."),
    }
}
