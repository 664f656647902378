//! The model of the open case with its inputs put in, as a worker executes it.

use std::sync::Arc;

use cruncher_backend::fetch::case_model::{
    CaseModel, CaseModelError, FilledText, MAX_SHOWN_BUNDLE_BYTES, case_model, model_content,
};
use cruncher_backend::study::ReadError;
use cruncher_backend::unzip::ZipEntry;
use cruncher_browser::components::problem_note::problem_note;
use cruncher_browser::download::save;
use cruncher_browser::state::problem::PageProblem;
use cruncher_study::case::{CaseId, CaseRef};
use cruncher_study::model::ModelKind;
use cruncher_study::number_format::{counted, size, thousands};
use js_sys::Uint8Array;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::fold::fold;
use crate::copy::copy_button;
use crate::reading;
use crate::results_state::ResultsState;
use crate::state::shown_document::beginning;
use cruncher_study::shown_text::{visible, visible_lines};

/// Maximum number of names in a sentence.
const MAX_NAMES: usize = 8;

/// Maximum number of files of a folder that are named.
const MAX_FILES: usize = 200;

/// Draws the section.
pub(super) fn model(state: ResultsState, case: Memo<Option<CaseRef>>) -> AnyView {
    let read = move |case: CaseRef| async move {
        let study = reading::study(state).await?;
        case_model(&study, &case).await.map(Arc::new).map_err(|error| unread(&error))
    };
    let show = move |case: &CaseRef, found: Arc<Option<CaseModel>>| {
        found.as_ref().as_ref().map_or_else(unknown, |model| shown(state, case, model))
    };
    fold("Model with these inputs", case, read, show)
}

fn unknown() -> AnyView {
    let words = "No table of cases in the bucket names this case, so its model isn't known. Cruncher Automatic Mode writes no tables.";
    view! { <p class="faint">{words}</p> }.into_any()
}

fn shown(state: ResultsState, (_, case): &CaseRef, found: &CaseModel) -> AnyView {
    let is_folder = found.model.kind == ModelKind::Bundle;
    let texts: Vec<_> = found.texts.iter().map(|text| text_view(case, found, text)).collect();
    let folder = is_folder.then(|| folder_view(state, found));
    view! { {folder} {texts} <p class="faint">{unused(found)}</p> }.into_any()
}

/// Draws a text with the inputs of the case in it.
fn text_view(case: &CaseId, found: &CaseModel, shown: &FilledText) -> AnyView {
    let file = visible(shown.path.as_deref().unwrap_or_else(|| found.model.file_name()));
    let (text, is_all) = beginning(&shown.text);
    let lines = counted(shown.text.lines().count() as u64, "line", "lines");
    let how = match (shown.unfilled.is_empty(), &shown.path) {
        (false, _) => "as it was submitted",
        (true, Some(_)) => "as a worker fills it",
        (true, None) => "as a worker executes it",
    };
    let summary = if shown.is_command_line { format!("A command, {how}.") } else { format!("{file}, {lines}, {how}.") };
    let unfilled: Vec<_> = shown
        .unfilled
        .iter()
        .take(MAX_NAMES)
        .map(|error| {
            let words =
                format!("In line {}, {{{{{}}}}} isn't filled: {}.", error.line, error.placeholder, error.reason);
            view! { <p class="notices__line notices__line--problem">{words}</p> }
        })
        .collect();
    let more = shown.unfilled.len().saturating_sub(MAX_NAMES);
    let more =
        (more > 0).then(|| format!(" {} more.", counted(more as u64, "place isn't filled", "places aren't filled")));
    let failing = (!shown.unfilled.is_empty()).then_some(" Each attempt ends there.");
    let rest = (!is_all).then_some("This is its beginning; the download has all of it.");
    let (to_copy, to_save) = (shown.text.clone(), shown.text.clone());
    let of = if shown.path.is_some() {
        format!("{file} with these inputs")
    } else {
        "the model with these inputs".to_owned()
    };
    let region = if shown.path.is_some() { of.clone() } else { "Model with these inputs".to_owned() };
    let file = if shown.is_command_line { "command.txt".to_owned() } else { file };
    let name = format!("{:.8}-{}", case.to_string(), file.replace(['/', '\\'], "_"));
    let download = move |_| save(&name, "text/plain", &Uint8Array::from(to_save.as_bytes()));
    view! {
        {unfilled}
        <p class="faint">{summary}{failing}{more}</p>
        <pre class="trace case__text case__model" tabindex="0" role="region" aria-label=region>{visible_lines(text)}</pre>
        <p class="faint">{rest}</p>
        <div class="case__buttons">
            {copy_button("Copy", &format!("Copy {of}"), "Copied", move || to_copy.clone())}
            <button on:click=download>{format!("Download {of}")}</button>
        </div>
    }
    .into_any()
}

