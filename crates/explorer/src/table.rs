//! Table of the cases: of a hundred thousand rows, only those that can be seen are in the document.

use std::collections::BTreeSet;
use std::time::Duration;

use cruncher_browser::state::route::Page;
use cruncher_results::column_id::{CaseField, ColumnId};
use cruncher_results::order::SortDirection;
use cruncher_results::store::ResultStore;
use cruncher_study::number_format::thousands;
use leptos::ev::{Event, KeyboardEvent, MouseEvent};
use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::columns::label;
use super::results_state::ResultsState;
use crate::state::layout::TableLayout;
use crate::state::table::{TableRows, VisibleRows};

mod cells;
mod widths;

use cells::TableColumn;
pub(super) use cells::choosable;

/// Height of a row and of the header, in pixels.
const ROW_PX: f64 = 28.0;
const HEAD_PX: f64 = 32.0;

/// Height in which the rows are seen, in pixels, as long as the browser wasn't asked for it.
const VIEW_PX: f64 = 420.0 - HEAD_PX;

/// Width of the column of boxes by which rows are chosen.
const CHECK_WIDTH: &str = "36px";

/// Time after which a row that is pointed at stands out in the plots too, in milliseconds: each of them is drawn anew.
const REST_MILLIS: u64 = 40;

/// Table with its elements and its state.
#[derive(Clone, Copy)]
struct Table {
    state: ResultsState,
    grid: NodeRef<Div>,
    scrolled_px: RwSignal<f64>,
    view_px: RwSignal<f64>,
    /// The place in the table that keys have led to.
    place: RwSignal<Option<usize>>,
    /// The row that the pointer rests on.
    pointed: StoredValue<Option<usize>>,
    /// Whether rows can be chosen, for what is done about them.
    is_choosing: bool,
    /// The place from which a stretch of rows is chosen.
    anchor: StoredValue<Option<usize>>,
    columns: Memo<Vec<TableColumn>>,
    layout: Memo<TableLayout>,
    part: Memo<VisibleRows>,
    /// The rows that are in the document: a row that stays there is left alone.
    seen: Memo<Vec<Seen>>,
}

/// Row in the document: its place in the table, the row, and the version of its cells.
type Seen = (usize, usize, u64);

/// Draws the table of the selected cases, or of all if none are selected.
pub(super) fn table(state: ResultsState) -> AnyView {
    let table = Table::new(state);
    let height = move || format!("{}px", HEAD_PX + table.rows().height_px());
    let width = move || cells::least_width(&table.columns.read(), &table.layout.read());
    let template = move || {
        let columns = cells::template(&table.columns.read(), &table.layout.read());
        if table.is_choosing { format!("{CHECK_WIDTH} {columns}") } else { columns }
    };
    let keys = if table.is_choosing {
        "Arrow keys, Page Up and Page Down, Home and End lead to a case, Enter opens it, Space chooses it, Shift with them a stretch."
    } else {
        "Arrow keys, Page Up and Page Down, Home and End lead to a case, Enter opens it."
    };
    let top = move || format!("translateY({}px)", table.part.get().top_px);
    let more = move || state.data.with(cells::notes);
    view! {
        <section class="plots__one plots__all cases" aria-labelledby="cases-title">
            <h3 id="cases-title" class:visually-hidden=table.is_choosing>"Cases " <span class="faint cases__count" role="status">{move || count_words(state)}</span></h3>
            <div
                class="cases__grid" node_ref=table.grid tabindex="0" role="grid" aria-label="Cases"
                aria-rowcount=move || (table.rows().count + 1).to_string()
                aria-colcount=move || table.columns.read().len().to_string()
                aria-activedescendant=move || table.active().map(cells::id_of)
                aria-description=keys aria-multiselectable=table.is_choosing.to_string()
                style:--row=format!("{ROW_PX}px") style:--head=format!("{HEAD_PX}px") style:--columns=template
                on:scroll=move |_| table.follow_scrolling() on:keydown=move |event| table.key(&event)
                on:pointermove=move |event| table.point_at(row_of(&event))
                on:pointerleave=move |_| table.point_at(None)
                on:click=move |event: MouseEvent| table.press(&event)
            >
                <div class="cases__sheet" role="presentation" style:height=height style:min-width=width>
                    <div class="cases__head" role="rowgroup">
                        <div class="cases__row" role="row" aria-rowindex="1">{move || table.header()}</div>
                    </div>
                    <div class="cases__rows" role="rowgroup" style:transform=top>
                        <For each=move || table.seen.get() key=|seen| *seen children=move |seen| table.row(seen)/>
                    </div>
                </div>
            </div>
            <p class="faint cases__more">{more}</p>
        </section>
    }
    .into_any()
}

