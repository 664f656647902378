//! Choice of the pool that the cases are sent to.

use cruncher_backend::administer::control::control;
use cruncher_backend::study;
use cruncher_browser::{address, network};
use cruncher_study::pool::{Pool, shown};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::design_state::DesignState;

/// Learns the study's pools. Without an answer none is offered; whoever sends is told those that there are.
pub(crate) fn read_pools(state: DesignState) {
    let key = state.access.with_value(|access| access.key.clone());
    spawn_local(async move {
        let Ok(study) = study::open(network(), &address::page_url(), &key).await else { return };
        if let Ok(control) = control(&study).await {
            state.pools.set(control.pools);
        }
    });
}

/// Shows the choice, if the study has several pools, or the design names one.
pub(super) fn pool_choice(state: DesignState) -> Option<AnyView> {
    let chosen = state.draft.read().pool;
    let mut pools: Vec<Option<Pool>> = std::iter::once(None).chain(state.pools.get().into_iter().map(Some)).collect();
    let is_known = pools.contains(&chosen);
    if !is_known {
        pools.push(chosen);
    }
    if pools.len() < 2 {
        return None;
    }
    let change = move |event| {
        let choice = Pool::parse_choice(&event_target_value(&event));
        state.draft.update(|draft| draft.pool = choice.unwrap_or_default());
    };
    let option = |pool: &Option<Pool>| {
        let name = shown(pool.as_ref()).to_owned();
        let words = if is_known || *pool != chosen { name.clone() } else { format!("{name} (not there)") };
        view! { <option value=name selected=*pool == chosen>{words}</option> }
    };
    let value = shown(chosen.as_ref()).to_owned();
    let options: Vec<_> = pools.iter().map(option).collect();
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
