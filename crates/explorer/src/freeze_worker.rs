//! Worker that freezes a study: it reads, packs and hands over one file.

use std::cell::RefCell;
use std::rc::Rc;

use cruncher_aws::{Error, ErrorKind};
use cruncher_backend::freeze::{DocumentPart, FreezeError, FrozenContent, as_text, collect, parts, published};
use cruncher_backend::study;
use cruncher_browser::download::{blob, part};
use cruncher_browser::network;
use cruncher_browser::state::problem::PageProblem;
use cruncher_browser::worker_channel::PageChannel;
use js_sys::{Array, Uint8Array};
use wasm_bindgen::JsValue;
use web_sys::Blob;

use super::freeze::{percent, words};
use super::freeze_messages::{FreezeOrder, FreezeReply};
use crate::gzip::gzip;

/// Number of packed bytes that are written as text at once. A multiple of 3, so that the texts can stand one behind another.
const WRITTEN_AT_ONCE: u32 = 3 << 20;

/// Makes the file, and hands it to the page.
pub(crate) async fn freeze(order: FreezeOrder, page: &PageChannel) {
    let told = RefCell::new(String::new());
    let tell = {
        let page = page.clone();
        move |words: String| {
            // Thousands of documents are read within a percent.
            if *told.borrow() != words {
                told.replace(words.clone());
                reply(&page, FreezeReply::Progress(words));
            }
        }
    };
    let made = make(order, Rc::new(tell)).await;
    reply(page, made.unwrap_or_else(FreezeReply::Problem));
}

fn reply(page: &PageChannel, reply: FreezeReply) {
    page.send(reply).expect("texts and files can be handed over");
}

async fn make(order: FreezeOrder, tell: Rc<impl Fn(String) + 'static>) -> Result<FreezeReply, PageProblem> {
    let FreezeOrder { page_url, key, head, view } = order;
    let study = study::open(network(), &page_url, &key).await.map_err(|error| PageProblem::from(&error))?;
    let name = study.config.study.clone();
    let page = published(&study, &head).await.map_err(|error| unread(&name, &error))?;
    // The document is first made without the study, so that nobody waits for a study that has no place in it.
    parts(&page, &FrozenContent::default()).map_err(|error| renewed(&error))?;
    let report = tell.clone();
    let read = collect(&study, Rc::new(move |reading| report(words(reading)))).await;
    let mut content = FrozenContent { view, ..read.map_err(|error| unread(&name, &error))? };
    let parts = parts(&page, &content).map_err(|error| renewed(&error))?;
    // The parts share documents and chunks, and let go of each when it is packed.
    (content.documents, content.chunks) = Default::default();
    let (file, size_bytes) = written(parts, &*tell).await.map_err(|error| not_packed(&name, &error))?;
    let words = saved(size_bytes, &content.left_out);
    Ok(FreezeReply::Done { name: format!("{name}.html"), file, words })
}

/// Returns the file and its size in bytes.
async fn written(parts: Vec<DocumentPart>, tell: &impl Fn(String)) -> Result<(Blob, u64), JsValue> {
    let of = parts.iter().map(DocumentPart::size_bytes).sum();
    let (file, mut read, mut size_bytes) = (Array::new(), 0, 0);
    let mut add = |text: &str| {
        size_bytes += text.len() as u64;
        file.push(&part(text.as_bytes()));
    };
    for part in parts {
        read += part.size_bytes();
        match part {
            DocumentPart::Markup(markup) => add(&markup),
            DocumentPart::Packed(pieces) => {
                as_texts(&gzip(pieces.iter().map(|piece| &**piece)).await?, &mut add);
                tell(format!("Packing, {} % …", percent(read, of)));
            }
        }
    }
    Ok((blob("text/html", &file)?, size_bytes))
}

fn as_texts(packed: &Uint8Array, add: &mut impl FnMut(&str)) {
    let mut start = 0;
    while start < packed.length() {
        let end = (start + WRITTEN_AT_ONCE).min(packed.length());
        add(&as_text(&packed.subarray(start, end).to_vec()));
        start = end;
    }
}

#[expect(clippy::cast_precision_loss, reason = "a digit is shown")]
fn saved(size_bytes: u64, left_out: &[String]) -> String {
    let left_out = if left_out.is_empty() { String::new() } else { format!(" Not in it: {}.", left_out.join(", ")) };
    format!("The browser saves it, {:.1} MB.{left_out}", size_bytes as f64 / 1e6)
}

fn otherwise(name: &str) -> String {
    format!("On a terminal, cruncher freeze {name} {name}.html writes the same file.")
}

fn unread(name: &str, error: &Error) -> PageProblem {
    let problem = PageProblem::from(error);
    match error.kind() {
        ErrorKind::RefusedCredentials | ErrorKind::AccessDenied => problem,
        _ => PageProblem { advice: format!("Try again in a moment. {}", otherwise(name)), ..problem },
    }
}

fn renewed(error: &FreezeError) -> PageProblem {
    PageProblem {
        title: "This page was renewed meanwhile.".into(),
        advice: "Load it anew in the browser, then try again.".into(),
        detail: error.to_string(),
    }
}

fn not_packed(name: &str, error: &JsValue) -> PageProblem {
    PageProblem {
        title: "The browser can't pack the study.".into(),
        advice: format!("It may be too old, or have no memory left. {}", otherwise(name)),
        detail: format!("{error:?}"),
    }
}
