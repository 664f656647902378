//! Menu of the table's columns: which ones are shown.

use cruncher_results::column_id::ColumnId;
use leptos::prelude::*;

use super::columns::{label, unit};
use super::menu::menu;
use super::results_state::ResultsState;
use super::table::choosable;
use crate::state::layout::{TableLayout, is_fixed};

/// Number of columns from which on they can be searched.
const SEARCHED_FROM: usize = 12;

/// Draws the menu.
pub(super) fn columns_menu(state: ResultsState) -> AnyView {
    menu("Columns", move || body(state))
}

fn body(state: ResultsState) -> AnyView {
    let all = Memo::new(move |_| state.data.with(choosable));
    let sought = RwSignal::new(String::new());
    let found = Memo::new(move |_| {
        let sought = sought.read().trim().to_lowercase();
        let is_found = |id: &ColumnId| label(id).to_lowercase().contains(&sought);
        all.get().into_iter().filter(|(id, _)| is_found(id)).collect::<Vec<_>>()
    });
    let show_all = move |is_shown: bool| {
        let found = found.get_untracked();
        state.view.update(|view| view.layout.show(found.iter().map(|(id, by_itself)| (id, *by_itself)), is_shown));
    };
    let reset = move |_| state.view.update(|view| view.layout = TableLayout::default());
    let is_usual = Memo::new(move |_| state.view.read().layout.is_usual());
    let has_many = Memo::new(move |_| all.read().len() >= SEARCHED_FROM);
    let search = move || {
        has_many.get().then(|| {
            view! {
                <label class="field__label">"Search"
                    <input
                        type="search" autocomplete="off" spellcheck="false" prop:value=move || sought.get()
                        on:input=move |event| sought.set(event_target_value(&event))
                    />
                </label>
            }
        })
    };
    let counts = move || {
        let view = state.view.read();
        let all = all.read();
        let shown = all.iter().filter(|(id, by_itself)| view.layout.shows(id, *by_itself)).count();
        format!("{shown} of {} shown", all.len())
    };
    view! {
        {search}
        <div class="menu__buttons">
            <button on:click=move |_| show_all(true)>"All"</button>
            <button on:click=move |_| show_all(false)>"None"</button>
            <button disabled=move || is_usual.get() on:click=reset>"Reset"</button>
            <span class="faint" role="status">{counts}</span>
        </div>
        <fieldset class="menu__choices menu__columns">
            <legend class="visually-hidden">"Columns that are shown"</legend>
            <For each=move || found.get() key=Clone::clone children=move |(id, by_itself)| check(state, id, by_itself)/>
        </fieldset>
        <p class="faint">"Drag the edge of a column's head to make it wider; a double click fits it."</p>
    }
    .into_any()
}

fn check(state: ResultsState, id: ColumnId, by_itself: bool) -> AnyView {
    let unit = unit(state, &id);
    let name = if unit.is_empty() { label(&id) } else { format!("{}, {unit}", label(&id)) };
    let own = id.clone();
    let is_shown = Memo::new(move |_| state.view.read().layout.shows(&own, by_itself));
    let is_bound = is_fixed(&id);
    let change = move |_| state.view.update(|view| view.layout.toggle(&id));
    view! {
        <label class="menu__check">
            <input type="checkbox" prop:checked=move || is_shown.get() disabled=is_bound on:change=change/>
            {name}
        </label>
    }
    .into_any()
}
