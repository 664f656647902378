//! Actions of an operator on cases: they are sent again, or called off. Until a moment has passed, that can be taken back.

use std::collections::BTreeSet;
use std::time::Duration;

use cruncher_backend::administer::control::{ControlError, change_control};
use cruncher_backend::enqueue::{EnqueueError, RetryOutcome, RetryRequest, RetryTimeLimit, retry};
use cruncher_browser::components::problem_note::problem_note;
use cruncher_browser::designer;
use cruncher_browser::state::problem::PageProblem;
use cruncher_results::column_id::{CaseField, ColumnId};
use cruncher_results::store::{CellValue, ResultStore};
use cruncher_study::accounting::CaseState;
use cruncher_study::batch::Batch;
use cruncher_study::case::CaseRef;
use cruncher_study::control::StudyControl;
use cruncher_study::number_format::counted;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::reading;
use super::results_state::{ResultsState, case_of};

/// Time in which what was asked for can be taken back, in seconds.
const GRACE_SECS: u32 = 5;

/// Action on cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CaseAction {
    Retry,
    Cancel,
    /// A cancelled case is taken out of those that are called off; nothing is sent.
    TakeBack,
}

impl CaseAction {
    const ALL: [Self; 3] = [Self::Retry, Self::Cancel, Self::TakeBack];

    /// Whether it is for cases in this state. One that is tried again anyway has none.
    const fn is_for(self, state: Option<CaseState>) -> bool {
        match self {
            Self::Retry => {
                matches!(state, Some(CaseState::Failed | CaseState::Dead | CaseState::Lost | CaseState::Cancelled))
            }
            Self::Cancel => matches!(state, Some(CaseState::Queued | CaseState::Running)),
            Self::TakeBack => matches!(state, Some(CaseState::Cancelled)),
        }
    }

    const fn verb(self) -> &'static str {
        match self {
            Self::Retry => "Retry",
            Self::Cancel => "Cancel",
            Self::TakeBack => "Take back",
        }
    }

    fn announced(self, cases: usize, secs: u32) -> String {
        let cases = counted(cases as u64, "case", "cases");
        match self {
            Self::Retry => format!("{cases} to be sent again in {secs} s."),
            Self::Cancel => format!("{cases} to be cancelled in {secs} s."),
            Self::TakeBack => format!("{cases} to be taken back in {secs} s."),
        }
    }
}

/// How far an action is.
#[derive(Debug, Clone)]
enum ActionState {
    /// Nothing was asked for.
    Idle,
    /// It is done after so many seconds.
    Announced { action: CaseAction, cases: Vec<CaseRef>, left_secs: u32 },
    /// It is being done; the number of cases that were sent so far.
    Working { action: CaseAction, done: u64 },
    /// It is done, in words.
    Done(String),
    /// These cases are called off.
    Cancelled(Vec<CaseRef>),
    /// These cases aren't called off any more. Those whose messages were deleted meanwhile are lost.
    TakenBack(Vec<CaseRef>),
    /// It failed.
    Failed(PageProblem),
}

/// Limits in place of the earlier ones, as they were typed; empty for the earlier ones.
#[derive(Debug, Clone, Copy)]
struct Limits {
    attempts: RwSignal<String>,
    time_limit_secs: RwSignal<String>,
}

impl Limits {
    /// Reads what was typed, or tells what is wrong with it.
    fn read(self) -> Result<(Option<u32>, RetryTimeLimit), &'static str> {
        let attempts = match self.attempts.get_untracked().trim() {
            "" => None,
            text => {
                Some(text.parse().ok().filter(|number| *number > 0).ok_or("Attempts are a whole number, 1 or more.")?)
            }
        };
        let limit = RetryTimeLimit::parse(&self.time_limit_secs.get_untracked());
        Ok((attempts, limit.ok_or("A time limit is a number of seconds above 0, or none.")?))
    }
}

/// What was asked for about some cases, and how far it is. It outlives its buttons, which are drawn anew for other batches.
#[derive(Debug, Clone, Copy)]
pub(super) struct SteeringState {
    course: RwSignal<ActionState>,
    limits: Limits,
}

impl SteeringState {
    /// Creates the state in which nothing was asked for. It ends with its page.
    pub(super) fn new() -> Self {
        let limits = Limits { attempts: RwSignal::default(), time_limit_secs: RwSignal::default() };
        Self { course: RwSignal::new(ActionState::Idle), limits }
    }