/// Tells how many cases are in the table.
pub(super) fn count_words(state: ResultsState) -> String {
    if state.page == Page::Cases && !state.chosen.read().is_empty() {
        return format!("{} chosen", thousands(state.chosen.read().len() as u64));
    }
    let (shown, all) = (state.selected.read().count as u64, state.data.with(ResultStore::len) as u64);
    let is_filtered = !state.view.read().selection.conditions.is_empty();
    let selected = if is_filtered && state.page == Page::Results { " selected" } else { "" };
    if shown == all { thousands(all) } else { format!("{} of {}{selected}", thousands(shown), thousands(all)) }
}

impl Table {
    fn new(state: ResultsState) -> Self {
        let (scrolled_px, view_px) = (RwSignal::new(0.0), RwSignal::new(VIEW_PX));
        let is_choosing = state.page == Page::Cases;
        let all = Memo::new(move |_| state.data.with(|store| cells::columns(state, store)));
        let layout =
            Memo::new(move |_| if is_choosing { state.view.read().layout.clone() } else { TableLayout::default() });
        let columns = Memo::new(move |_| {
            let layout = layout.read();
            let all = all.read();
            let shown = all.iter().filter(|(column, by_itself)| layout.shows(&column.id, *by_itself));
            shown.map(|(column, _)| column.clone()).collect::<Vec<_>>()
        });
        let part = Memo::new(move |_| {
            let count = state.order.read().len();
            TableRows { count, row_px: ROW_PX, view_px: view_px.get() }.part(scrolled_px.get())
        });
        let version = Memo::new(move |before: Option<&u64>| {
            state.data.track();
            columns.track();
            before.map_or(0, |before| before + 1)
        });
        let seen = Memo::new(move |_| {
            let (part, version, order) = (part.get(), version.get(), state.order.read());
            let rows = order.get(part.first..part.end).unwrap_or_default();
            (part.first..).zip(rows).map(|(place, row)| (place, *row as usize, version)).collect::<Vec<Seen>>()
        });
        let (grid, place) = (NodeRef::new(), RwSignal::new(None));
        let table = Self {
            state,
            grid,
            scrolled_px,
            view_px,
            place,
            pointed: StoredValue::new(None),
            is_choosing,
            anchor: StoredValue::new(None),
            columns,
            layout,
            part,
            seen,
        };
        // Only the browser knows how high the table is. It isn't asked while somebody scrolls: that would take a layout each time.
        let count = Memo::new(move |_| state.order.read().len());
        Effect::new(move || {
            count.track();
            columns.track();
            request_animation_frame(move || table.measure());
        });
        let resized = window_event_listener(leptos::ev::resize, move |_| table.measure());
        on_cleanup(move || resized.remove());
        // Other cases stand at other places. The position of a shorter table is computed here: asking the browser for it takes
        // a layout of the whole page.
        Effect::new(move || {
            let (rows, scrolled) = (table.rows(), scrolled_px.get_untracked());
            if place.get_untracked().is_some_and(|place| place >= rows.count) {
                place.set(None);
            }
            if scrolled > rows.most_scrolled_px() {
                scrolled_px.set(rows.most_scrolled_px());
            }
        });
        table.follow_opened();
        table
    }

    /// Leads to the case that is opened elsewhere: by a plot, an address, or a step to the next one.
    fn follow_opened(self) {
        Effect::new(move || {
            let Some(row) = self.state.opened.get() else { return };
            let place = self.state.order.with_untracked(|order| order.iter().position(|own| *own as usize == row));
            if let Some(place) = place.filter(|place| self.place.get_untracked() != Some(*place)) {
                self.go_to(untrack(|| self.rows()), place);
            }
        });
    }

    /// Returns the place that keys have led to, as long as its row is in the document.
    fn active(self) -> Option<usize> {
        let (place, part) = (self.place.get()?, self.part.get());
        (part.first..part.end).contains(&place).then_some(place)
    }

    fn rows(self) -> TableRows {
        TableRows { count: self.state.order.read().len(), row_px: ROW_PX, view_px: self.view_px.get() }
    }

    /// Takes over the height of the table if it is higher than thought. Rows that can't be seen do no harm, missing ones do.
    fn measure(self) {
        let Some(grid) = self.grid.try_get_untracked().flatten() else { return };
        let view_px = f64::from(grid.client_height()) - HEAD_PX;
        if view_px > self.view_px.get_untracked() {
            self.view_px.set(view_px);
        }
    }

    /// Takes over how far the table is scrolled, and the height in which its rows are seen if there are more of them.
    fn follow_scrolling(self) {
        let Some(grid) = self.grid.get_untracked() else { return };
        let (scrolled_px, view_px) = (f64::from(grid.scroll_top()), f64::from(grid.client_height()) - HEAD_PX);
        let is_full = grid.scroll_height() > grid.client_height();
        if is_full && (self.view_px.get_untracked() - view_px).abs() > 0.5 {
            self.view_px.set(view_px);
        }
        if (self.scrolled_px.get_untracked() - scrolled_px).abs() > 0.5 {
            self.scrolled_px.set(scrolled_px);
        }
    }

