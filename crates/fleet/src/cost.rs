//! The section Cost: what the study's hosts were used for, and what that comes to.

use cruncher_backend::administer::prices::KeptPrices;
use cruncher_backend::watch::snapshot::Snapshot;
use cruncher_backend::watch::{LightStrategy, StudyWatch};
use cruncher_browser::state::problem::PageProblem;
use cruncher_browser::{address, download};
use cruncher_study::cost::{
    CostEstimate, CostInput, PRICES_KEY, PriceList, ReadPrices, RequestCounts, UsageGrouping, UsageRow, usage_csv,
    usage_rows,
};
use cruncher_study::forecast::ForecastBasis;
use cruncher_study::halting::files_words;
use cruncher_study::heartbeat::SILENT_SECS;
use cruncher_study::number_format::counted;
use cruncher_study::shown_text::visible;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_bindgen::JsValue;

use super::fleet_state::FleetState;
use crate::state::bounded_rows::{MAX_ROWS, more};
use crate::state::cost_view::{COLUMNS, CostView, bar, cells, figures, grouping_name, named, price_words};
use crate::state::section::PageSection;

/// Maximum number of prices that are told.
const MAX_PRICES: usize = 20;

/// What is known of the cost beside what workers tell. Copies share it.
#[derive(Clone, Copy)]
pub(crate) struct CostState {
    view: RwSignal<CostView>,
    /// The study's cases, as of the last look; `None` before that, or if the study is too large to be read here.
    snapshot: RwSignal<Option<Snapshot>>,
    /// Prices that AWS has told, or why they can't be read.
    read_prices: RwSignal<Result<ReadPrices, String>>,
    kept: StoredValue<KeptPrices>,
    watch: StoredValue<Option<StudyWatch<LightStrategy>>>,
    is_reading: StoredValue<bool>,
}

impl CostState {
    /// Creates the state. It looks at the cases while the section is shown.
    pub(crate) fn follow(state: FleetState) -> Self {
        let cost = Self {
            view: RwSignal::new(CostView::parse(&address::fragment())),
            snapshot: RwSignal::new(None),
            read_prices: RwSignal::new(Ok(ReadPrices::default())),
            kept: StoredValue::new(KeptPrices::default()),
            watch: StoredValue::new(None),
            is_reading: StoredValue::new(false),
        };
        Effect::new(move |_| {
            let _ = (state.now.get(), state.route.get());
            if state.section.get() == PageSection::Cost {
                let view = CostView::parse(&address::fragment());
                // Fields in which somebody types are drawn anew only if something else is asked for.
                if cost.view.with_untracked(|known| *known != view) {
                    cost.view.set(view);
                }
                cost.read(state);
            }
        });
        cost
    }

    fn read(self, state: FleetState) {
        if self.is_reading.get_value() {
            return;
        }
        self.is_reading.set_value(true);
        spawn_local(async move {
            match self.try_read(state).await {
                Ok(snapshot) => self.snapshot.set(snapshot),
                Err(problem) => state.problem.set(Some(problem)),
            }
            self.is_reading.set_value(false);
        });
    }

    async fn try_read(self, state: FleetState) -> Result<Option<Snapshot>, PageProblem> {
        let study = state.study().await?;
        let mut kept = self.kept.get_value();
        // Without them what is entered counts, and the rest is looked at all the same.
        let read = kept.look(&study).await.unwrap_or_else(|error| Err(format!("{PRICES_KEY} can't be read: {error}")));
        self.kept.set_value(kept);
        if self.read_prices.with_untracked(|known| *known != read) {
            self.read_prices.set(read);
        }
        let mut watch = self.watch.try_update_value(Option::take).flatten().unwrap_or_else(|| StudyWatch::light(study));
        let looked = watch.refresh().await;
        self.watch.set_value(Some(watch));
        looked.map_err(|error| PageProblem::from(&error))
    }
}

/// Draws the section.
pub(super) fn cost(state: FleetState, cost: CostState) -> AnyView {
    let content = move || {
        if state.workers.read().is_none() {
            let is_well = state.problem.read().is_none();
            return is_well.then(|| view! { <p class="empty" role="status">"Looking for workers …"</p> }).into_any();
        }
        match cost.view.get().prices() {
            Ok(mut prices) => {
                prices.take_over(cost.read_prices.get().unwrap_or_default());
                priced(state, cost, &prices)
            }
            Err(words) => view! { <p class="cost__problem" role="alert">{words}</p> }.into_any(),
        }
    };
    view! { <section aria-label="Cost">{move || choices(state, cost)}{content}</section> }.into_any()
}

fn choices(state: FleetState, cost: CostState) -> AnyView {
    let view = cost.view.get();
    let go = move |view: &CostView| address::go_to(&view.address(&state.route.get_untracked()));
    let options = UsageGrouping::ALL.map(|by| {
        view! { <option value=by.name() selected=by == view.by>{grouping_name(by)}</option> }
    });
    let (by_view, price_view) = (view.clone(), view.clone());
    let by = move |event| {
        let chosen = event_target_value(&event);
        let by = UsageGrouping::ALL.into_iter().find(|by| by.name() == chosen).unwrap_or_default();
        go(&CostView { by, ..by_view.clone() });
    };
    let price =
        move |event| go(&CostView { price: event_target_value(&event).trim().to_owned(), ..price_view.clone() });
    view! {
        <div class="log-filters">
            <label class="log-filter">"By"<select on:change=by>{options.into_iter().collect_view()}</select></label>
            <label class="log-filter log-filter--wide">"Dollars an hour"
                <input autocomplete="off" spellcheck="false" autocapitalize="off" placeholder="0.34, or c7i.2xlarge=0.357, lab-pc=0"
                    prop:value=view.price on:change=price />
            </label>
        </div>
    }
    .into_any()
}

