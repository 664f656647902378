//! Extractions of the shown batches: a second model over the files of finished cases, and how far that is.

use std::time::Duration;

use cruncher_backend::enqueue::extractions::{Extraction, ExtractionWatch, withdraw_extraction};
use cruncher_browser::components::problem_note::problem_note;
use cruncher_browser::local_time::{clock_time, exact_time};
use cruncher_browser::state::problem::PageProblem;
use cruncher_browser::{designer, frozen};
use cruncher_results::column_id::CaseField;
use cruncher_results::store::ResultStore;
use cruncher_study::batch::Batch;
use cruncher_study::number_format::{counted, thousands};
use cruncher_study::shown_text::visible;
use js_sys::Date;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::action_pause::ActionPause;
use crate::reading;
use crate::results_state::{ResultsState, is_here};
use crate::steering::of_control;

/// Maximum number of batches that are looked at: each takes two requests or more.
const MAX_BATCHES: usize = 8;

/// Maximum number of failed cases that are listed.
const MAX_FAILED: usize = 20;

/// Pause between two looks at an extraction that isn't over.
const OPEN_PAUSE: Duration = Duration::from_secs(3);

/// Least time between two looks when rows have come, in milliseconds: somebody else may have begun one.
const ROWS_PAUSE_MILLIS: f64 = 30_000.0;

/// State of the extractions of the shown batches, as far as they were read. Copies share everything.
#[derive(Clone, Copy)]
pub(super) struct ExtractionsState {
    pub(super) state: ResultsState,
    /// Batches that have a result among the shown rows.
    pub(super) batches: Memo<Vec<Batch>>,
    /// Extractions of each batch, the last one first.
    pub(super) found: RwSignal<Vec<(Batch, Vec<Extraction>)>>,
    watches: StoredValue<Vec<(Batch, ExtractionWatch)>, LocalStorage>,
    is_looking: StoredValue<bool>,
    is_wanted_again: StoredValue<bool>,
    looked_millis: StoredValue<f64>,
    problem: RwSignal<Option<PageProblem>>,
}

impl ExtractionsState {
    /// Follows the extractions of the shown batches.
    pub(super) fn follow(state: ResultsState) -> Self {
        let own = Self {
            state,
            batches: Memo::new(move |_| state.data.with(batches_with_results)),
            found: RwSignal::default(),
            watches: StoredValue::new_local(Vec::new()),
            is_looking: StoredValue::new(false),
            is_wanted_again: StoredValue::new(false),
            looked_millis: StoredValue::new(0.0),
            problem: RwSignal::default(),
        };
        // A frozen study doesn't hold what this is told by.
        if frozen::label().is_none() {
            let pause = ActionPause::default();
            // Rows that are being read are shown first.
            let look_soon = move || pause.after(state.data.quiet(Duration::ZERO), move || own.look());
            Effect::new({
                let look_soon = look_soon.clone();
                move || {
                    own.batches.track();
                    look_soon();
                }
            });
            Effect::new(move || {
                state.data.track();
                if Date::now() - own.looked_millis.get_value() > ROWS_PAUSE_MILLIS {
                    look_soon();
                }
            });
        }
        own
    }

    /// Looks now, and again as long as an extraction isn't over.
    pub(super) fn look(self) {
        if self.is_looking.try_get_value() != Some(false) {
            self.is_wanted_again.try_set_value(true);
            return;
        }
        self.is_looking.set_value(true);
        self.looked_millis.set_value(Date::now());
        spawn_local(async move {
            // Who can't look now looks again with the next rows.
            let found = self.read().await.unwrap_or_else(|_unread| self.found.get_untracked());
            let done = |found: &[(Batch, Vec<Extraction>)]| -> u64 {
                found.iter().flat_map(|(_, own)| own).map(|extraction| extraction.done).sum()
            };
            let Some(before) = self.found.try_with_untracked(|before| done(before)) else { return };
            if done(&found) > before {
                // Their rows have come, or come in a moment: who looks hears of it at once.
                designer::tell_sent();
            }
            let is_open = found.iter().flat_map(|(_, own)| own).any(Extraction::is_open);
            self.found.set(found);
            self.is_looking.set_value(false);
            if self.is_wanted_again.try_update_value(std::mem::take) == Some(true) {
                self.look();
            } else if is_open {
                self.look_later();
            }
        });
    }

    fn look_later(self) {
        let look = move || {
            if self.is_looking.try_get_value() != Some(false) {
                return;
            }
            // Nobody sees it: there is time.
            if is_here(self.state.page) && !document().hidden() { self.look() } else { self.look_later() }
        };
        set_timeout(look, OPEN_PAUSE);
    }