/// Draws what a folder has, and a button that saves it as it was submitted.
fn folder_view(state: ResultsState, found: &CaseModel) -> AnyView {
    let all_bytes: u64 = found.files.iter().map(|file| file.size_bytes).sum();
    let files = counted(found.files.len() as u64, "file", "files");
    let name = visible(found.model.file_name());
    let summary = format!("{name}, a folder of {files}, {}.", size(all_bytes));
    let line = |file: &ZipEntry| {
        view! { <li><bdi>{visible(&file.path)}</bdi><span class="faint number">{size(file.size_bytes)}</span></li> }
    };
    let lines: Vec<_> = found.files.iter().take(MAX_FILES).map(line).collect();
    let more = found.files.len().saturating_sub(MAX_FILES);
    let more = (more > 0).then(|| format!("and {} more", thousands(more as u64)));
    let (model, saved_name) = (found.model.clone(), name.clone());
    let (is_busy, problem) = (RwSignal::new(false), RwSignal::new(None::<PageProblem>));
    let download = move |_| {
        let (model, name) = (model.clone(), saved_name.clone());
        is_busy.set(true);
        problem.set(None);
        spawn_local(async move {
            let read = match reading::study(state).await {
                Ok(study) => model_content(&study, &model).await.map_err(|error| unread(&error)),
                Err(problem) => Err(problem),
            };
            match read {
                Ok(content) => save(&name, "application/zip", &Uint8Array::from(&*content)),
                Err(error) => drop(problem.try_set(Some(error))),
            }
            let _ = is_busy.try_set(false);
        });
    };
    view! {
        <p class="faint">{summary}</p>
        <details><summary>"Files of the folder"</summary><ul class="case__files" aria-label="Files of the folder">{lines}</ul><p class="faint">{more}</p></details>
        {move || problem.get().map(problem_note)}
        <div class="case__buttons">
            <button disabled=is_busy on:click=download>"Download the folder as it was submitted"</button>
        </div>
    }
    .into_any()
}

/// Tells which inputs no placeholder uses.
fn unused(found: &CaseModel) -> Option<String> {
    let named: Vec<&str> = found.unused.iter().take(MAX_NAMES).map(String::as_str).collect();
    let more = found.unused.len().saturating_sub(MAX_NAMES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!named.is_empty()).then(|| format!(" No placeholder uses {}{more}.", named.join(", ")))
}

fn unread(error: &CaseModelError) -> PageProblem {
    match error {
        CaseModelError::Aws(error) => return error.into(),
        CaseModelError::Read(ReadError::TooLarge { .. }) => {
            return PageProblem {
                title: format!(
                    "The model of this case has more than the {} MiB that are shown here.",
                    MAX_SHOWN_BUNDLE_BYTES >> 20
                ),
                advice: "It is in the bucket as it was submitted; the Document as stored names its key.".into(),
                detail: error.to_string(),
            };
        }
        _ => {}
    }
    PageProblem {
        title: "The model of this case can't be shown.".into(),
        advice: "What a worker needs for it isn't in the bucket as it was submitted: send the design again, on the Design page or \
                 by cruncher enqueue."
            .into(),
        detail: error.to_string(),
    }
}
