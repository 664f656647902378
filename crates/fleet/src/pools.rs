//! The pools of the study on the page *Attach*: an operator makes them, and removes those that are empty.

use cruncher_backend::administer::pools::{PoolChangeError, PoolState, delete_own_pool, make_pool, named_pools};
use cruncher_backend::study::{self, Study};
use cruncher_browser::components::press::press;
use cruncher_browser::components::problem_note::problem_note;
use cruncher_browser::programs::pools_place;
use cruncher_browser::state::pool_problem::pool_problem;
use cruncher_browser::state::problem::PageProblem;
use cruncher_browser::state::route::{Page, Route};
use cruncher_browser::{address, designer, kept_access, network};
use cruncher_study::access::{Role, StudyAccess};
use cruncher_study::pool::{Pool, shown};
use leptos::ev::{self, SubmitEvent};
use leptos::mount::mount_to;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::state::pools::{content, name_problem};

/// State of the pools. Copies share it.
#[derive(Clone, Copy)]
struct PoolsState {
    access: StoredValue<StudyAccess>,
    /// The opened study; `None` before the first request.
    study: StoredValue<Option<Study>>,
    /// The pools, as of the last look; `None` before the first has ended.
    pools: RwSignal<Option<Vec<PoolState>>>,
    /// The name of the new pool, as typed.
    name: RwSignal<String>,
    /// What is being done, in words.
    doing: RwSignal<Option<String>>,
    /// What was done last, in words.
    done: RwSignal<Option<String>>,
    problem: RwSignal<Option<PageProblem>>,
}

/// Change of a pool.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PoolChange {
    Make,
    Remove,
}

/// Shows the pools in their place, where they stay.
pub(super) fn show() {
    let (Some(place), Some(access)) = (pools_place(), kept_access::kept()) else { return };
    if access.role != Role::Operator {
        return;
    }
    mount_to(place, || pools(PoolsState::follow(access))).forget();
}

impl PoolsState {
    /// Creates the state, and looks whenever somebody comes to the page.
    fn follow(access: StudyAccess) -> Self {
        let state = Self {
            access: StoredValue::new(access),
            study: StoredValue::new(None),
            pools: RwSignal::new(None),
            name: RwSignal::new(String::new()),
            doing: RwSignal::new(None),
            done: RwSignal::new(None),
            problem: RwSignal::new(None),
        };
        let listener = window_event_listener(ev::hashchange, move |_| state.look());
        on_cleanup(move || listener.remove());
        state.look();
        state
    }

    fn look(self) {
        if Route::parse(&address::fragment()).page == Page::Attach {
            spawn_local(async move {
                let looked = async {
                    let study = self.study().await?;
                    named_pools(&study).await.map_err(|error| PageProblem::from(&error))
                };
                match looked.await {
                    Ok(pools) => self.pools.set(Some(pools)),
                    Err(problem) => self.problem.set(Some(problem)),
                }
            });
        }
    }

    async fn study(self) -> Result<Study, PageProblem> {
        if let Some(study) = self.study.get_value() {
            return Ok(study);
        }
        let key = self.access.with_value(|access| access.key.clone());
        let opened = study::open(network(), &address::page_url(), &key).await;
        let study = opened.map_err(|error| PageProblem::from(&error))?;
        self.study.set_value(Some(study.clone()));
        Ok(study)
    }

    fn change(self, change: PoolChange, pool: Pool) {
        let verb = if change == PoolChange::Make { "Making" } else { "Removing" };
        self.doing.set(Some(format!("{verb} {pool} …")));
        self.done.set(None);
        self.problem.set(None);
        spawn_local(async move {
            match self.try_change(change, pool).await {
                Ok(words) => self.done.set(Some(words)),
                Err(problem) => self.problem.set(Some(problem)),
            }
            self.doing.set(None);
            self.look();
        });
    }

    async fn try_change(self, change: PoolChange, pool: Pool) -> Result<String, PageProblem> {
        let study = self.study().await?;
        let told = |error: PoolChangeError| pool_problem(&error, &study.config.study, pool);
        let words = match change {
            PoolChange::Make => {
                let is_new = make_pool(&study, &pool).await.map_err(told)?;
                self.name.set(String::new());
                choose(Some(pool));
                let other = format!("Pool {pool} was there already. The lines above attach workers to it.");
                if is_new { format!("Pool {pool} is made. The lines above attach workers to it.") } else { other }
            }
            PoolChange::Remove => {
                delete_own_pool(&study, &pool).await.map_err(told)?;
                if Route::parse(&address::fragment()).pool == Some(pool) {
                    choose(None);
                }
                format!("Pool {pool} is removed.")
            }
        };
        // The page looks again, and offers what there is now.
        designer::tell_sent();
        Ok(words)
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
        Some(match rows.is_empty() {
            true => view! { <p class="faint">"None yet: all cases wait in the study's own queue."</p> }.into_any(),
            false => view! { <ul class="pool-list" aria-label="Pools">{rows}</ul> }.into_any(),
        })
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if let Ok(pool) = Pool::parse(state.name.read_untracked().trim()) {
            state.change(PoolChange::Make, pool);
        }
    };
    let wrong = Memo::new(move |_| {
        let known = state.pools.read();
        name_problem(&state.name.read(), known.as_deref().unwrap_or_default())
    });
    let is_useless =
        move || state.doing.read().is_some() || wrong.read().is_some() || state.name.read().trim().is_empty();
    let told = move || {
        let words = state.doing.get().or_else(|| state.done.get())?;
        Some(view! { <p class="faint" role="status">{words}</p> })
    };
    view! {
        <section class="pool-panel" aria-label="Pools of the study">
            <h2>"Pools"</h2>
            <p class="faint">"A pool is a queue of its own, for cases that need a kind of machine or software. A worker takes the cases of one pool."</p>
            {list}
            <form class="pool-new" on:submit=submit>
                <label>
                    "New pool "
                    <input
                        maxlength="64" placeholder="gpu" autocomplete="off" spellcheck="false" aria-describedby="pool-wrong"
                        aria-invalid=move || wrong.read().is_some().then_some("true")
                        prop:value=move || state.name.get()
                        on:input=move |event| state.name.set(event_target_value(&event))
                    />
                </label>
                <button disabled=is_useless>"Make"</button>
                <span id="pool-wrong" class="pool-wrong" role="status">{move || wrong.get()}</span>
            </form>
            {told}
            {move || state.problem.get().map(problem_note)}
        </section>
    }
    .into_any()
}

fn row(state: PoolsState, own: &PoolState) -> AnyView {
    let Some(pool) = own.pool else { return ().into_any() };
    let (words, is_empty) = content(own);
    let remove = move |_| {
        let sure = format!("Remove pool {pool}? Workers that are attached to it end.");
        if window().confirm_with_message(&sure).unwrap_or(false) {
            state.change(PoolChange::Remove, pool);
        }
    };
    let label = format!("Remove pool {pool}");
    let title = if is_empty { "Its queues are deleted" } else { "Only an empty pool can be removed here" };
    view! {
        <li>
            <span class="pool-list__name">{shown(Some(&pool)).to_owned()}</span>
            <span class="faint">{words}</span>
            <button class="quiet" aria-label=label title=title disabled=move || !is_empty || state.doing.read().is_some() on:click=press(remove)>"Remove"</button>
        </li>
    }
    .into_any()
}
