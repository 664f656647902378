//! Files that were made of what the cases of a batch came to.

use cruncher_backend::fetch::case_files::{CaseFile, MAX_FILE_BYTES};
use cruncher_backend::study::ReadError;
use cruncher_browser::components::problem_note::problem_note;
use cruncher_browser::download::save;
use cruncher_browser::frozen;
use cruncher_browser::local_time::{clock_time, exact_time};
use cruncher_browser::state::problem::PageProblem;
use cruncher_study::number_format::{size, thousands};
use cruncher_study::shown_text::visible;
use js_sys::{Date, Uint8Array};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::reading;
use crate::results_state::ResultsState;
use crate::state::combined::{CombinedFile, combined_files, of_cases};

/// Maximum number of files that are shown: the latest.
const MAX_SHOWN: usize = 10;

/// Draws the files that were combined in the shown batches; nothing if there are none.
pub(super) fn combined(state: ResultsState) -> AnyView {
    // The rows of a batch `…/combined` are among the shown ones only if that was chosen.
    let files = Memo::new(move |_| {
        let mut files = state.data.with(combined_files);
        files.extend(state.data.with_aids(combined_files));
        files
    });
    let (busy, problem) = (RwSignal::new(false), RwSignal::new(None::<PageProblem>));
    let body = move || {
        let found = files.get();
        if found.is_empty() {
            return None;
        }
        let more = found.len().saturating_sub(MAX_SHOWN);
        let lines: Vec<_> = found.into_iter().take(MAX_SHOWN).map(|file| line(state, file, busy, problem)).collect();
        let more = (more > 0)
            .then(|| view! { <li class="faint">{format!("… and {} earlier ones", thousands(more as u64))}</li> });
        Some(view! {
            <section class="combined" aria-labelledby="combined-files">
                <h3 id="combined-files">"Combined"</h3>
                <ul>{lines}{more}</ul>
                {move || problem.get().map(problem_note)}
            </section>
        })
    };
    view! { {body} }.into_any()
}

fn line(
    state: ResultsState,
    file: CombinedFile,
    busy: RwSignal<bool>,
    problem: RwSignal<Option<PageProblem>>,
) -> AnyView {
    let (batch, name, words) = (file.of.clone(), visible(&file.name), size(file.size_bytes));
    let (time, exact_time) = (clock_time(file.end_time, Date::now() / 1000.0), exact_time(file.end_time));
    let (cases, exact) = (of_cases(&file), format!("{} bytes", thousands(file.size_bytes)));
    let label = format!("Download {name} of {batch}, {words}");
    let press = move |_| {
        let file = file.clone();
        problem.set(None);
        busy.set(true);
        spawn_local(async move {
            if let Err(error) = fetch(state, &file).await {
                let _ = problem.try_set(Some(error));
            }
            let _ = busy.try_set(false);
        });
    };
    // A frozen study holds no files.
    let button = if frozen::label().is_some() {
        view! { <bdi>{name}</bdi> }.into_any()
    } else {
        view! {
            <button class="quiet combined__file" aria-label=label disabled=move || busy.get() on:click=press><bdi>{name}</bdi></button>
        }
        .into_any()
    };
    view! {
        <li>
            {button}
            <span class="faint number" title=exact>{words}</span>
            <span>{batch}</span>
            <span class="faint">{cases}</span>
            <span class="faint number" title=exact_time>{time}</span>
        </li>
    }
    .into_any()
}

async fn fetch(state: ResultsState, file: &CombinedFile) -> Result<(), PageProblem> {
    let stored = CaseFile { key: file.key(), path: file.name.clone(), size_bytes: file.size_bytes };
    let content = reading::study(state).await?.case_file(&stored).await.map_err(|error| unread(&error))?;
    save(&file.download_name(), "application/octet-stream", &Uint8Array::from(&*content));
    Ok(())
}

fn unread(error: &ReadError) -> PageProblem {
    match error {
        ReadError::Aws(error) => error.into(),
        ReadError::TooLarge { .. } | ReadError::Json { .. } => PageProblem {
            title: format!("This file has more than the {} MiB that the page reads.", MAX_FILE_BYTES >> 20),
            advice: "cruncher results STUDY DIR fetches it.".into(),
            detail: error.to_string(),
        },
    }
}
