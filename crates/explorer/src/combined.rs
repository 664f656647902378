//! Files that were made of what the cases of a batch came to.

use cruncher_backend::fetch::case_files::CaseFile;
use cruncher_browser::components::problem_note::problem_note;
use cruncher_browser::download::save;
use cruncher_browser::local_time::{clock_time, exact_time};
use cruncher_browser::state::problem::PageProblem;
use cruncher_browser::{designer, frozen, rows};
use cruncher_study::number_format::{size, thousands};
use cruncher_study::shown_text::visible;
use js_sys::{Date, Uint8Array};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::file_preview::{preview, unread};
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
    // Whoever hands them over tells so by the counts.
    let counts = state.data.counts();
    let waits = Memo::new(move |_| {
        counts.track();
        rows::combine_waits()
    });
    let asked = Asked::listen();
    let waiting =
        move || waits.get().into_iter().map(|(name, words)| wait(state, name, words, asked)).collect::<Vec<_>>();
    // They are drawn apart from what is waited for: an open preview stays open.
    let lines = move || {
        let found = files.get();
        let more = found.len().saturating_sub(MAX_SHOWN);
        let lines: Vec<_> = found.into_iter().take(MAX_SHOWN).map(|file| line(state, file, busy, problem)).collect();
        let more = (more > 0)
            .then(|| view! { <li class="faint">{format!("… and {} earlier ones", thousands(more as u64))}</li> });
        view! { {lines}{more} }
    };
    let is_shown = Memo::new(move |_| !files.read().is_empty() || !waits.read().is_empty());
    let body = move || {
        is_shown.get().then(|| {
            view! {
                <section class="combined" aria-labelledby="combined-files">
                    <h3 id="combined-files">"Combined"</h3>
                    <ul>{waiting}{lines}</ul>
                    {move || asked.answer.get().map(told)}
                    {move || problem.get().map(problem_note)}
                </section>
            }
        })
    };
    view! { {body} }.into_any()
}

/// What the reader asked for. Copies share everything.
#[derive(Clone, Copy)]
struct Asked {
    is_busy: RwSignal<bool>,
    answer: RwSignal<Option<PageProblem>>,
}

impl Asked {
    fn listen() -> Self {
        let own = Self { is_busy: RwSignal::new(false), answer: RwSignal::new(None) };
        let take = move |_| {
            own.is_busy.set(false);
            own.answer.set(designer::combine_answer());
        };
        let listener = window_event_listener_untyped(designer::COMBINE_ANSWERED, take);
        on_cleanup(move || listener.remove());
        own
    }

    fn combine(self, name: &str) {
        self.is_busy.set(true);
        self.answer.set(None);
        designer::ask_to_combine(name);
    }
}

fn told(answer: PageProblem) -> AnyView {
    if answer.advice.is_empty() {
        return view! { <p role="status">{answer.title}</p> }.into_any();
    }
    problem_note(answer)
}

/// Says what a batch waits for to be combined.
fn wait(state: ResultsState, name: String, words: String, asked: Asked) -> AnyView {
    let button = (!name.is_empty() && state.may_steer()).then(|| {
        let title = "It is combined anew when it is complete";
        let press = move |_| asked.combine(&name);
        view! { <button title=title disabled=move || asked.is_busy.get() on:click=press>"Combine what is there"</button> }
    });
    view! { <li><span role="status">{visible(&words)}</span>{button}</li> }.into_any()
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
    let has_files = frozen::label().is_none();
    let (preview, opened) = has_files.then(|| preview(state, stored(&file))).unzip();
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
    let button = if has_files {
        view! {
            <button class="quiet combined__file" aria-label=label disabled=move || busy.get() on:click=press><bdi>{name}</bdi></button>
        }
        .into_any()
    } else {
        view! { <bdi>{name}</bdi> }.into_any()
    };
    view! {
        <li>
            {button}
            {preview.flatten()}
            <span class="faint number" title=exact>{words}</span>
            <span>{batch}</span>
            <span class="faint">{cases}</span>
            <span class="faint number" title=exact_time>{time}</span>
            {opened}
        </li>
    }
    .into_any()
}

fn stored(file: &CombinedFile) -> CaseFile {
    CaseFile { key: file.key(), path: file.name.clone(), size_bytes: file.size_bytes }
}

async fn fetch(state: ResultsState, file: &CombinedFile) -> Result<(), PageProblem> {
    let content = reading::study(state).await?.case_file(&stored(file)).await.map_err(|error| unread(&error))?;
    save(&file.download_name(), "application/octet-stream", &Uint8Array::from(&*content));
    Ok(())
}