    fn key(self, event: &KeyboardEvent) {
        if event.key() == "ArrowDown" && is_in_head(event) {
            event.prevent_default();
            return self.go_to_first();
        }
        let is_own = event.target().map(JsCast::unchecked_into::<web_sys::Element>)
            == self.grid.get_untracked().map(|grid| (**grid).clone());
        if !is_own || event.ctrl_key() || event.alt_key() || event.meta_key() {
            return;
        }
        let place = self.place.get_untracked();
        match &*event.key() {
            " " if self.is_choosing => {
                event.prevent_default();
                match place {
                    Some(place) if event.shift_key() => self.choose_stretch(place),
                    Some(place) => self.choose_one(place),
                    None => {}
                }
            }
            "Escape" if self.is_choosing && self.state.opened.get_untracked().is_none() => {
                self.state.chosen.set(BTreeSet::new());
            }
            "Enter" => {
                let row = place.and_then(|place| self.row_at(place));
                if row.is_some() {
                    event.prevent_default();
                    self.state.opened.set(row);
                }
            }
            key => {
                self.follow_scrolling();
                let rows = untrack(|| self.rows());
                if let Some(next) = rows.moved(key, place) {
                    event.prevent_default();
                    if self.is_choosing && event.shift_key() {
                        self.anchor.update_value(|anchor| *anchor = anchor.or(place).or(Some(next)));
                        self.choose_stretch(next);
                    }
                    self.go_to(rows, next);
                    if self.state.opened.get_untracked().is_some() {
                        self.state.opened.set(self.row_at(next));
                    }
                }
            }
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "a container is scrolled by some million pixels")]
    fn go_to(self, rows: TableRows, place: usize) {
        if let Some(grid) = self.grid.get_untracked() {
            let before_px = f64::from(grid.scroll_top());
            let scrolled_px = rows.scrolled_to(place, before_px);
            if (scrolled_px - before_px).abs() > 0.5 {
                grid.set_scroll_top(scrolled_px.round() as i32);
                self.follow_scrolling();
            }
        }
        self.place.set(Some(place));
        self.point_at(self.row_at(place));
    }

    /// Goes from a column's name to the first case.
    fn go_to_first(self) {
        self.follow_scrolling();
        let rows = untrack(|| self.rows());
        if let (Some(grid), Some(place)) = (self.grid.get_untracked(), rows.moved("Home", None)) {
            // A grid can take the focus.
            let _ = grid.focus();
            self.go_to(rows, place);
        }
    }

    /// Scrolls to the first cases: in another order these are others.
    fn go_to_top(self) {
        self.place.set(None);
        if let Some(grid) = self.grid.get_untracked() {
            grid.set_scroll_top(0);
            self.follow_scrolling();
        }
    }

    fn row_at(self, place: usize) -> Option<usize> {
        self.state.order.with_untracked(|order| order.get(place).map(|row| *row as usize))
    }

    /// Shows the row in the plots as soon as the pointer rests.
    fn point_at(self, row: Option<usize>) {
        if self.pointed.get_value() == row {
            return;
        }
        self.pointed.set_value(row);
        let show = move || {
            // The table may be gone by then: it is drawn anew for other batches.
            let is_pointed = self.pointed.try_get_value() == Some(row);
            if is_pointed && self.state.pointed_at.get_untracked() != row {
                self.state.pointed_at.set(row);
            }
        };
        set_timeout(show, Duration::from_millis(REST_MILLIS));
    }

    fn press(self, event: &MouseEvent) {
        let Some(row) = row_of(event) else { return };
        let place = self.state.order.with_untracked(|order| order.iter().position(|own| *own as usize == row));
        self.place.set(place);
        let chooses = event.ctrl_key() || event.meta_key() || is_on_check(event);
        match place {
            Some(place) if self.is_choosing && event.shift_key() => self.choose_stretch(place),
            Some(place) if self.is_choosing && chooses => self.choose_one(place),
            _ => self.state.opened.set(Some(row)),
        }
    }

    /// Chooses the row at a place, or no longer. A stretch begins there.
    fn choose_one(self, place: usize) {
        let Some(row) = self.row_at(place) else { return };
        self.state.chosen.update(|chosen| {
            if !chosen.remove(&row) {
                chosen.insert(row);
            }
        });
        self.anchor.set_value(Some(place));
    }

    /// Chooses all rows up to a place, from the one that was chosen last.
    fn choose_stretch(self, place: usize) {
        let Some(anchor) = self.anchor.get_value() else { return self.choose_one(place) };
        let rows = (anchor.min(place)..=anchor.max(place)).filter_map(|place| self.row_at(place));
        self.state.chosen.update(|chosen| chosen.extend(rows));
    }