    /// Forgets what was asked for, unless it is still to be done.
    pub(super) fn forget_done(self) {
        if !matches!(*self.course.read_untracked(), ActionState::Announced { .. } | ActionState::Working { .. }) {
            self.course.set(ActionState::Idle);
        }
    }
}

/// Draws how far an action is, where its buttons aren't shown any more.
pub(super) fn course(state: ResultsState, asked: SteeringState) -> AnyView {
    let SteeringState { course, limits } = asked;
    view! { <p class="steering__course" role="status">{move || told(state, course, limits)}</p> }.into_any()
}

/// Draws the buttons for cases of these rows, and how far an action is. Who may only look gets none.
pub(super) fn steering(state: ResultsState, rows: Memo<Vec<usize>>, asked: SteeringState) -> AnyView {
    if !state.may_steer() {
        return ().into_any();
    }
    let SteeringState { course, limits } = asked;
    // Counted by state, in one pass: there may be a hundred thousand rows whenever the filter changes.
    let states = Memo::new(move |_| state.data.with(|store| rows.with(|rows| by_state(store, rows))));
    let cases = move |action: CaseAction| {
        let states = states.read();
        states.iter().filter(|(state, _)| action.is_for(Some(*state))).map(|(_, count)| count).sum::<usize>()
    };
    let buttons = CaseAction::ALL.map(|action| {
        let count = Memo::new(move |_| cases(action));
        let words = move || match count.get() {
            0 => action.verb().to_owned(),
            count => format!("{} {}", action.verb(), counted(count as u64, "case", "cases")),
        };
        let is_busy = move || matches!(*course.read(), ActionState::Announced { .. } | ActionState::Working { .. });
        let ask = move |_| announce(state, course, limits, action, rows);
        view! { <button hidden=move || count.get() == 0 disabled=is_busy on:click=ask>{words}</button> }
    });
    let limit = |label: &'static str, value: RwSignal<String>| {
        view! {
            <label class="field__label steering__limit">{label}
                <input placeholder="as before" prop:value=move || value.get() on:input=move |event| value.set(event_target_value(&event))/>
            </label>
        }
    };
    view! {
        <div class="steering" role="group" aria-label="What to do about these cases">
            {buttons.into_iter().collect_view()}
            <details class="steering__limits" hidden=move || cases(CaseAction::Retry) == 0>
                <summary>"With other limits"</summary>
                <div class="steering__fields">
                    {limit("Attempts", limits.attempts)}
                    {limit("Time limit in seconds", limits.time_limit_secs)}
                </div>
            </details>
            <span class="steering__course" role="status">{move || told(state, course, limits)}</span>
        </div>
    }
    .into_any()
}

/// Counts rows by their state.
fn by_state(store: &ResultStore, rows: &[usize]) -> Vec<(CaseState, usize)> {
    let codes = store.field(CaseField::State).codes();
    let mut counts: Vec<(u32, usize)> = Vec::new();
    for code in rows.iter().filter_map(|row| codes.get(*row)) {
        match counts.iter_mut().find(|(own, _)| own == code) {
            Some((_, count)) => *count += 1,
            None => counts.push((*code, 1)),
        }
    }
    counts.into_iter().filter_map(|(code, count)| Some((CaseState::named(store.label(code))?, count))).collect()
}

fn state_of(store: &ResultStore, row: usize) -> Option<CaseState> {
    match store.cell(&ColumnId::Case(CaseField::State), row) {
        CellValue::Text(state) => CaseState::named(state),
        _ => None,
    }
}

