//! Failures, those that are alike as one.

use cruncher_backend::study::ReadError;
use cruncher_study::error_groups::ErrorGroup;
use cruncher_study::figures::{counted, duration};
use cruncher_study::ledger::CaseRef;
use cruncher_study::outcome::ErrorDocument;
use leptos::prelude::*;

use crate::app::OpenStudy;
use crate::components::error_group::ErrorGroupHead;
use crate::components::problem_note::ProblemNote;
use crate::platform::local_time::exact_time;
use crate::state::live::Live;
use crate::state::problem::Problem;
use crate::state::route::Route;

/// How many cases of a group are named.
const MOST_NAMED: usize = 100;

/// One entry a group; an open one shows the traceback of its last case.
#[component]
pub(crate) fn ErrorsPage() -> impl IntoView {
    let live = expect_context::<Live>();
    let route = expect_context::<RwSignal<Route>>();
    let groups = Memo::new(move |_| {
        let batch = route.read().batch.clone();
        let snapshot = live.snapshot.read();
        let groups = snapshot.as_ref().map(|snapshot| snapshot.error_groups.clone()).unwrap_or_default();
        let is_here = |group: &ErrorGroup| batch.as_ref().is_none_or(|batch| group.batches.contains(batch));
        groups.into_iter().filter(is_here).collect::<Vec<_>>()
    });
    let title = move || {
        let cases: usize = groups.read().iter().map(|group| group.cases.len()).sum();
        let groups = groups.read().len() as u64;
        format!("{} in {}", counted(cases as u64, "case", "cases"), counted(groups, "group", "groups"))
    };
    let nothing = move || {
        (groups.read().is_empty() && live.snapshot.read().is_some())
            .then(|| view! { <p class="empty">"No case has failed."</p> })
    };
    view! {
        <h2>"Errors" <span class="faint">{move || (!groups.read().is_empty()).then(title)}</span></h2>
        {nothing}
        <For each=move || groups.get() key=|group| group.signature.clone() let:group>
            <Group signature=group.signature.clone() groups />
        </For>
        <Unreadable />
    }
}

#[component]
fn Group(signature: String, groups: Memo<Vec<ErrorGroup>>) -> impl IntoView {
    let live = expect_context::<Live>();
    let route = expect_context::<RwSignal<Route>>();
    let found = groups.get_untracked().into_iter().find(|group| group.signature == signature);
    let Some(first) = found else { return ().into_any() };
    let group = Memo::new({
        let signature = signature.clone();
        move |last: Option<&ErrorGroup>| {
            let groups = groups.read();
            let now = groups.iter().find(|group| group.signature == signature);
            now.or(last).cloned().unwrap_or_else(|| first.clone())
        }
    });
    let is_open = {
        let signature = signature.clone();
        Memo::new(move |_| route.read().group.as_deref() == Some(signature.as_str()))
    };
    let target = move || {
        let group = (!is_open.get()).then(|| signature.clone());
        Route { group, ..route.get() }.to_string()
    };
    let all_workers = Signal::derive(move || live.snapshot.read().as_ref().map_or(0, |snapshot| snapshot.workers.len()));
    let expanded = move || is_open.get().to_string();
    view! {
        <article class="group">
            <a class="group__head" role="button" href=target aria-expanded=expanded>
                <ErrorGroupHead group all_workers now=live.now />
            </a>
            {move || is_open.get().then(|| view! { <OpenGroup group /> })}
        </article>
    }
    .into_any()
}

