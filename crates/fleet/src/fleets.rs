//! The fleets above the hosts: size, computers, and what their set-up says; an operator sizes them here.

use std::collections::BTreeSet;

use cruncher_backend::administer::fleet::{FleetError, FleetState, resize, setup_log};
use cruncher_browser::components::press::press;
use cruncher_browser::components::problem_note::problem_note;
use cruncher_browser::local_time::past_time;
use cruncher_browser::state::problem::PageProblem;
use cruncher_study::access::Role;
use cruncher_study::number_format::counted;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::fleet_state::FleetState as PageState;
use crate::state::fleets::{ComputerRow, summary};

/// Heads of the table's columns.
const COLUMNS: [&str; 6] = ["Instance", "State", "Type", "Host", "Workers", "Heard of"];

/// State of the fleets, beside that of the page. Copies share it.
#[derive(Clone, Copy)]
struct FleetsState {
    page: PageState,
    /// Hosts whose set-up stands open, and what each has printed.
    open: RwSignal<BTreeSet<String>>,
    logs: RwSignal<Vec<(String, String)>>,
    /// Whether a size is being asked for.
    is_asking: RwSignal<bool>,
    problem: RwSignal<Option<PageProblem>>,
}

/// Draws the fleets, if there are any.
pub(super) fn fleets(page: PageState) -> AnyView {
    let state = FleetsState {
        page,
        open: RwSignal::new(BTreeSet::new()),
        logs: RwSignal::new(Vec::new()),
        is_asking: RwSignal::new(false),
        problem: RwSignal::new(None),
    };
    // A log that stands open grows with each look.
    Effect::new(move || {
        page.now.track();
        for host in state.open.get() {
            read_log(state, host);
        }
    });
    let content = move || {
        let (fleets, setups, now) = (page.fleets.get(), page.setups.get(), page.now.get());
        fleets
            .iter()
            .map(|fleet| one(state, fleet, &ComputerRow::all(fleet, &setups, now), summary(fleet, &setups, now)))
            .collect_view()
    };
    // Only AWS's own credentials start a fleet: a page can't.
    let may_start = page.access.with_value(|access| access.role == Role::Operator);
    let hint = move || {
        let is_known = page.workers.read().is_some() && page.fleets_problem.read().is_none();
        let is_none = may_start && is_known && page.fleets.read().is_empty();
        let study = page.opened().filter(|_| is_none)?;
        let command = format!("cruncher fleet start {}", study.config.study);
        Some(view! { <p class="faint">"No fleet yet: "<code>{command}</code>" lets AWS start computers."</p> })
    };
    let left_out = move || {
        let left_out = page.setups_left_out.get();
        let others = counted(left_out as u64, "computer", "computers");
        (left_out > 0).then(|| view! { <p class="faint">{format!("Left out: {others} heard of longest ago.")}</p> })
    };
    let refused = move || page.fleets_problem.get().map(|words| view! { <p class="faint" role="status">{words}</p> });
    view! { {move || state.problem.get().map(problem_note)} {refused} {hint} {content} {left_out} }.into_any()
}

fn one(state: FleetsState, fleet: &FleetState, rows: &[ComputerRow], told: String) -> AnyView {
    let label = format!("Fleet of pool {}", fleet.pool);
    let now = state.page.now.get();
    let heads: Vec<_> = COLUMNS.map(|name| view! { <th scope="col">{name}</th> }).into();
    let lines: Vec<_> = rows.iter().map(|row| computer(state, row, now)).collect();
    let table = (!rows.is_empty()).then(|| {
        view! {
            <div class="scroll" tabindex="0" role="region" aria-label=format!("Computers of pool {}", fleet.pool)>
                <table class="table computers"><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>
            </div>
        }
    });
    view! {
        <section class="fleets__one" aria-label=label>
            <div class="fleets__head"><h3>{format!("Pool {}", fleet.pool)}</h3><span class="faint">{told}</span>{buttons(state, fleet)}</div>
            {table}
        </section>
    }
    .into_any()
}

/// Draws what an operator can do about the size: the group follows within a minute or two.
fn buttons(state: FleetsState, fleet: &FleetState) -> Option<AnyView> {
    if state.page.access.with_value(|access| access.role) != Role::Operator {
        return None;
    }
    let (desired, max) = (fleet.group.desired, fleet.group.max);
    let button = |name: &'static str, to: u32, title: String| {
        let (fleet, is_useless) = (fleet.clone(), to == desired || to > max);
        let ask = press(move |_| ask(state, fleet.clone(), to));
        view! { <button title=title disabled=move || { is_useless || state.is_asking.get() } on:click=ask>{name}</button> }
    };
    let (first, second) = match desired {
        0 => (("Start", 1.min(max), "Starts a computer"), None),
        _ => (
            ("Grow", desired.saturating_add(1), "Starts another computer"),
            Some((
                button("Shrink", desired - 1, "Ends a computer, which gives its cases back".to_owned()),
                button(
                    "Stop",
                    0,
                    "Ends all computers, which give their cases back. The fleet begins again when cases wait."
                        .to_owned(),
                ),
            )),
        ),
    };
    let title = if desired >= max { format!("It has its maximum of {max}") } else { first.2.to_owned() };
    Some(view! { <span class="fleets__buttons">{button(first.0, first.1, title)}{second}</span> }.into_any())
}

