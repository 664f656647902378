//! The fleets above the hosts: size, computers, and what their set-up says; an operator sizes them here.

use std::collections::BTreeSet;

use cruncher_backend::administer::fleet::{FleetError, FleetState, fleets as all_fleets, resize, setup_log};
use cruncher_browser::clipboard::copy;
use cruncher_browser::components::confirmation::{ConfirmationDialog, ConfirmationQuestion};
use cruncher_browser::components::press::press;
use cruncher_browser::components::problem_note::problem_note;
use cruncher_browser::local_time::past_time;
use cruncher_browser::state::problem::PageProblem;
use cruncher_study::access::Role;
use cruncher_study::number_format::counted;
use cruncher_study::shown_text::visible;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::fleet_state::FleetState as PageState;
use crate::state::fleets::{
    ComputerRow, changed_meanwhile, missing_fleets, shrinking, start_command, summary, typed_size,
};
use crate::state::section::PageSection;

/// Heads of the table's columns.
const COLUMNS: [&str; 6] = ["Instance", "State", "Type", "Host", "Workers", "Heard of"];

/// Maximum number of pools without a fleet that are listed.
const MAX_MISSING: usize = 20;

/// State of the fleets, beside that of the page: it stays while another section is shown. Copies share it.
#[derive(Clone, Copy)]
pub(super) struct FleetsState {
    page: PageState,
    /// Hosts whose set-up stands open, and what each has printed.
    open: RwSignal<BTreeSet<String>>,
    logs: RwSignal<Vec<(String, String)>>,
    /// The pool for whose fleet a size is being asked for, and that size.
    asked: RwSignal<Option<(String, u32)>>,
    /// What was typed as the size of a pool's fleet, as long as it isn't its size.
    typed: RwSignal<Vec<(String, String)>>,
    /// What is wrong with what was typed for a pool.
    said: RwSignal<Option<(String, String)>>,
    /// Why the fleet of a pool wasn't changed.
    problem: RwSignal<Option<(String, PageProblem)>>,
    /// The command that was copied, and whether that worked.
    copied: RwSignal<Option<(String, bool)>>,
    confirmation: ConfirmationDialog,
}

impl FleetsState {
    /// Creates the state. A log that stands open grows with each look.
    pub(super) fn follow(page: PageState) -> Self {
        let state = Self {
            page,
            open: RwSignal::new(BTreeSet::new()),
            logs: RwSignal::new(Vec::new()),
            asked: RwSignal::new(None),
            typed: RwSignal::new(Vec::new()),
            said: RwSignal::new(None),
            problem: RwSignal::new(None),
            copied: RwSignal::new(None),
            confirmation: ConfirmationDialog::new("fleets"),
        };
        Effect::new(move || {
            page.now.track();
            if page.section.get() == PageSection::Hosts {
                for host in state.open.get() {
                    read_log(state, host);
                }
            }
        });
        state
    }
}

/// Draws the fleets, if there are any.
pub(super) fn fleets(state: FleetsState) -> AnyView {
    let page = state.page;
    let content = move || {
        let (fleets, setups, now) = (page.fleets.get(), page.setups.get(), page.now.get());
        fleets
            .iter()
            .map(|fleet| one(state, fleet, &ComputerRow::all(fleet, &setups, now), summary(fleet, &setups, now)))
            .collect_view()
    };
    let is_operator = page.access.with_value(|access| access.role == Role::Operator);
    let missing = move || {
        let is_known = page.workers.read().is_some() && page.fleets_problem.read().is_none();
        let study = page.opened().filter(|_| is_operator && is_known)?;
        let (pools, fleets) = (page.pools.get(), page.fleets.get());
        let pools: Vec<&str> = pools.iter().map(String::as_str).collect();
        missing(state, &missing_fleets(&study.config.study, &pools, &fleets))
    };
    let left_out = move || {
        let left_out = page.setups_left_out.get();
        let others = counted(left_out as u64, "computer", "computers");
        (left_out > 0).then(|| view! { <p class="faint">{format!("Left out: {others} heard of longest ago.")}</p> })
    };
    let refused = move || page.fleets_problem.get().map(|words| view! { <p class="faint" role="status">{words}</p> });
    view! { {state.confirmation.view()} {refused} {content} {missing} {left_out} }.into_any()
}

