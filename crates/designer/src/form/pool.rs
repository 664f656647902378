//! Choice of the pool that the cases are sent to, and the making of those that are missing.

use cruncher_backend::administer::control::control;
use cruncher_backend::administer::pools::make_pool;
use cruncher_backend::study;
use cruncher_browser::components::problem_note::problem_note;
use cruncher_browser::state::pool_problem::pool_problem;
use cruncher_browser::state::problem::PageProblem;
use cruncher_browser::{address, designer, network};
use cruncher_study::access::Role;
use cruncher_study::pool::{Pool, shown};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::design_state::{DesignState, PoolMaking, StudyPools};
use crate::state::pools::offered_pools;

/// Learns the study's pools, again whenever something of the study was changed in this tab. Without an answer none but the design's
/// own is offered; whoever sends is told those that there are.
pub(crate) fn follow_pools(state: DesignState) {
    read_pools(state);
    window_event_listener_untyped(designer::SENT, move |_| read_pools(state));
}

fn read_pools(state: DesignState) {
    let key = state.access.with_value(|access| access.key.clone());
    spawn_local(async move {
        let Ok(study) = study::open(network(), &address::page_url(), &key).await else { return };
        if let Ok(control) = control(&study).await {
            state.pools.update(|pools| pools.known = Some(control.pools));
        }
    });
}

/// Shows the choice, if the study has several pools, or the design names one.
pub(super) fn pool_choice(state: DesignState) -> Option<AnyView> {
    let chosen = state.draft.read().pool;
    let offered = offered_pools(state.pools.read().known.as_deref(), chosen);
    if offered.len() < 2 {
        return None;
    }
    let change = move |event| {
        let choice = Pool::parse_choice(&event_target_value(&event));
        state.draft.update(|draft| draft.pool = choice.unwrap_or_default());
    };
    let option = |(pool, words): (Option<Pool>, String)| {
        view! { <option value=shown(pool.as_ref()).to_owned() selected=pool == chosen>{words}</option> }
    };
    let value = shown(chosen.as_ref()).to_owned();
    let options: Vec<_> = offered.into_iter().map(option).collect();
    Some(
        view! {
            <label class="field">
                <span class="field__label">"Pool"</span>
                <select class="field__input" aria-label="Pool" prop:value=value on:change=change>{options}</select>
            </label>
        }
        .into_any(),
    )
}

/// Names those of these pools that the study doesn't have, and offers to make them.
pub(super) fn missing_pools(state: DesignState, wanted: &[Pool]) -> Option<AnyView> {
    let StudyPools { known, making } = state.pools.get();
    let known = known?;
    let missing: Vec<Pool> = wanted.iter().filter(|pool| !known.contains(pool)).copied().collect();
    if missing.is_empty() {
        return None;
    }
    let names: Vec<_> = missing.iter().map(Pool::as_str).collect();
    let (words, button) = match &names[..] {
        [name] => (format!("The study has no pool {name}: its cases can't be sent."), format!("Make pool {name}")),
        names => (
            format!("The study has no pools {}: their cases can't be sent.", names.join(", ")),
            format!("Make these {} pools", names.len()),
        ),
    };
    let is_operator = state.access.with_value(|access| access.role) == Role::Operator;
    let remedy = if is_operator {
        let make = move |_| make(state, missing.clone());
        view! { <button disabled=making == PoolMaking::Going on:click=make>{button}</button> }.into_any()
    } else {
        view! { <span class="faint">"An operator can make it."</span> }.into_any()
    };
    let problem = match making {
        PoolMaking::Failed(problem) => Some(problem_note(problem)),
        PoolMaking::Going => Some(view! { <p class="faint" role="status">"Making …"</p> }.into_any()),
        PoolMaking::Idle => None,
    };
    Some(
        view! {
            <div role="group" aria-label="Missing pools">
                <p class="actions"><span class="field__warning">{words}</span>{remedy}</p>
                {problem}
            </div>
        }
        .into_any(),
    )
}

/// Makes pools one by one; those that are made before one fails stay.
fn make(state: DesignState, missing: Vec<Pool>) {
    state.pools.update(|pools| pools.making = PoolMaking::Going);
    let key = state.access.with_value(|access| access.key.clone());
    spawn_local(async move {
        let made = async {
            let opened = study::open(network(), &address::page_url(), &key).await;
            let study = opened.map_err(|error| PageProblem::from(&error))?;
            for pool in missing {
                let made = make_pool(&study, &pool).await;
                made.map_err(|error| pool_problem(&error, &study.config.study, pool))?;
                state.pools.update(|pools| {
                    if let Some(pools) = pools.known.as_mut().filter(|pools| !pools.contains(&pool)) {
                        pools.push(pool);
                    }
                });
            }
            Ok(())
        };
        let made = made.await.map_or_else(PoolMaking::Failed, |()| PoolMaking::Idle);
        state.pools.update(|pools| pools.making = made);
        designer::tell_sent();
    });
}
