//! The pools of the study on the page *Attach*: an operator makes them, and removes those that are empty. The designer's program does
//! it, as everything that changes the document `control.json`.

use std::time::Duration;

use cruncher_backend::administer::pools::{PoolState, named_pools};
use cruncher_browser::components::confirmation::{ConfirmationDialog, ConfirmationQuestion};
use cruncher_browser::components::press::press;
use cruncher_browser::components::problem_note::problem_note;
use cruncher_browser::programs::pools_place;
use cruncher_browser::state::pool_change::PoolChange;
use cruncher_browser::state::problem::PageProblem;
use cruncher_browser::state::route::{Page, Route};
use cruncher_browser::{address, designer};
use cruncher_study::access::Role;
use cruncher_study::pool::{Pool, shown};
use leptos::ev::{self, SubmitEvent};
use leptos::mount::mount_to;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::fleet_state::FleetState;
use crate::state::pools::{content, name_problem};

/// Pause between two looks: each takes two requests a pool.
const PAUSE: Duration = Duration::from_secs(20);

/// State of the pools. Copies share it.
#[derive(Clone, Copy)]
struct PoolsState {
    page: FleetState,
    /// The pools, as of the last look; `None` before the first has ended.
    pools: RwSignal<Option<Vec<PoolState>>>,
    /// The name of the new pool, as typed.
    name: RwSignal<String>,
    /// The change that isn't done yet.
    doing: RwSignal<Option<PoolChange>>,
    /// What was done last, in words.
    done: RwSignal<Option<String>>,
    problem: RwSignal<Option<PageProblem>>,
    confirmation: ConfirmationDialog,
    /// Reason why the last look failed, if it did.
    unread: RwSignal<Option<PageProblem>>,
    /// Number of looks that were begun: an answer to an earlier one comes too late.
    looks: StoredValue<u32>,
}

/// Shows the pools in their place, where they stay.
pub(super) fn show(page: FleetState) {
    let is_operator = page.access.with_value(|access| access.role == Role::Operator);
    if let Some(place) = pools_place().filter(|_| is_operator) {
        mount_to(place, move || pools(PoolsState::follow(page))).forget();
    }
}

impl PoolsState {
    /// Creates the state, and looks whenever somebody comes to the page, and again while it is shown.
    fn follow(page: FleetState) -> Self {
        let state = Self {
            page,
            pools: RwSignal::new(None),
            name: RwSignal::new(String::new()),
            doing: RwSignal::new(None),
            done: RwSignal::new(None),
            problem: RwSignal::new(None),
            confirmation: ConfirmationDialog::new("pools"),
            unread: RwSignal::new(None),
            looks: StoredValue::new(0),
        };
        let listener = window_event_listener(ev::hashchange, move |_| state.look());
        let answers = window_event_listener_untyped(designer::POOL_ANSWERED, move |_| state.answer());
        on_cleanup(move || [listener, answers].into_iter().for_each(WindowListenerHandle::remove));
        let look_again = move || {
            if !document().hidden() {
                state.look();
            }
        };
        if let Ok(ticks) = set_interval_with_handle(look_again, PAUSE) {
            on_cleanup(move || ticks.clear());
        }
        state.look();
        state
    }

    fn look(self) {
        if Route::parse(&address::fragment()).page == Page::Attach {
            self.looks.update_value(|looks| *looks += 1);
            let number = self.looks.get_value();
            spawn_local(async move {
                let looked = async {
                    let study = self.page.study().await?;
                    named_pools(&study).await.map_err(|error| PageProblem::from(&error))
                };
                let looked = looked.await;
                if self.looks.get_value() != number {
                    return;
                }
                match looked {
                    Ok(pools) => {
                        self.unread.set(None);
                        if self.pools.with_untracked(|known| known.as_ref() != Some(&pools)) {
                            self.pools.set(Some(pools));
                        }
                    }
                    Err(problem) => self.unread.set(Some(problem)),
                }
            });
        }
    }

    fn change(self, change: PoolChange) {
        self.doing.set(Some(change));
        self.done.set(None);
        self.problem.set(None);
        designer::ask_pool(&change.to_string());
    }

    /// Whether a change is under way.
    fn is_busy(self) -> bool {
        self.doing.read().is_some()
    }