fn one(state: FleetsState, fleet: &FleetState, rows: &[ComputerRow], told: String) -> AnyView {
    let shown_pool = visible(&fleet.pool);
    let label = format!("Fleet of pool {shown_pool}");
    let (now, own) = (state.page.now.get(), fleet.clone());
    let heads: Vec<_> = COLUMNS.map(|name| view! { <th scope="col">{name}</th> }).into();
    let lines: Vec<_> = rows.iter().map(|row| computer(state, row, now)).collect();
    let table = (!rows.is_empty()).then(|| {
        view! {
            <div class="scroll" tabindex="0" role="region" aria-label=format!("Computers of pool {shown_pool}")>
                <table class="table computers"><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>
            </div>
        }
    });
    view! {
        <section class="fleets__one" aria-label=label>
            <div class="fleets__head"><h3>{format!("Pool {shown_pool}")}</h3><span class="faint">{told}</span>{size_form(state, fleet)}</div>
            {move || said(state, &own)}
            {table}
        </section>
    }
    .into_any()
}

/// Draws the commands that start fleets of pools that have none. A stack that makes a role needs whoever administers the account: no key of
/// a study can.
fn missing(state: FleetsState, commands: &[(&str, String)]) -> Option<AnyView> {
    let lines: Vec<_> =
        commands.iter().take(MAX_MISSING).map(|(pool, command)| command_line(state, pool, command)).collect();
    (!lines.is_empty()).then(|| {
        view! {
            <section class="fleets__missing" aria-label="Pools without a fleet">
                <p class="faint">"Without a fleet. Whoever administers the AWS account lets computers start with:"</p>
                {lines}
            </section>
        }
        .into_any()
    })
}

fn command_line(state: FleetsState, pool: &str, command: &str) -> AnyView {
    let (own, line) = (command.to_owned(), command.to_owned());
    let label = format!("Command that starts a fleet of pool {pool}");
    let copied = move || match state.copied.get() {
        Some((line, true)) if line == own => "Copied",
        Some((line, false)) if line == own => "Select it, then Ctrl-C",
        _ => "Copy",
    };
    let copy_it = press(move |_| {
        let line = line.clone();
        spawn_local(async move {
            let worked = copy(line.clone()).await;
            state.copied.set(Some((line, worked)));
        });
    });
    view! {
        <div class="copy">
            <code class="copy__line" tabindex="0" role="textbox" aria-readonly="true" aria-label=label.clone()>{command.to_owned()}</code>
            <button class="copy__button" aria-label=format!("Copy: {label}") on:click=copy_it>{copied}</button>
        </div>
    }
    .into_any()
}

/// Draws what an operator can do about the size: the group follows within a minute or two.
fn size_form(state: FleetsState, fleet: &FleetState) -> Option<AnyView> {
    if state.page.access.with_value(|access| access.role) != Role::Operator {
        return None;
    }
    let (pool, desired, max) = (fleet.pool.clone(), fleet.group.desired, fleet.group.max);
    let command = start_command(&state.page.opened()?.config.study, &pool);
    let typed = {
        let pool = pool.clone();
        move || {
            let typed = state.typed.read().iter().find(|(own, _)| *own == pool).map(|(_, text)| text.clone());
            typed.unwrap_or_else(|| desired.max(1).to_string())
        }
    };
    let size = {
        let typed = typed.clone();
        move || typed_size(&typed(), max, &command)
    };
    let name = {
        let size = size.clone();
        move || match size() {
            _ if desired == 0 => "Start",
            Ok(size) if size < desired => "Shrink",
            _ => "Grow",
        }
    };
    let is_useless = {
        let size = size.clone();
        move || state.asked.read().is_some() || size().is_ok_and(|size| size == desired)
    };
    let kept = pool.clone();
    let keep = move |event| {
        let text = event_target_value(&event);
        state.said.set(None);
        state.typed.update(|typed| match typed.iter_mut().find(|(own, _)| *own == kept) {
            Some((_, known)) => *known = text,
            None => typed.push((kept.clone(), text)),
        });
    };
    let (asked_fleet, stopped_fleet) = (fleet.clone(), fleet.clone());
    let is_useless_now = is_useless.clone();
    let change = move |event: SubmitEvent| {
        event.prevent_default();
        match size() {
            _ if untrack(&is_useless_now) => {}
            Ok(size) => ask(state, &asked_fleet, size),
            Err(words) => state.said.set(Some((asked_fleet.pool.clone(), words))),
        }
    };
    let stop = (desired > 0).then(|| {
        let stop = press(move |_| ask(state, &stopped_fleet, 0));
        view! { <button type="button" disabled=move || state.asked.read().is_some() on:click=stop>"Stop"</button> }
    });
    Some(
        view! {
            <form class="fleets__buttons" on:submit=change>
                <label class="fleets__size">"Computers"
                    <input inputmode="numeric" autocomplete="off" prop:value=typed on:input=keep />
                </label>
                <button disabled=is_useless>{name}</button>
                {stop}
            </form>
        }
        .into_any(),
    )
}

