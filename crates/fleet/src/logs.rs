//! The section Logs: what all workers say of themselves, as one log.

use cruncher_backend::watch::worker_logs::WorkerLogs;
use cruncher_browser::components::press::press;
use cruncher_browser::local_time::exact_time;
use cruncher_browser::state::problem::PageProblem;
use cruncher_browser::{address, download};
use cruncher_study::number_format::counted;
use cruncher_study::shown_text::visible;
use cruncher_study::worker_log::{LogEntry, LogLevel, MergedLog, as_line, host_of};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_bindgen::JsValue;

use super::fleet_state::FleetState;
use crate::state::log_view::{LogView, SPANS, left_out_words};
use crate::state::section::PageSection;

/// Maximum number of entries that are drawn: the latest.
const MAX_DRAWN: usize = 500;

/// What is known of the logs. Copies share it.
#[derive(Clone, Copy)]
pub(crate) struct LogsState {
    view: RwSignal<LogView>,
    log: RwSignal<Option<MergedLog>>,
    reader: StoredValue<Option<WorkerLogs>>,
    is_reading: StoredValue<bool>,
}

impl LogsState {
    /// Creates the state. It reads while the section is shown: at once when the address asks for something else, and with each look.
    pub(crate) fn follow(state: FleetState) -> Self {
        let logs = Self {
            view: RwSignal::new(LogView::parse(&address::fragment())),
            log: RwSignal::new(None),
            reader: StoredValue::new(None),
            is_reading: StoredValue::new(false),
        };
        Effect::new(move |_| {
            let _ = (state.now.get(), state.route.get());
            if state.section.get() == PageSection::Logs {
                let view = LogView::parse(&address::fragment());
                // Fields in which somebody types are drawn anew only if something else is asked for.
                if logs.view.with_untracked(|known| *known != view) {
                    logs.view.set(view);
                }
                logs.read(state);
            }
        });
        logs
    }

    fn read(self, state: FleetState) {
        if self.is_reading.get_value() {
            return;
        }
        self.is_reading.set_value(true);
        spawn_local(async move {
            loop {
                let view = self.view.get_untracked();
                if let Err(problem) = self.try_read(state, &view).await {
                    state.problem.set(Some(problem));
                    break;
                }
                // Something else may have been asked for meanwhile.
                if view == self.view.get_untracked() {
                    break;
                }
            }
            self.is_reading.set_value(false);
        });
    }

    async fn try_read(self, state: FleetState, view: &LogView) -> Result<(), PageProblem> {
        let study = state.study().await?;
        let filter = view.filter(study.now());
        let mut reader = self.reader.try_update_value(Option::take).flatten().unwrap_or_else(|| WorkerLogs::new(study));
        let looked = reader.look(&filter).await;
        if looked.is_ok() {
            let log = reader.log(&filter);
            // Hundreds of lines are drawn anew only if there is news.
            if self.log.with_untracked(|known| known.as_ref() != Some(&log)) {
                self.log.set(Some(log));
            }
        }
        self.reader.set_value(Some(reader));
        looked.map_err(|error| PageProblem::from(&error))
    }
}

/// Draws the section.
pub(super) fn logs(state: FleetState, logs: LogsState) -> AnyView {
    let content = move || match logs.log.get() {
        None if state.problem.read().is_some() => ().into_any(),
        None => view! { <p class="empty" role="status">"Reading logs …"</p> }.into_any(),
        Some(log) => entries(state, logs, &log, &logs.view.get()),
    };
    view! { <section aria-label="Logs">{move || filters(state, logs)}{content}</section> }.into_any()
}