fn priced(state: FleetState, cost: CostState, prices: &PriceList) -> AnyView {
    let (usages, now) = (state.usages.get(), state.now.get());
    let by = cost.view.get_untracked().by;
    let rows = usage_rows(&usages, by, now - SILENT_SECS, &|kind| prices.of(kind));
    if rows.is_empty() {
        return view! { <p class="empty" role="status">"No worker was attached yet, so nothing was used."</p> }
            .into_any();
    }
    let snapshot = cost.snapshot.get();
    let total = snapshot.as_ref().map(|snapshot| snapshot.total);
    let done: u64 = rows.iter().map(|row| row.done).sum();
    let [s3_get, s3_put, sqs] = own_requests(state);
    let estimate = CostEstimate::of(&CostInput {
        usages: &usages,
        prices,
        alive_since: now - SILENT_SECS,
        finished: total.map_or(done, |total| total.done + total.failed),
        // An open case without a forecast: nobody knows the end.
        open: total.map_or(1, |total| total.open()),
        forecast: snapshot.as_ref().and_then(|snapshot| {
            let basis = ForecastBasis::of(&snapshot.finishes(None), &snapshot.workers, snapshot.time);
            basis.forecast(snapshot.total.open(), 0).filter(|_| !snapshot.control.is_stopped())
        }),
        own_requests: RequestCounts { s3_get, s3_put, sqs },
    });
    let figures: Vec<_> = figures(&estimate, total.is_some())
        .into_iter()
        .map(|(name, value)| view! { <div class="cost__figure"><dt>{name}</dt><dd>{value}</dd></div> })
        .collect();
    let unpriced = (!estimate.unpriced.is_empty()).then(|| {
        let names = named(&estimate.unpriced);
        let study = state.opened().map(|study| study.config.study).unwrap_or_default();
        let words = format!(
            "Not counted, for want of a price: {names}. Enter one above, or let cruncher cost {study} --read-prices ask AWS: no key of the study may."
        );
        view! { <p class="faint">{words}</p> }
    });
    let csv = usage_csv(&rows, by, prices);
    let save = move |_| download::save("cost.csv", "text/csv", &JsValue::from_str(&csv));
    view! {
        <dl class="cost__figures">{figures}</dl>
        {unpriced}
        {price_notes(state, cost, prices)}
        {move || state.missing_usages.get().map(|words| view! { <p class="faint">{words}</p> })}
        {table(&rows, by)}
        <p class="faint">
            "A host counts from its first worker's start to the last sign of life of any. Storage and downloads aren't in it."
            {snapshot.as_ref().and_then(|snapshot| {
                let words = files_words(snapshot.files_bytes, snapshot.control.files_limit_bytes);
                words.map(|words| format!(" The files of its cases are {words}."))
            })}
        </p>
        <button class="quiet" on:click=save>"Download as CSV"</button>
    }
    .into_any()
}

/// Draws the prices that weren't entered, each with its source and date.
fn price_notes(state: FleetState, cost: CostState, prices: &PriceList) -> AnyView {
    let now = state.now.get_untracked();
    let rows = usage_rows(&state.usages.get_untracked(), UsageGrouping::InstanceType, now, &|_| None);
    let mut words: Vec<String> = rows.iter().filter_map(|row| prices.read(&row.name)).map(price_words).collect();
    if let more @ 1.. = words.len().saturating_sub(MAX_PRICES) {
        words.truncate(MAX_PRICES);
        words.push(format!("… and {}.", counted(more as u64, "further price", "further prices")));
    }
    words.extend(cost.read_prices.get().err().map(|why| format!("No price that AWS has told is taken: {why}.")));
    let lines: Vec<_> = words.into_iter().map(|words| view! { <li>{words}</li> }).collect();
    (!lines.is_empty()).then(|| view! { <ul class="log-notes faint" aria-label="Prices">{lines}</ul> }).into_any()
}

fn own_requests(state: FleetState) -> [u64; 3] {
    state.opened().map(|study| study.client.sent_by_price()).unwrap_or_default()
}

fn table(rows: &[UsageRow], by: UsageGrouping) -> AnyView {
    let heads: Vec<_> = COLUMNS.map(|name| view! { <th scope="col" class="number">{name}</th> }).into();
    let lines: Vec<_> = rows
        .iter()
        .take(MAX_ROWS)
        .map(|row| {
            let cells = cells(row).map(|text| view! { <td class="number">{text}</td> }).into_iter().collect_view();
            view! { <tr><th scope="row" class="cost__name">{visible(&row.name)}</th><td>{hours_bar(row, rows)}</td>{cells}</tr> }
        })
        .collect();
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label="Use of hosts">
            <table class="table cost">
                <thead><tr><th scope="col">{grouping_name(by)}</th><th scope="col">"Hours, and computing"</th>{heads}</tr></thead>
                <tbody>{lines}</tbody>
            </table>
        </div>
        {more(rows.len()).map(|words| view! { <p class="faint">{words}</p> })}
    }
    .into_any()
}

/// Draws how long hosts were there, and the part of that in which they computed.
fn hours_bar(row: &UsageRow, rows: &[UsageRow]) -> AnyView {
    let (whole, computing) = bar(row, rows);
    view! {
        <svg class="cost__bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
            <rect class="cost__whole" width=whole.to_string() height="10" />
            <rect class="cost__computing" width=computing.to_string() height="10" />
        </svg>
    }
    .into_any()
}
