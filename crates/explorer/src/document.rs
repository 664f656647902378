//! Document of the open case, for what the table doesn't have: curves, printed text, and the place of a failure.

use std::sync::Arc;

use cruncher_browser::components::problem_note::problem_note;
use cruncher_browser::download::save;
use cruncher_browser::local_time::{clock_time, exact_time};
use cruncher_browser::state::problem::PageProblem;
use cruncher_study::extract::CaseExtract;
use cruncher_study::key::DataKey;
use cruncher_study::number_format::{counted, duration};
use js_sys::{Date, Uint8Array};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::copy::copy_button;
use super::plots::OwnCurvePlot;
use super::reading::{self, StoredDocument};
use super::results_state::ResultsState;
use super::surface::surface;
use crate::state::shown_document::{ShownDocument, laid_out};

/// Reads the document and shows it, and does so again when the key changes.
pub(super) fn document(state: ResultsState, key: Memo<Option<DataKey>>) -> AnyView {
    let read = RwSignal::new(None::<Result<StoredDocument, PageProblem>>);
    let ask = move || {
        read.set(None);
        let Some(key_now) = key.get_untracked() else { return };
        spawn_local(async move {
            let answer = reading::document(state, &key_now).await;
            if key.try_get_untracked().flatten() == Some(key_now) {
                read.set(Some(answer));
            }
        });
    };
    Effect::new(move || {
        key.track();
        ask();
    });
    let body = move || {
        key.get()?;
        Some(match read.get() {
            None => view! { <p class="faint" role="status">"Reading what it left …"</p> }.into_any(),
            Some(Err(problem)) => {
                view! { {problem_note(problem)} <button on:click=move |_| ask()>"Try again"</button> }.into_any()
            }
            Some(Ok(document)) => shown(state, document),
        })
    };
    body.into_any()
}

/// Shows a document that was read.
pub(super) fn shown(state: ResultsState, document: StoredDocument) -> AnyView {
    let ended = document.ended.clone();
    let warnings: Vec<_> = ended
        .warnings
        .iter()
        .map(|warning| view! { <p class="notices__line notices__line--warning">{warning.clone()}</p> })
        .collect();
    let attempt = match ended.attempt {
        (0, _) => None,
        (attempt, Some(most)) if most > 0 => Some(format!("Attempt {attempt} of {most}")),
        (attempt, _) => Some(format!("Attempt {attempt}")),
    };
    let computer = (!ended.computer.is_empty()).then(|| format!("on {}", ended.computer));
    let facts: Vec<String> = attempt.into_iter().chain(computer).collect();
    let facts = (!facts.is_empty()).then(|| view! { <p class="faint case__attempt">{facts.join(" ")}</p> });
    let error = ended.error.clone().map(|error| view! { <p class="group__error case__error">{error}</p> });
    view! {
        {warnings}
        {error}
        {facts}
        {printed("Command", &ended.command)}
        {printed("Traceback", &ended.traceback)}
        {curves(state, &ended)}
        {printed("What it printed", &ended.log)}
        {extracts(&ended)}
        {raw(document.key, document.json)}
    }
    .into_any()
}

/// Shows what second models made of the case's files. One that failed last stands open.
fn extracts(ended: &ShownDocument) -> Option<AnyView> {
    let one = |(place, told): (usize, &CaseExtract)| {
        let (has_failed, class) = match told.error {
            Some(_) => ("failed", "state-text-failed"),
            None => ("done", "state-text-done"),
        };
        let took = duration((told.end_time - told.start_time).max(0.0));
        let (time, exact) = (clock_time(told.end_time, Date::now() / 1000.0), exact_time(told.end_time));
        let warning = |words: &String| view! { <p class="notices__line notices__line--warning">{words.clone()}</p> };
        let warnings: Vec<_> = told.warnings.iter().map(warning).collect();
        let error = told.error.clone().map(|error| {
            view! {
                <p class="group__error case__error">{error}</p>
                <p class="faint">"The result is the one of before."</p>
            }
        });
        view! {
            <details class="case__fold" open={place == 0 && told.error.is_some()}>
                <summary><bdi>{told.model_key.clone()}</bdi>" "<span class=class>{has_failed}</span></summary>
                {warnings}
                {error}
                <p class="faint"><span title=exact>{time}</span>" · "{took}" · "{told.worker.clone()}</p>
                {printed("Traceback of the extraction", &told.traceback)}
                {printed("What the extraction printed", &told.log)}
            </details>
        }
    };
    let shown: Vec<_> = ended.extracts.iter().enumerate().map(one).collect();
    (!shown.is_empty()).then(|| view! { <h4>"Extracted again"</h4>{shown} }.into_any())
}

fn printed(title: &'static str, text: &str) -> Option<AnyView> {
    let text = text.trim_end().to_owned();
    let part = view! {
        <h4>{title}</h4>
        <pre class="trace case__text" tabindex="0" role="region" aria-label=title>{text.clone()}</pre>
    };
    (!text.is_empty()).then(|| part.into_any())
}

fn curves(state: ResultsState, ended: &Arc<ShownDocument>) -> AnyView {
    let figure = |(index, line): (usize, &crate::state::shown_document::ArrayLine)| {
        let over = line.over.as_ref().map(|over| format!(" over {over}"));
        let caption = format!("{}{} ", line.name, over.unwrap_or_default());
        let plot = OwnCurvePlot { ended: ended.clone(), index };
        view! {
            <figure class="case__curve">
                <figcaption>{caption}<span class="faint">{counted(line.stored as u64, "value", "values")}</span></figcaption>
                {surface(state, "Curve", "plot--small", plot)}
            </figure>
        }
    };
    let figures: Vec<_> = ended.lines.iter().enumerate().map(figure).collect();
    let more = (ended.more_arrays > 0).then(|| format!("{} more arrays are in the document. ", ended.more_arrays));
    let numberless = (ended.numberless_arrays > 0).then(|| {
        let arrays = counted(ended.numberless_arrays as u64, "array has", "arrays have");
        format!("{arrays} fewer than two numbers.")
    });
    let title = (!figures.is_empty()).then(|| view! { <h4>"Curves"</h4> });
    view! { {title} {figures} <p class="faint">{more}{numberless}</p> }.into_any()
}

/// Shows the document itself when it is unfolded, and offers it as a file.
fn raw(key: String, json: Arc<[u8]>) -> AnyView {
    let file = key.rsplit('/').next().unwrap_or(&key).to_owned();
    let is_open = RwSignal::new(false);
    let (content, copied) = (json.clone(), json.clone());
    let text = move || {
        is_open.get().then(|| {
            let (text, is_all) = laid_out(&content);
            let rest = (!is_all).then_some("This is its beginning; the download has all of it.");
            view! {
                <pre class="trace case__text" tabindex="0" role="region" aria-label="Document">{text}</pre>
                <p class="faint">{rest}</p>
            }
        })
    };
    let download = move |_| save(&file, "application/json", &Uint8Array::from(&*json));
    view! {
        <details class="case__fold" on:toggle=move |_| is_open.set(true)>
            <summary>"Document as stored"</summary>
            <p><code class="case__key">{key}</code></p>
            {text}
            <div class="case__buttons">
                {copy_button("Copy", "Copy the document", "Copied", move || String::from_utf8_lossy(&copied).into_owned())}
            </div>
        </details>
        <button class="case__download" on:click=download>"Download the document"</button>
    }
    .into_any()
}