    /// Draws the box of the header, by which all rows that are shown are chosen, or none.
    fn check_all(self) -> Option<AnyView> {
        let state = self.state;
        let are_all = move || {
            let (chosen, order) = (state.chosen.read(), state.order.read());
            !order.is_empty() && order.iter().all(|row| chosen.contains(&(*row as usize)))
        };
        let press = move |_| {
            let rows = if untrack(are_all) {
                BTreeSet::new()
            } else {
                state.order.read_untracked().iter().map(|row| *row as usize).collect()
            };
            state.chosen.set(rows);
        };
        self.is_choosing.then(|| {
            view! {
                <div class="cases__cell cases__check" role="columnheader">
                    <input type="checkbox" aria-label="Choose all cases that are shown" prop:checked=are_all on:change=press/>
                </div>
            }
            .into_any()
        })
    }

    fn check(self, row: usize) -> Option<AnyView> {
        let is_chosen = move || self.state.chosen.read().contains(&row);
        self.is_choosing.then(|| {
            view! {
                <div class="cases__cell cases__check" role="gridcell" data-check="">
                    <input type="checkbox" tabindex="-1" aria-label="Choose this case" prop:checked=is_chosen/>
                </div>
            }
            .into_any()
        })
    }

    fn header(self) -> AnyView {
        let sorting = self.state.view.with(|view| view.sorting.clone());
        let columns = self.columns.get();
        let cell = |(index, column): (usize, TableColumn)| {
            let direction = sorting.as_ref().filter(|(id, _)| *id == column.id).map(|(_, direction)| *direction);
            let (sort, arrow) = match direction {
                None => ("none", None),
                Some(SortDirection::Ascending) => ("ascending", Some("▲")),
                Some(SortDirection::Descending) => ("descending", Some("▼")),
            };
            let next = match direction {
                None => Some((column.id.clone(), SortDirection::Ascending)),
                Some(SortDirection::Ascending) => Some((column.id.clone(), SortDirection::Descending)),
                Some(SortDirection::Descending) => None,
            };
            let turn = move |_| {
                self.state.view.update(|view| view.sorting.clone_from(&next));
                self.go_to_top();
            };
            let title = format!("Sort by {}", column.title);
            view! {
                <div class=column.class() role="columnheader" aria-sort=sort aria-colindex=(index + 1).to_string()>
                    <button class="cases__sort" title=title on:click=turn>
                        <span class="cases__name">{column.title.clone()}</span>
                        {arrow.map(|arrow| view! { <span aria-hidden="true">{arrow}</span> })}
                    </button>
                    {self.is_choosing.then(|| widths::edge(self.state, self.grid, &column, index))}
                </div>
            }
        };
        let cells: Vec<_> = columns.into_iter().enumerate().map(cell).collect();
        view! { {self.check_all()}{cells} }.into_any()
    }

    fn row(self, (place, row, _): Seen) -> AnyView {
        let columns = self.columns.read_untracked();
        let cells = self.state.data.with_untracked(|store| cells::line(store, &columns, row));
        let is_pointed = move || self.state.pointed_at.get() == Some(row) || self.place.get() == Some(place);
        let is_opened = move || self.state.opened.get() == Some(row);
        let is_chosen = move || self.state.chosen.read().contains(&row);
        let is_selected = move || (if self.is_choosing { is_chosen() } else { is_opened() }).to_string();
        view! {
            <div
                class="cases__row" class:cases__row--pointed=is_pointed class:cases__row--open=is_opened role="row" id=cells::id_of(place)
                aria-rowindex=(place + 2).to_string() aria-selected=is_selected data-row=row.to_string()
            >{self.check(row)}<div class="cases__cells" role="presentation" inner_html=cells></div></div>
        }
        .into_any()
    }
}

/// Returns the row that a pointer is on.
fn row_of(event: &Event) -> Option<usize> {
    let element: web_sys::Element = event.target()?.dyn_into().ok()?;
    element.closest("[data-row]").ok()??.get_attribute("data-row")?.parse().ok()
}

/// Whether a pointer is on the box by which a row is chosen.
fn is_on_check(event: &Event) -> bool {
    let element = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    element.is_some_and(|element| element.closest("[data-check]").is_ok_and(|found| found.is_some()))
}

/// Whether an event is on a column's name.
fn is_in_head(event: &Event) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    target.is_some_and(|target| target.closest(".cases__head").is_ok_and(|head| head.is_some()))
}

/// Returns the title of a column in the header: its name and its unit.
fn title_of(id: &ColumnId, unit: &str) -> String {
    let name = match id {
        ColumnId::Case(CaseField::CaseId) => "case".to_owned(),
        id => label(id),
    };
    if unit.is_empty() { name } else { format!("{name}, {unit}") }
}