    /// Takes what came of the change.
    fn answer(self) {
        let refusal = designer::pool_refusal();
        let Some(change) = self.doing.get_untracked() else { return };
        self.doing.set(None);
        if refusal.is_some() {
            self.problem.set(refusal);
        } else {
            self.done.set(Some(self.outcome(change)));
        }
        self.look();
    }

    /// Shows the lines of a pool that was made, and says what was done.
    fn outcome(self, change: PoolChange) -> String {
        match change {
            PoolChange::Make(pool) => {
                self.name.set(String::new());
                choose(Some(pool));
                format!("Pool {pool} is made. The lines above attach workers to it.")
            }
            PoolChange::Remove(pool) => {
                if Route::parse(&address::fragment()).pool == Some(pool) {
                    choose(None);
                }
                format!("Pool {pool} is removed.")
            }
        }
    }
}

/// Shows the lines of a pool above.
fn choose(pool: Option<Pool>) {
    let route = Route { pool, ..Route::parse(&address::fragment()) };
    if route.page == Page::Attach {
        // This can't fail: an address of the same document is valid.
        let _ = window().location().set_hash(&route.to_string());
    }
}

fn pools(state: PoolsState) -> AnyView {
    let list = move || {
        let pools = state.pools.get()?;
        let rows: Vec<_> = pools.iter().map(|pool| row(state, pool)).collect();
        let none = "None yet: all cases wait in the study's own queue.";
        Some(if rows.is_empty() {
            view! { <p class="faint">{none}</p> }.into_any()
        } else {
            view! { <ul class="pool-list" aria-label="Pools">{rows}</ul> }.into_any()
        })
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if let Ok(pool) = Pool::parse(state.name.read_untracked().trim()) {
            state.change(PoolChange::Make(pool));
        }
    };
    let wrong = move || {
        let known = state.pools.read();
        name_problem(&state.name.read(), known.as_deref().unwrap_or_default())
    };
    let is_useless = move || state.is_busy() || wrong().is_some() || state.name.read().trim().is_empty();
    let told = move || {
        let doing = state.doing.get().map(|change| match change {
            PoolChange::Make(pool) => format!("Making {pool} …"),
            PoolChange::Remove(pool) => format!("Removing {pool} …"),
        });
        let words = doing.or_else(|| state.done.get())?;
        Some(view! { <p class="faint" role="status">{words}</p> })
    };
    view! {
        {state.confirmation.view()}
        <section class="pool-panel" aria-label="Pools of the study">
            <h2>"Pools"</h2>
            <p class="faint">"A pool is a queue of its own, for cases that need a kind of machine or software. A worker takes the cases of one pool."</p>
            {list}
            <form class="pool-new" on:submit=submit>
                <label>
                    "New pool "
                    <input
                        maxlength="64" placeholder="gpu" autocomplete="off" spellcheck="false" aria-describedby="pool-wrong"
                        aria-invalid=move || wrong().is_some().then_some("true")
                        prop:value=move || state.name.get()
                        on:input=move |event| state.name.set(event_target_value(&event))
                    />
                </label>
                <button disabled=is_useless>"Make"</button>
                <span id="pool-wrong" class="pool-wrong" role="status">{wrong}</span>
            </form>
            {told}
            {move || state.problem.get().or_else(|| state.unread.get()).map(problem_note)}
        </section>
    }
    .into_any()
}

fn row(state: PoolsState, own: &PoolState) -> AnyView {
    let Some(pool) = own.pool else { return ().into_any() };
    let (words, is_empty) = content(own);
    let remove = move |_| {
        state.confirmation.ask(ConfirmationQuestion {
            title: format!("Remove pool {pool}?"),
            words: "Its queues are deleted, and workers that are attached to it end.".into(),
            action: "Remove it".into(),
            act: Box::new(move || state.change(PoolChange::Remove(pool))),
        });
    };
    let label = format!("Remove pool {pool}");
    let title = if is_empty { "Its queues are deleted" } else { "Only an empty pool can be removed here" };
    view! {
        <li>
            <span class="pool-list__name">{shown(Some(&pool)).to_owned()}</span>
            <span class="faint">{words}</span>
            <button class="quiet" aria-label=label title=title disabled=move || !is_empty || state.is_busy() on:click=press(remove)>"Remove"</button>
        </li>
    }
    .into_any()
}