    async fn read(self) -> Result<Vec<(Batch, Vec<Extraction>)>, PageProblem> {
        let batches = self.batches.get_untracked();
        if batches.is_empty() || batches.len() > MAX_BATCHES {
            return Ok(Vec::new());
        }
        let study = reading::study(self.state).await?;
        let mut found = Vec::new();
        let mut watches = self.watches.try_update_value(std::mem::take).unwrap_or_default();
        for batch in batches {
            let place = watches.iter().position(|(own, _)| *own == batch).unwrap_or_else(|| {
                watches.push((batch.clone(), ExtractionWatch::default()));
                watches.len() - 1
            });
            match watches[place].1.look(&study, &batch).await {
                Ok(own) => found.push((batch, own)),
                Err(error) => {
                    self.watches.try_set_value(watches);
                    return Err((&error).into());
                }
            }
        }
        self.watches.try_set_value(watches);
        Ok(found)
    }

    fn withdraw(self, submissions: Vec<String>) {
        self.problem.set(None);
        spawn_local(async move {
            let withdrawn = match reading::study(self.state).await {
                Ok(study) => withdraw_extraction(&study, &submissions).await.map_err(|error| of_control(&error)),
                Err(problem) => Err(problem),
            };
            let _ = self.problem.try_set(withdrawn.err());
            self.look();
        });
    }
}

/// Returns the batches of cases with a result.
fn batches_with_results(store: &ResultStore) -> Vec<Batch> {
    let codes = store.field(CaseField::Batch).codes();
    let mut found: Vec<u32> = Vec::new();
    for code in store.done().iter().filter_map(|row| codes.get(row)) {
        if !found.contains(code) {
            found.push(*code);
        }
    }
    found.into_iter().filter_map(|code| Batch::parse(store.label(code)).ok()).collect()
}

/// Draws the extractions of the shown batches; nothing if there are none.
pub(super) fn extractions(own: ExtractionsState) -> AnyView {
    let body = move || {
        let found = own.found.read();
        let lines: Vec<_> = found
            .iter()
            .flat_map(|(batch, all)| all.iter().map(|one| line(own, batch, one, found.len() > 1)))
            .collect();
        let beyond = own.batches.read().len() > MAX_BATCHES && frozen::label().is_none();
        let beyond = beyond.then(|| {
            let words =
                format!("More than {MAX_BATCHES} batches are shown: choose one to see what was extracted again.");
            view! { <p class="faint">{words}</p> }
        });
        (!lines.is_empty() || beyond.is_some()).then(|| {
            view! {
                <section class="combined" aria-labelledby="extractions-title">
                    <h3 id="extractions-title">"Extracted again"</h3>
                    <ul>{lines}</ul>
                    {beyond}
                    {move || own.problem.get().map(problem_note)}
                </section>
            }
        })
    };
    view! { {body} }.into_any()
}

fn line(own: ExtractionsState, batch: &Batch, one: &Extraction, has_batch: bool) -> AnyView {
    let (time, exact) = (clock_time(one.submit_time, Date::now() / 1000.0), exact_time(one.submit_time));
    let name = visible(one.model.file_name());
    let batch = has_batch.then(|| view! { <span>{batch.to_string()}</span> });
    let withdraw = (one.queued + one.lost > 0 && own.state.may_steer()).then(|| {
        let submissions = one.submissions.clone();
        let label = format!("Withdraw {name}: nothing is extracted from cases that still wait");
        view! { <button class="quiet" aria-label=label.clone() title=label on:click=move |_| own.withdraw(submissions.clone())>"Withdraw"</button> }
    });
    view! {
        <li>
            <bdi>{name}</bdi>
            <span class="number" role="status">{one.in_words()}</span>
            {batch}
            <span class="faint">"by "<bdi>{one.by.clone()}</bdi></span>
            <span class="faint number" title=exact>{time}</span>
            {withdraw}
            {one.lost_in_words().map(|words| view! { <p class="notices__line notices__line--warning extract__lost">{words}</p> })}
            {(!one.failed.is_empty()).then(|| failed(own, one))}
        </li>
    }
    .into_any()
}

/// Lists the cases in which the model failed: each leads to its log.
fn failed(own: ExtractionsState, one: &Extraction) -> AnyView {
    let count = one.failed.len() as u64;
    let line = |(case, error): &(cruncher_study::case::CaseId, String)| {
        let (case, error) = (*case, error.clone());
        let open = move |_| own.state.view.update(|view| view.case = Some(case));
        view! {
            <li>
                <button class="combined__file" on:click=open>{format!("Case {:.8}", case.to_string())}</button>
                <span class="state-text-failed extract__error">{error}</span>
            </li>
        }
    };
    let lines: Vec<_> = one.failed.iter().take(MAX_FAILED).map(line).collect();
    let more = one.failed.len().saturating_sub(MAX_FAILED);
    let more = (more > 0).then(|| view! { <li class="faint">{format!("… and {} more", thousands(more as u64))}</li> });
    view! {
        <details class="extract__failed">
            <summary>{format!("{} the result of before", counted(count, "failed case keeps", "failed cases keep"))}</summary>
            <ul>{lines}{more}</ul>
        </details>
    }
    .into_any()
}