/// Says what was asked for or what is wrong, at the fleet that it is about.
fn said(state: FleetsState, fleet: &FleetState) -> AnyView {
    let asked = state.asked.get().filter(|(pool, _)| *pool == fleet.pool);
    let asked = asked
        .map(|(_, size)| format!("Asking Auto Scaling for {} …", counted(u64::from(size), "computer", "computers")));
    let wrong = state.said.get().filter(|(pool, _)| *pool == fleet.pool).map(|(_, words)| words);
    let problem = state.problem.get().filter(|(pool, _)| *pool == fleet.pool).map(|(_, problem)| problem_note(problem));
    view! {
        {asked.map(|words| view! { <p class="fleets__said faint" role="status">{words}</p> })}
        {wrong.map(|words| view! { <p class="fleets__said fleets__said--wrong" role="alert">{words}</p> })}
        {problem}
    }
    .into_any()
}

/// Asks for a size: at once, or if computers end, after a question.
fn ask(state: FleetsState, fleet: &FleetState, desired: u32) {
    let (own, from) = (fleet.clone(), fleet.group.desired);
    if desired >= from {
        send(state, own, desired);
        return;
    }
    let (title, words) = shrinking(&fleet.pool, from, desired);
    let action = format!("End {}", counted(u64::from(from - desired), "computer", "computers"));
    state.confirmation.ask(ConfirmationQuestion {
        title,
        words,
        action,
        act: Box::new(move || send(state, own.clone(), desired)),
    });
}

fn send(state: FleetsState, fleet: FleetState, desired: u32) {
    let pool = fleet.pool.clone();
    state.asked.set(Some((pool.clone(), desired)));
    state.problem.set(None);
    spawn_local(async move {
        let outcome = async {
            let study = state.page.study().await?;
            // Somebody else, or Auto Scaling itself, may have given it another size since it was shown: what was agreed to is of the old one.
            let now = all_fleets(&study).await.map_err(|error| PageProblem::from(&error))?;
            let now = now.into_iter().find(|own| own.pool == fleet.pool).map(|own| own.group.desired);
            if let Some(words) = now.and_then(|now| changed_meanwhile(fleet.group.desired, now)) {
                let (title, advice) =
                    ("The fleet isn't changed.".into(), words + ": look at the new size, and ask again.");
                return Err(PageProblem { title, advice, detail: fleet.group.name.clone() });
            }
            resize(&study, &fleet, desired).await.map_err(|error| match &error {
                FleetError::Aws(error) => PageProblem::from(error),
                other => PageProblem {
                    title: "The fleet isn't changed.".into(),
                    advice: String::new(),
                    detail: other.to_string(),
                },
            })
        };
        match outcome.await {
            // What was typed is the size now.
            Ok(()) => {
                state.page.note_size(&pool, desired);
                state.typed.update(|typed| typed.retain(|(own, _)| *own != pool));
            }
            Err(problem) => state.problem.set(Some((pool, problem))),
        }
        state.asked.set(None);
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
        visible(&row.instance).into_any(),
        view! { <span class="symbol" aria-hidden="true">{symbol}</span>{words} }.into_any(),
        view! { {visible(&row.instance_type)}<span class="faint">{facts.join(" · ")}</span> }.into_any(),
        view! { <span class="hosts__text">{visible(&host)}</span> }.into_any(),
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
        let label = format!("What the set-up of {} has printed", visible(&own));
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
