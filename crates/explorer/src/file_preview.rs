//! Preview of a file that a case has left, or that was combined of many: it is read when it is asked for.

use cruncher_backend::fetch::case_files::{CaseFile, MAX_FILE_BYTES};
use cruncher_backend::study::ReadError;
use cruncher_browser::components::problem_note::problem_note;
use cruncher_browser::state::problem::PageProblem;
use cruncher_study::shown_text::visible;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::reading;
use crate::results_state::ResultsState;
use crate::state::preview::{FilePreview, PreviewKind};

/// Draws the button that opens a file's preview, and the place below the file that shows it. Without the button if it is no file to be shown.
pub(super) fn preview(state: ResultsState, file: CaseFile) -> (Option<AnyView>, AnyView) {
    let opened = RwSignal::new(None::<OpenedPreview>);
    let name = format!("Preview of {}", visible(&file.path));
    let kind = PreviewKind::of(&file.path).filter(|kind| file.size_bytes <= kind.max_bytes());
    let button = kind.map(|kind| preview_button(state, file, kind, opened));
    let shown = move || opened.get().map(|opened| preview_view(opened, name.clone()));
    (button, view! { {shown} }.into_any())
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

/// Explains why a file can't be read.
pub(super) fn unread(error: &ReadError) -> PageProblem {
    match error {
        ReadError::Aws(error) if error.is_not_found() => PageProblem {
            title: "This file isn't there any more.".into(),
            advice: "Somebody has deleted it since the page was read.".into(),
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