/// Tells how far an action is, with the buttons that it has.
fn told(state: ResultsState, course: RwSignal<ActionState>, limits: Limits) -> AnyView {
    match course.get() {
        ActionState::Idle => ().into_any(),
        ActionState::Announced { action, cases, left_secs } => {
            let count = cases.len();
            let now = move |_| carry_out(state, course, limits, action, cases.clone());
            view! {
                {action.announced(count, left_secs)}
                <button on:click=move |_| course.set(ActionState::Idle)>"Undo"</button>
                <button class="quiet" on:click=now>"Do it now"</button>
            }
            .into_any()
        }
        ActionState::Working { action: CaseAction::Retry, done } if done > 0 => {
            format!("Sending … {} so far", counted(done, "case", "cases")).into_any()
        }
        ActionState::Working { action: CaseAction::Retry, .. } => "Sending …".into_any(),
        ActionState::Working { action: CaseAction::Cancel, .. } => "Cancelling …".into_any(),
        ActionState::Working { action: CaseAction::TakeBack, .. } => "Taking back …".into_any(),
        ActionState::Cancelled(cases) => {
            let words = counted(cases.len() as u64, "case is", "cases are");
            let back = move |_| carry_out(state, course, limits, CaseAction::TakeBack, cases.clone());
            view! { {format!("{words} cancelled: no worker takes them any more.")}<button on:click=back>"Take back"</button> }
                .into_any()
        }
        ActionState::TakenBack(cases) => taken_back(state, course, limits, &cases),
        ActionState::Done(words) => words.into_any(),
        ActionState::Failed(problem) => problem_note(problem),
    }
}

/// Announces an action, and does it when the time has passed in which it can be taken back.
fn announce(
    state: ResultsState,
    course: RwSignal<ActionState>,
    limits: Limits,
    action: CaseAction,
    rows: Memo<Vec<usize>>,
) {
    if let Err(words) = limits.read() {
        let advice = "Correct it, or leave the field empty for what the case had before.".into();
        return course.set(ActionState::Failed(PageProblem { title: words.into(), advice, detail: String::new() }));
    }
    let cases = state.data.with_untracked(|store| {
        let rows = rows.get_untracked();
        let meant = rows.into_iter().filter(|row| action.is_for(state_of(store, *row)));
        meant.filter_map(|row| case_of(store, row)).collect::<Vec<_>>()
    });
    if action == CaseAction::TakeBack {
        // It can be undone by cancelling: nothing is waited for.
        return carry_out(state, course, limits, action, cases);
    }
    course.set(ActionState::Announced { action, cases, left_secs: GRACE_SECS });
    count_down(state, course, limits);
}

fn count_down(state: ResultsState, course: RwSignal<ActionState>, limits: Limits) {
    let tick = move || {
        // Another page, or another announcement, has taken its place.
        let Some(ActionState::Announced { action, cases, left_secs }) = course.try_get_untracked() else { return };
        if left_secs > 1 {
            course.set(ActionState::Announced { action, cases, left_secs: left_secs - 1 });
            count_down(state, course, limits);
        } else {
            carry_out(state, course, limits, action, cases);
        }
    };
    set_timeout(tick, Duration::from_secs(1));
}

fn carry_out(
    state: ResultsState,
    course: RwSignal<ActionState>,
    limits: Limits,
    action: CaseAction,
    cases: Vec<CaseRef>,
) {
    course.set(ActionState::Working { action, done: 0 });
    spawn_local(async move {
        let outcome = match action {
            CaseAction::Retry => send_again(state, course, limits, cases).await,
            CaseAction::Cancel => cancel(state, cases).await,
            CaseAction::TakeBack => take_back(state, cases).await,
        };
        // Who looks hears of it at once.
        designer::tell_sent();
        let _ = course.try_set(outcome.unwrap_or_else(ActionState::Failed));
    });
}

async fn send_again(
    state: ResultsState,
    course: RwSignal<ActionState>,
    limits: Limits,
    cases: Vec<CaseRef>,
) -> Result<ActionState, PageProblem> {
    let study = reading::study(state).await?;
    let (max_attempts, time_limit) = limits.read().unwrap_or_default();
    let seen_time = state.data.counts().get_untracked().map_or_else(|| study.now(), |counts| counts.time);
    let by = "operator".to_owned();
    let request = RetryRequest { cases, seen_time, time_limit, max_attempts, is_forced: false, by, extract: None };
    let tell = |done| drop(course.try_set(ActionState::Working { action: CaseAction::Retry, done }));
    let outcome = retry(&study, &request, &tell).await.map_err(|error| of_retry(&error))?;
    Ok(ActionState::Done(in_words(&outcome)))
}

fn in_words(outcome: &RetryOutcome) -> String {
    let unknown = match outcome.unknown.len() as u64 {
        0 => String::new(),
        unknown => format!(" No table names {}: their inputs aren't known.", counted(unknown, "case", "cases")),
    };
    format!("{outcome}{unknown}")
}