#[component]
fn OpenGroup(group: Memo<ErrorGroup>) -> impl IntoView {
    let OpenStudy { study, .. } = expect_context::<OpenStudy>();
    let shown = RwSignal::new(group.get_untracked().cases.first().cloned());
    let document = LocalResource::new(move || {
        let (study, case) = (study.clone(), shown.get());
        async move {
            match case {
                Some(case) => study.error_document(&case).await.map(Some).map_err(|error| read_problem(&error)),
                None => Ok(None),
            }
        }
    });
    let body = move || {
        document.get().map(|read| match read {
            Ok(document) => document.map(|document| view! { <Failure document /> }).into_any(),
            Err(problem) => view! { <ProblemNote problem /> }.into_any(),
        })
    };
    let cases = move || {
        let group = group.read();
        let more = group.cases.len().saturating_sub(MOST_NAMED);
        let names = group.cases.iter().take(MOST_NAMED).map(|case| case_button(case.clone(), shown)).collect_view();
        view! { <div class="group__cases" role="group" aria-label="Cases of this group">{names}{(more > 0).then(|| format!("and {more} more"))}</div> }
    };
    view! {
        <div class="group__body">
            {cases}
            {body}
        </div>
    }
}

fn case_button(case: CaseRef, shown: RwSignal<Option<CaseRef>>) -> impl IntoView {
    let id = case.1.to_string();
    let is_shown = { let case = case.clone(); move || (shown.read().as_ref() == Some(&case)).to_string() };
    view! {
        <button class="chip" title=format!("{id} of {}", case.0) aria-pressed=is_shown on:click=move |_| shown.set(Some(case.clone()))>
            <code>{id[..8].to_owned()}</code>
        </button>
    }
}

fn read_problem(error: &ReadError) -> Problem {
    match error {
        ReadError::Aws(error) if error.is_not_found() => Problem {
            title: "This failure is gone.".into(),
            advice: "The case was done or sent again in the meantime.".into(),
            detail: error.to_string(),
        },
        ReadError::Aws(error) => error.into(),
        ReadError::Json { key, source } => Problem {
            title: "This error document can't be read.".into(),
            advice: "Something else than a worker wrote it.".into(),
            detail: format!("{key}: {source}"),
        },
    }
}

#[component]
fn Failure(document: ErrorDocument) -> impl IntoView {
    let parameters = serde_json::to_string(&document.parameters).unwrap_or_default();
    let took = duration(document.end_time - document.start_time);
    let log = (!document.log.trim().is_empty()).then(|| {
        view! { <details><summary>"What it printed"</summary><pre class="trace">{document.log.clone()}</pre></details> }
    });
    view! {
        <dl class="facts">
            <dt>"Case"</dt><dd><code>{document.case_id.to_string()}</code></dd>
            <dt>"Batch"</dt><dd>{format!("{}, level {}", document.batch, document.level)}</dd>
            <dt>"Worker"</dt><dd>{document.computer.clone()}</dd>
            <dt>"Attempt"</dt><dd>{format!("{} of {}, failed after {took}", document.attempt, document.max_attempts)}</dd>
            <dt>"When"</dt><dd>{exact_time(document.end_time)}</dd>
            <dt>"Parameters"</dt><dd><code class="facts__long">{parameters}</code></dd>
        </dl>
        <pre class="trace" tabindex="0" aria-label="Traceback">{document.traceback.clone()}</pre>
        {log}
    }
}

/// Objects that aren't what their keys say: they are named, so that nothing is passed over in silence.
#[component]
fn Unreadable() -> impl IntoView {
    let live = expect_context::<Live>();
    let unreadable = Memo::new(move |_| {
        let snapshot = live.snapshot.read();
        snapshot.as_ref().map(|snapshot| snapshot.unreadable.clone()).unwrap_or_default()
    });
    move || {
        let unreadable = unreadable.get();
        (!unreadable.is_empty()).then(|| {
            let rows = unreadable.into_iter().map(|(key, reason)| view! { <dt><code>{key}</code></dt><dd>{reason}</dd> });
            view! {
                <h2>"Objects that can't be read"</h2>
                <p>"Something else than Cruncher wrote them, or a write was cut off. They are left out of every figure."</p>
                <dl class="facts">{rows.collect_view()}</dl>
            }
        })
    }
}
