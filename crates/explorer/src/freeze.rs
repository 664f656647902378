//! The whole study as one file that stays: the same that `cruncher freeze` writes, made in the browser.

use std::rc::Rc;

use cruncher_aws::{Error, ErrorKind};
use cruncher_backend::freeze::{
    DocumentPart, FreezeError, FreezeProgress, FrozenContent, as_text, collect, parts, published,
};
use cruncher_browser::download::{part, save_parts};
use cruncher_browser::state::problem::PageProblem;
use cruncher_study::number_format::thousands;
use js_sys::{Array, Uint8Array};
use leptos::prelude::{GetUntracked, document};
use wasm_bindgen::JsValue;

use super::reading;
use super::results_state::ResultsState;
use crate::gzip::gzip;
use crate::state::view::ResultsView;

/// Number of packed bytes that are written as text at once. A multiple of 3, so that the texts can stand one behind another.
const WRITTEN_AT_ONCE: u32 = 3 << 20;

/// Reads the study, hands its file to the reader, and returns the outcome in words; `tell` gets the progress.
pub(super) async fn freeze(state: ResultsState, tell: Rc<impl Fn(String) + 'static>) -> Result<String, PageProblem> {
    let study = reading::study(state).await?;
    let page = published(&study, &head()).await.map_err(|error| unread(state, &error))?;
    // The document is first made without the study, so that nobody waits for a study that has no place in it.
    parts(&page, &FrozenContent::default()).map_err(|error| renewed(&error))?;
    let report = tell.clone();
    let read = collect(&study, Rc::new(move |reading| report(words(reading)))).await;
    let mut content = read.map_err(|error| unread(state, &error))?;
    let are_curves_read = state.are_curves_read.get_untracked();
    content.view = ResultsView { are_curves_read, ..state.view.get_untracked() }.fragment(state.page);
    let parts = parts(&page, &content).map_err(|error| renewed(&error))?;
    // The parts share documents and chunks, and let go of each when it is packed.
    (content.documents, content.chunks) = Default::default();
    let (file, size_bytes) = written(parts, &*tell).await.map_err(|error| not_packed(state, &error))?;
    save_parts(&format!("{}.html", content.study), "text/html", &file);
    Ok(saved(size_bytes, &content.left_out))
}

/// Returns the page's head, which names the files of its own version.
fn head() -> String {
    document().query_selector("head").ok().flatten().map(|head| head.inner_html()).unwrap_or_default()
}

/// Tells the progress of reading in words: as a percentage, since every change is read out to those who don't see it.
pub(super) fn words(reading: FreezeProgress) -> String {
    match reading {
        FreezeProgress::Rows { read_bytes, of_bytes } => format!("Reading rows, {} % …", percent(read_bytes, of_bytes)),
        FreezeProgress::Documents { read, of } => {
            format!("Reading {} documents, {} % …", thousands(of), percent(read, of))
        }
    }
}

fn percent(part: u64, of: u64) -> u64 {
    100 * part / of.max(1)
}

/// Returns the file in parts, as the browser takes them, and its size in bytes.
async fn written(parts: Vec<DocumentPart>, tell: &impl Fn(String)) -> Result<(Array, u64), JsValue> {
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
    Ok((file, size_bytes))
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

fn otherwise(state: ResultsState) -> String {
    let name = state.study_name.get_untracked();
    format!("On a terminal, cruncher freeze {name} {name}.html writes the same file.")
}

fn unread(state: ResultsState, error: &Error) -> PageProblem {
    let problem = PageProblem::from(error);
    match error.kind() {
        ErrorKind::RefusedCredentials | ErrorKind::AccessDenied => problem,
        _ => PageProblem { advice: format!("Try again in a moment. {}", otherwise(state)), ..problem },
    }
}

fn renewed(error: &FreezeError) -> PageProblem {
    PageProblem {
        title: "This page was renewed meanwhile.".into(),
        advice: "Load it anew in the browser, then try again.".into(),
        detail: error.to_string(),
    }
}

fn not_packed(state: ResultsState, error: &JsValue) -> PageProblem {
    PageProblem {
        title: "The browser can't pack the study.".into(),
        advice: format!("It may be too old, or have no memory left. {}", otherwise(state)),
        detail: format!("{error:?}"),
    }
}