fn filters(state: FleetState, logs: LogsState) -> AnyView {
    let view = logs.view.get();
    let go = move |view: &LogView| address::go_to(&view.address(&state.route.get_untracked()));
    let level = {
        let view = view.clone();
        let options = LogLevel::ALL.map(|level| {
            let name = if level == LogLevel::Info { "all" } else { level.name() };
            view! { <option value=level.name() selected=level == view.level>{name.to_lowercase()}</option> }
        });
        let change = move |event| {
            let level = LogLevel::of_name(&event_target_value(&event)).unwrap_or_default();
            go(&LogView { level, ..view.clone() });
        };
        view! { <label class="log-filter">"Level"<select on:change=change>{options.into_iter().collect_view()}</select></label> }
    };
    let since = {
        let view = view.clone();
        let options = SPANS.map(|(path, name, _)| {
            view! { <option value=path selected=path == SPANS[view.span].0>{name}</option> }
        });
        let change = move |event| {
            let chosen = event_target_value(&event);
            let span = SPANS.iter().position(|(path, ..)| *path == chosen).unwrap_or_default();
            go(&LogView { span, ..view.clone() });
        };
        view! { <label class="log-filter">"Time"<select on:change=change>{options.into_iter().collect_view()}</select></label> }
    };
    let field = |name: &'static str, value: Option<String>, taken: fn(&LogView, Option<String>) -> LogView| {
        let view = view.clone();
        let change = move |event| {
            let text = event_target_value(&event).trim().to_owned();
            go(&taken(&view, Some(text).filter(|text| !text.is_empty())));
        };
        view! {
            <label class="log-filter">{name}
                <input type="search" autocomplete="off" spellcheck="false" autocapitalize="off" placeholder="all"
                    prop:value=value.unwrap_or_default() on:change=change />
            </label>
        }
    };
    let host = field("Host", view.host.clone(), |view, host| LogView { host, ..view.clone() });
    let worker = field("Worker", view.worker.clone(), |view, worker| LogView { worker, ..view.clone() });
    let text = field("Text", view.text.clone(), |view, text| LogView { text, ..view.clone() });
    view! { <div class="log-filters">{level}{since}{host}{worker}{text}</div> }.into_any()
}

fn entries(state: FleetState, logs: LogsState, log: &MergedLog, view: &LogView) -> AnyView {
    let hidden = log.entries.len().saturating_sub(MAX_DRAWN);
    let words = left_out_words(&log.left_out, hidden);
    let notes: Vec<_> = words.into_iter().map(|words| view! { <li>{words}</li> }).collect();
    let notes = (!notes.is_empty()).then(|| view! { <ul class="log-notes faint" aria-label="Not shown">{notes}</ul> });
    if log.entries.is_empty() {
        let words = if *view == LogView::default() {
            "No worker has written a log yet."
        } else {
            "No entry is of this level, time, host and worker, with this text."
        };
        return view! { {notes}<p class="empty" role="status">{words}</p> }.into_any();
    }
    let save = press(move |_| {
        let saved: String = logs.log.with_untracked(|log| {
            let entries = log.iter().flat_map(|log| &log.entries);
            entries.map(|(worker, entry)| as_line(worker, entry) + "\n").collect()
        });
        download::save("log.txt", "text/plain", &JsValue::from_str(&saved));
    });
    let count = counted(log.entries.len() as u64, "entry", "entries");
    // The latest come first: nobody scrolls to the end of a page that grows.
    let rows: Vec<_> =
        log.entries.iter().skip(hidden).rev().map(|(worker, entry)| row(state, view, worker, entry)).collect();
    view! {
        {notes}
        <p class="log-notes faint">{format!("{count}, the latest first; new ones appear by themselves.")}</p>
        <div class="scroll" tabindex="0" role="region" aria-label="Entries">
            <table class="table log">
                <thead><tr><th scope="col">"Time"</th><th scope="col">"Level"</th><th scope="col">"Worker"</th><th scope="col">"Text"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        <button class="quiet" on:click=save>{format!("Download {count} as text")}</button>
    }
    .into_any()
}

fn row(state: FleetState, view: &LogView, worker: &str, entry: &LogEntry) -> AnyView {
    let only =
        LogView { worker: Some(worker.to_owned()), host: None, ..view.clone() }.address(&state.route.get_untracked());
    let process = visible(worker.rsplit('_').next().unwrap_or_default());
    let (class, symbol) = match entry.level {
        LogLevel::Info => ("log__level", "·"),
        LogLevel::Warning => ("log__level log__level--warning", "!"),
        LogLevel::Error => ("log__level log__level--error", "✕"),
    };
    let time = cruncher_study::utc_time::written(entry.time);
    let clock = time.get(5..19).unwrap_or_default().replace('T', " ");
    view! {
        <tr>
            <td class="log__time"><time datetime=time title=exact_time(entry.time)>{clock}</time></td>
            <td class=class><span aria-hidden="true">{symbol}" "</span>{entry.level.name().to_lowercase()}</td>
            <td class="log__worker"><a href=only title="Only this worker">{visible(host_of(worker))}" "{process}</a></td>
            <td class="log__text">{entry.text.clone()}</td>
        </tr>
    }
    .into_any()
}
