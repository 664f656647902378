//! Files that the open case produced.

use cruncher_backend::fetch::case_files::{CaseFile, CaseFiles, MAX_FILE_BYTES};
use cruncher_backend::study::ReadError;
use cruncher_browser::components::problem_note::problem_note;
use cruncher_browser::download::save;
use cruncher_browser::state::problem::PageProblem;
use cruncher_study::case::CaseRef;
use cruncher_study::number_format::{counted, size, thousands};
use js_sys::Uint8Array;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::fold::fold;
use crate::reading;
use crate::results_state::ResultsState;
use crate::state::preview::{FilePreview, PreviewKind};
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
    let kind = PreviewKind::of(&previewed.path).filter(|kind| previewed.size_bytes <= kind.max_bytes());
    let opened = RwSignal::new(None::<OpenedPreview>);
    let preview = kind.map(|kind| preview_button(state, previewed, kind, opened));
    let name = format!("Preview of {shown}");
    view! {
        <li>
            <button class="quiet case__file" aria-label=label disabled=move || busy.read().is_some() on:click=press>
                <bdi>{shown}</bdi>
            </button>
            {preview}
            <span class="faint number" title=exact>{words}</span>
            {move || opened.get().map(|opened| preview_view(opened, name.clone()))}
        </li>
    }
    .into_any()
}

/// What stands below a file whose preview was asked for.
#[derive(Clone)]
enum OpenedPreview {
    Reading,
    Shown(FilePreview),
    Unfit(&'static str),
    Failed(PageProblem),
}

fn preview_button(
    state: ResultsState,
    file: CaseFile,
    kind: PreviewKind,
    opened: RwSignal<Option<OpenedPreview>>,
) -> AnyView {
    let label = format!("Preview {}", visible(&file.path));
    let press = move |_| {
        if opened.get_untracked().is_some() {
            opened.set(None);
            return;
        }
        opened.set(Some(OpenedPreview::Reading));
        let file = file.clone();
        spawn_local(async move {
            let read = match reading::study(state).await {
                Ok(study) => study.case_file_up_to(&file, kind.max_bytes()).await.map_err(|error| unread(&error)),
                Err(problem) => Err(problem),
            };
            let shown = match read.map(|content| kind.show(&content)) {
                Ok(Ok(shown)) => OpenedPreview::Shown(shown),
                Ok(Err(words)) => OpenedPreview::Unfit(words),
                Err(problem) => OpenedPreview::Failed(problem),
            };
            let _ = opened.try_update(|opened| {
                if opened.is_some() {
                    *opened = Some(shown);
                }
            });
        });
    };
    let is_open = move || if opened.read().is_some() { "true" } else { "false" };
    view! { <button class="quiet case__preview-button" aria-label=label aria-expanded=is_open on:click=press>"Preview"</button> }
        .into_any()
}

fn preview_view(opened: OpenedPreview, name: String) -> AnyView {
    let shown = match opened {
        OpenedPreview::Reading => {
            return view! { <p class="faint case__preview" role="status">"Reading …"</p> }.into_any();
        }
        OpenedPreview::Unfit(words) => {
            return view! { <p class="faint case__preview" role="status">{words}</p> }.into_any();
        }
        OpenedPreview::Failed(problem) => {
            return view! { <div class="case__preview">{problem_note(problem)}</div> }.into_any();
        }
        OpenedPreview::Shown(shown) => shown,
    };
    match shown {
        FilePreview::Text(text) => {
            view! { <pre class="trace case__text case__preview" tabindex="0" role="region" aria-label=name>{text}</pre> }.into_any()
        }
        // An image runs no script, loads nothing, and can't reach the page.
        FilePreview::Picture(address) => view! { <img class="case__preview" src=address alt=name /> }.into_any(),
        FilePreview::Table { rows, left_out } => {
            let mut rows = rows.into_iter();
            let head: Vec<_> =
                rows.next().unwrap_or_default().into_iter().map(|field| view! { <th scope="col">{field}</th> }).collect();
            let row = |row: Vec<String>| {
                let fields: Vec<_> = row.into_iter().map(|field| view! { <td>{field}</td> }).collect();
                view! { <tr>{fields}</tr> }
            };
            let rows: Vec<_> = rows.map(row).collect();
            view! {
                <div class="trace case__text case__preview" tabindex="0" role="region" aria-label=name>
                    <table class="case__preview-table"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>
                    {left_out.map(|words| view! { <p class="faint">{words}</p> })}
                </div>
            }
            .into_any()
        }
    }
}

fn unread(error: &ReadError) -> PageProblem {
    match error {
        ReadError::Aws(error) if error.is_not_found() => PageProblem {
            title: "This file isn't there any more.".into(),
            advice: "Somebody has deleted it since the list was read. Fold the list and unfold it to read it again."
                .into(),
            detail: error.to_string(),
        },
        ReadError::Aws(error) => error.into(),
        ReadError::TooLarge { .. } | ReadError::Json { .. } => PageProblem {
            title: format!("This file has more than the {} MiB that the page reads.", MAX_FILE_BYTES >> 20),
            advice: "cruncher results STUDY DIR fetches it.".into(),
            detail: error.to_string(),
        },
    }
}