pub(super) fn of_retry(error: &EnqueueError) -> PageProblem {
    if let EnqueueError::Aws(error) = error {
        return PageProblem::from(error);
    }
    let advice = match error {
        EnqueueError::BatchCancelled(_) => {
            "Take back all of its cases first, or type cruncher cancel STUDY --batch BATCH --undo."
        }
        EnqueueError::TooManyAttempts { .. } => "Give fewer attempts.",
        _ => "Send these cases again with their design, on the Design page or by cruncher enqueue --again.",
    };
    PageProblem { title: "The cases can't be sent again.".into(), advice: advice.into(), detail: error.to_string() }
}

async fn cancel(state: ResultsState, cases: Vec<CaseRef>) -> Result<ActionState, PageProblem> {
    let study = reading::study(state).await?;
    let is_open =
        |of: CaseState| matches!(of, CaseState::Queued | CaseState::Running | CaseState::Dead | CaseState::Lost);
    let whole = whole_batches(state, &cases, is_open);
    let change = |control: &mut StudyControl| control.cancel(&cases, &whole);
    change_control(&study, &change).await.map_err(|error| of_control(&error))?;
    Ok(ActionState::Cancelled(cases))
}

/// Returns the batches in which these cases are all that are in such a state.
fn whole_batches(state: ResultsState, cases: &[CaseRef], is_meant: impl Fn(CaseState) -> bool) -> BTreeSet<Batch> {
    let own: BTreeSet<&CaseRef> = cases.iter().collect();
    let mut whole: BTreeSet<Batch> = cases.iter().map(|(batch, _)| batch.clone()).collect();
    state.data.with_untracked(|store| {
        let rows = (0..store.len()).filter(|row| state_of(store, *row).is_some_and(&is_meant));
        for case in rows.filter_map(|row| case_of(store, row)).filter(|case| !own.contains(case)) {
            whole.remove(&case.0);
        }
    });
    whole
}

/// Takes cases out of those that are called off. Nothing is sent: a message that no worker has seen meanwhile is still there.
async fn take_back(state: ResultsState, cases: Vec<CaseRef>) -> Result<ActionState, PageProblem> {
    let study = reading::study(state).await?;
    // Those that were called off a moment ago may still be shown as they were.
    let may_be_off = |of: CaseState| matches!(of, CaseState::Queued | CaseState::Running | CaseState::Cancelled);
    let whole = whole_batches(state, &cases, may_be_off);
    let change = |control: &mut StudyControl| control.take_back(&cases, &whole);
    let control = change_control(&study, &change).await.map_err(|error| of_control(&error))?;
    match cases.iter().find(|(batch, case)| control.cancels(batch, *case)) {
        None => Ok(ActionState::TakenBack(cases)),
        Some((batch, _)) => Err(PageProblem {
            title: format!("Batch {batch} is cancelled as a whole."),
            advice: format!(
                "Take back all of its cases at once, or type cruncher cancel STUDY --batch {batch} --undo."
            ),
            detail: "control.json names the batch in cancelled_batches".into(),
        }),
    }
}

/// Tells what has become of cases that were taken back, as it is known by and by: those that are lost can be sent again.
fn taken_back(state: ResultsState, course: RwSignal<ActionState>, limits: Limits, cases: &[CaseRef]) -> AnyView {
    let own: BTreeSet<&CaseRef> = cases.iter().collect();
    let lost: Vec<CaseRef> = state.data.with(|store| {
        let rows = (0..store.len()).filter(|row| state_of(store, *row) == Some(CaseState::Lost));
        rows.filter_map(|row| case_of(store, row)).filter(|case| own.contains(case)).collect()
    });
    let words = counted(cases.len() as u64, "case isn't", "cases aren't");
    let back = format!("{words} cancelled any more.");
    if lost.is_empty() {
        return back.into_any();
    }
    let words = counted(lost.len() as u64, "of them is lost: its message was", "of them are lost: their messages were");
    let again = move |_| carry_out(state, course, limits, CaseAction::Retry, lost.clone());
    view! { {format!("{back} {words} deleted meanwhile.")}<button on:click=again>"Send again"</button> }.into_any()
}

pub(super) fn of_control(error: &ControlError) -> PageProblem {
    PageProblem {
        title: "What is called off can't be changed.".into(),
        advice: "Cancel fewer at once, all open cases of a batch, or type cruncher cancel STUDY --batch BATCH.".into(),
        detail: error.to_string(),
    }
}