fn ask(state: FleetsState, fleet: FleetState, desired: u32) {
    if desired < fleet.group.desired {
        let words = format!(
            "The fleet of pool {} goes from {} to {desired}. Computers that end give their cases back. Go on?",
            fleet.pool, fleet.group.desired
        );
        if !window().confirm_with_message(&words).unwrap_or(false) {
            return;
        }
    }
    state.is_asking.set(true);
    state.problem.set(None);
    spawn_local(async move {
        let outcome = async {
            let study = state.page.study().await?;
            resize(&study, &fleet, desired).await.map_err(|error| match &error {
                FleetError::Aws(error) => PageProblem::from(error),
                other => PageProblem {
                    title: "The fleet isn't changed.".into(),
                    advice: String::new(),
                    detail: other.to_string(),
                },
            })
        };
        state.problem.set(outcome.await.err());
        state.is_asking.set(false);
        state.page.look();
    });
}

fn computer(state: FleetsState, row: &ComputerRow, now: f64) -> AnyView {
    let host = row.setup.as_ref().map(|setup| setup.host.clone()).unwrap_or_default();
    let workers = row.setup.as_ref().map(|setup| setup.workers.to_string()).unwrap_or_default();
    let heard = row.setup.as_ref().map(|setup| past_time(setup.time, now)).unwrap_or_default();
    let (symbol, words) = row.state.clone();
    let bought = row.setup.as_ref().map(|setup| setup.life_cycle.clone()).unwrap_or_default();
    let price = row.setup.as_ref().map(|setup| setup.price_per_hour).filter(|price| *price > 0.0);
    let price = price.map(|price| format!("${price} an hour"));
    let facts: Vec<String> = [bought].into_iter().filter(|text| !text.is_empty()).chain(price).collect();
    let cells = [
        row.instance.clone().into_any(),
        view! { <span class="symbol" aria-hidden="true">{symbol}</span>{words} }.into_any(),
        view! { {row.instance_type.clone()}<span class="faint">{facts.join(" · ")}</span> }.into_any(),
        view! { <span class="hosts__text">{host.clone()}</span> }.into_any(),
        workers.into_any(),
        heard.into_any(),
    ];
    let cells: Vec<_> =
        COLUMNS.into_iter().zip(cells).map(|(name, cell)| view! { <td data-head=name>{cell}</td> }).collect();
    let class = if row.is_past { "table__past" } else { "" };
    let set_up = row.setup.as_ref().map(|setup| set_up(state, &host, &setup.message));
    view! { <tr class=class>{cells}</tr> {set_up} }.into_any()
}

/// Draws why a set-up has ended, and behind a click what it has printed.
fn set_up(state: FleetsState, host: &str, message: &str) -> AnyView {
    let (own, toggled) = (host.to_owned(), host.to_owned());
    let toggle = press(move |event| {
        event.prevent_default();
        state.open.update(|open| {
            if !open.remove(&toggled) {
                open.insert(toggled.clone());
            }
        });
    });
    let expanded = {
        let own = own.clone();
        move || state.open.read().contains(&own).to_string()
    };
    let log = move || {
        let logs = state.logs.read();
        let text = logs.iter().find(|(host, _)| *host == own).map(|(_, text)| text.clone());
        let text = text.map(|text| if text.is_empty() { "It has printed nothing.".to_owned() } else { text });
        let label = format!("What the set-up of {own} has printed");
        state.open.read().contains(&own).then(|| {
            view! { <pre class="trace computers__log" tabindex="0" role="region" aria-label=label>{text.unwrap_or_else(|| "Reading …".to_owned())}</pre> }
        })
    };
    let first = message.lines().next().unwrap_or_default().to_owned();
    let rest: Vec<&str> = message.lines().skip(1).collect();
    let rest = (!rest.is_empty()).then(|| view! { <pre class="computers__last">{rest.join("\n")}</pre> });
    view! {
        <tr class="table__words"><td colspan=COLUMNS.len().to_string()>
            {(!first.is_empty()).then(|| view! { <p>{first}</p> })}
            {rest}
            <button class="quiet" aria-expanded=expanded on:click=toggle>"Set-up log"</button>
            {log}
        </td></tr>
    }
    .into_any()
}

fn read_log(state: FleetsState, host: String) {
    spawn_local(async move {
        let Ok(study) = state.page.study().await else { return };
        let text = match setup_log(&study, &host).await {
            Ok(text) => text,
            Err(error) => format!("It can't be read: {error}"),
        };
        state.logs.update(|logs| match logs.iter_mut().find(|(own, _)| *own == host) {
            Some((_, known)) => *known = text,
            None => logs.push((host, text)),
        });
    });
}
