//! Files that the open case produced.

use cruncher_backend::fetch::case_files::{CaseFile, CaseFiles};
use cruncher_browser::components::problem_note::problem_note;
use cruncher_browser::download::save;
use cruncher_browser::state::problem::PageProblem;
use cruncher_study::case::CaseRef;
use cruncher_study::number_format::{counted, size, thousands};
use js_sys::Uint8Array;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::fold::fold;
use crate::file_preview::{preview, unread};
use crate::reading;
use crate::results_state::ResultsState;
use cruncher_study::shown_text::visible;

/// Draws the section.
pub(super) fn files(state: ResultsState, case: Memo<Option<CaseRef>>) -> AnyView {
    let read = move |case: CaseRef| async move {
        reading::study(state).await?.case_files(&case).await.map_err(|error| PageProblem::from(&error))
    };
    fold("Files", case, read, move |case, found| list(state, case, found))
}

fn list(state: ResultsState, case: &CaseRef, found: CaseFiles) -> AnyView {
    if found.files.is_empty() {
        let words = "None. What a model leaves in the folder outputs/ of its scratch folder stands here.";
        return view! { <p class="faint">{words}</p> }.into_any();
    }
    let (busy, problem) = (RwSignal::new(None::<String>), RwSignal::new(None::<PageProblem>));
    let all: u64 = found.files.iter().map(|file| file.size_bytes).sum();
    let count = counted(found.files.len() as u64, "file", "files");
    let more = if found.has_more { "The first of them, " } else { "" };
    let summary = format!("{more}{count}, {}.", size(all));
    let lines: Vec<_> = found.files.into_iter().map(|file| line(state, case.clone(), file, busy, problem)).collect();
    let rest = found.has_more.then(|| {
        view! { <p class="faint">"There are more: cruncher results STUDY DIR fetches all of them."</p> }
    });
    view! {
        <p class="faint" role="status">{move || busy.get().map_or_else(|| summary.clone(), |file| format!("Reading {file} …"))}</p>
        {move || problem.get().map(problem_note)}
        <ul class="case__files" aria-label="Files">{lines}</ul>
        {rest}
    }
    .into_any()
}

fn line(
    state: ResultsState,
    case: CaseRef,
    file: CaseFile,
    busy: RwSignal<Option<String>>,
    problem: RwSignal<Option<PageProblem>>,
) -> AnyView {
    let (path, previewed) = (visible(&file.path), file.clone());
    let words = size(file.size_bytes);
    let exact = format!("{} bytes", thousands(file.size_bytes));
    let label = format!("Download {path}, {words}");
    let shown = path.clone();
    let press = move |_| {
        let (file, case, path) = (file.clone(), case.clone(), path.clone());
        problem.set(None);
        busy.set(Some(path));
        spawn_local(async move {
            let read = match reading::study(state).await {
                Ok(study) => study.case_file(&file).await.map_err(|error| unread(&error)),
                Err(problem) => Err(problem),
            };
            match read {
                // Whatever it is, no browser shows it as a page.
                Ok(content) => {
                    save(&file.download_name(&case), "application/octet-stream", &Uint8Array::from(&*content));
                }
                Err(error) => drop(problem.try_set(Some(error))),
            }
            let _ = busy.try_set(None);
        });
    };
    let (preview, opened) = preview(state, previewed);
    view! {
        <li>
            <button class="quiet case__file" aria-label=label disabled=move || busy.read().is_some() on:click=press>
                <bdi>{shown}</bdi>
            </button>
            {preview}
            <span class="faint number" title=exact>{words}</span>
            {opened}
        </li>
    }
    .into_any()
}
