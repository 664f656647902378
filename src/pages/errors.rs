//! Page of the failures, in groups of those that are alike.

use cruncher_backend::Study;
use cruncher_backend::study::ReadError;
use cruncher_backend::watch::snapshot::Snapshot;
use cruncher_browser::components::press::press;
use cruncher_browser::components::problem_note::problem_note;
use cruncher_browser::local_time::exact_time;
use cruncher_browser::state::input_words;
use cruncher_browser::state::input_words::exact_line;
use cruncher_browser::state::problem::PageProblem;
use cruncher_browser::state::route::{BatchChoice, Page, Route};
use cruncher_study::case::{CaseRef, Parameters};
use cruncher_study::error_groups::ErrorGroup;
use cruncher_study::key::DATA_PREFIX;
use cruncher_study::number_format::{counted, duration};
use cruncher_study::outcome::ErrorDocument;
use cruncher_study::versions::{ModelVersion, has_versions, versions};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::error_group::error_group_head;
use crate::live::{CASES_AT_A_TIME, LiveStudy, OpenStudy, ReaderState};

/// Reads the error documents of the cases that are named, whenever these change.
pub(crate) fn read_failures(study: Study, live: LiveStudy, reader: ReaderState) {
    let named = Memo::new(move |_| {
        let (route, snapshot) = (reader.route.get(), live.snapshot.get()?);
        let groups = snapshot.error_groups(route.batches.one());
        let group = groups.iter().find(|group| route.group.as_deref() == Some(group.signature))?;
        Some(named_cases(group, reader).collect::<Vec<_>>())
    });
    Effect::new(move |before: Option<Vec<CaseRef>>| {
        let cases = named.get().unwrap_or_default();
        reader.failures.update(|read| read.retain(|(case, _)| cases.contains(case)));
        let before = before.unwrap_or_default();
        for case in cases.iter().filter(|case| !before.contains(case)).cloned() {
            let study = study.clone();
            spawn_local(async move {
                let read = study.error_document(&case).await.map_err(|error| read_problem(&error));
                if named.get_untracked().is_some_and(|named| named.contains(&case)) {
                    reader.failures.update(|all| all.push((case, read)));
                }
            });
        }
        cases
    });
}

/// Returns the cases of a group that are named, the one that failed last in front.
fn named_cases<'a>(group: &'a ErrorGroup<'a>, reader: ReaderState) -> impl Iterator<Item = CaseRef> + 'a {
    group.cases().take(reader.named_cases.get())
}

/// Returns the case that the reader picked, else the group's last one.
fn shown_case(group: &ErrorGroup, reader: ReaderState) -> Option<CaseRef> {
    let picked = reader.case.get().filter(|case| named_cases(group, reader).any(|own| own == *case));
    picked.or_else(|| group.cases().next())
}

fn read_problem(error: &ReadError) -> PageProblem {
    match error {
        ReadError::Aws(error) if error.is_not_found() => PageProblem {
            title: "This failure is gone.".into(),
            advice: "The case was done or sent again in the meantime. If Cruncher Automatic Mode has written this study, press the \
                     case in the table of the Results page: it has the traceback."
                .into(),
            detail: error.to_string(),
        },
        ReadError::Aws(error) => error.into(),
        ReadError::TooLarge { .. } => PageProblem {
            title: "This error document is too large to be shown.".into(),
            advice: "cruncher results STUDY DIR --only errors fetches it.".into(),
            detail: error.to_string(),
        },
        ReadError::Json { key, source } => PageProblem {
            title: "This error document can't be read.".into(),
            advice: "Something else than a worker wrote it.".into(),
            detail: format!("{key}: {source}"),
        },
    }
}

/// Draws an entry for each group; an open one shows the traceback of one of its cases.
pub(crate) fn page(open: &OpenStudy) -> AnyView {
    let Some(snapshot) = open.live.snapshot.get() else {
        return view! { <p class="empty" role="status">"Reading the study …"</p> }.into_any();
    };
    let route = open.reader.route.get();
    let groups = snapshot.error_groups(route.batches.one());
    let cases: usize = groups.iter().map(ErrorGroup::len).sum();
    let title = match groups.len() as u64 {
        0 => String::new(),
        count => format!("{} in {}", counted(cases as u64, "case", "cases"), counted(count, "group", "groups")),
    };
    let nothing = groups.is_empty().then(|| view! { <p class="empty">{none_failed(&snapshot, &route)}</p> });
    let entries: Vec<_> = groups.iter().map(|shown| group(shown, &snapshot, &route, open)).collect();
    view! {
        <h2>"Errors" <span class="faint">{title}</span></h2>
        {nothing}
        {entries}
        {unreadable(&snapshot, &route)}
    }
    .into_any()
}

/// Tells that none of the shown cases has failed, and how many others have.
pub(crate) fn none_failed(snapshot: &Snapshot, route: &Route) -> AnyView {
    let elsewhere: usize = snapshot.error_groups(None).iter().map(ErrorGroup::len).sum();
    if elsewhere == 0 {
        let withdrawn = snapshot.counts(route.batches.one()).withdrawn;
        let words = match withdrawn {
            0 => "No case has failed.".to_owned(),
            _ => format!("No case has failed that counts; {} withdrawn.", counted(withdrawn, "case is", "cases are")),
        };
        return words.into_any();
    }
    let others = route.on(Page::Errors).of(BatchChoice::All);
    view! { {format!("None in this batch; {elsewhere} in others. ")}<a href=others.to_string()>"Show all batches"</a> }
        .into_any()
}

fn group(group: &ErrorGroup, snapshot: &Snapshot, route: &Route, open: &OpenStudy) -> AnyView {
    let is_open = route.group.as_deref() == Some(group.signature);
    let target = Route { group: (!is_open).then(|| group.signature.to_owned()), ..route.clone() };
    let head = error_group_head(group, snapshot.workers_with_cases(), open.live.now.get());
    let body = is_open.then(|| open_group(group, snapshot, open.reader));
    view! {
        <article class="group">
            <a class="group__head" href=target.to_string() aria-expanded=is_open.to_string()>{head}</a>
            {body}
        </article>
    }
    .into_any()
}

fn open_group(group: &ErrorGroup, snapshot: &Snapshot, reader: ReaderState) -> AnyView {
    let shown = shown_case(group, reader);
    let read = reader.failures.get();
    let of_case = |case: &CaseRef| read.iter().find(|(own, _)| own == case).map(|(_, read)| read);
    let one = |case: CaseRef| {
        let id = format!("{} of {}", case.1, case.0);
        let is_shown = shown.as_ref() == Some(&case);
        let (words, title) = match of_case(&case) {
            Some(Ok(document)) => {
                (inputs(document, input_words::line), format!("{} · {id}", inputs(document, exact_line)))
            }
            _ => (case.1.to_string(), id),
        };
        let pick = move |_| reader.case.set(Some(case.clone()));
        view! { <button class="chip" title=title aria-pressed=is_shown.to_string() on:click=press(pick)>{words}</button> }
    };
    let cases: Vec<_> = named_cases(group, reader).map(one).collect();
    let more = group.len().saturating_sub(cases.len());
    let show_more = move |_| reader.named_cases.update(|named| *named += CASES_AT_A_TIME);
    let more = (more > 0).then(|| {
        let words = format!("Show {} of {more} more", more.min(CASES_AT_A_TIME));
        view! { <button class="chip" on:click=press(show_more)>{words}</button> }
    });
    let failure = shown.as_ref().and_then(of_case).map(|read| match read {
        Ok(document) => failure(document, snapshot),
        Err(problem) => problem_note(problem.clone()),
    });
    view! {
        <div class="group__body">
            <div class="group__cases" role="group" aria-label="Cases of this group">{cases}{more}</div>
            {failure}
        </div>
    }
    .into_any()
}

/// Returns the inputs of a case in a line, with as many digits as asked for; the case's id if it has no inputs.
fn inputs(document: &ErrorDocument, line: fn(&Parameters) -> String) -> String {
    match line(&document.parameters) {
        words if words.is_empty() => document.case_id.to_string(),
        words => words,
    }
}

/// Returns the version of its batch's model that a case is of: `footing.py version 1`; `None` if the study has only one.
fn model_version(document: &ErrorDocument, snapshot: &Snapshot) -> Option<String> {
    let account = snapshot.batches.iter().find(|account| account.batch == document.batch)?;
    let is_own = |version: &&ModelVersion| version.submissions.iter().any(|own| own.id == document.submission);
    let told = has_versions(account, &snapshot.batches).then(|| versions(&account.submissions));
    told?.iter().find(is_own).map(ModelVersion::name)
}

fn failure(document: &ErrorDocument, snapshot: &Snapshot) -> AnyView {
    let took = duration(document.end_time - document.start_time);
    let level = if document.level > 0 { format!(", level {}", document.level) } else { String::new() };
    let batch = format!("{}{level}", document.batch);
    let version = model_version(document, snapshot).map(|name| ("Model", name));
    let facts = [
        ("Case", document.case_id.to_string()),
        ("Batch", batch),
        ("Worker", document.computer.clone()),
        ("Attempt", format!("{} of {}, failed after {took}", document.attempt, document.max_attempts)),
        ("When", exact_time(document.end_time)),
        ("Inputs", inputs(document, exact_line)),
    ];
    let facts = facts.into_iter().chain(version).map(|(name, fact)| (name.to_owned(), fact)).collect();
    let log = document.log.trim();
    let log = (!log.is_empty()).then(|| {
        view! { <details><summary>"What it printed"</summary><pre class="trace" tabindex="0">{log.to_owned()}</pre></details> }
    });
    view! {
        {fact_list(facts)}
        <pre class="trace" tabindex="0" role="region" aria-label="Traceback">{document.traceback.clone()}</pre>
        {log}
    }
    .into_any()
}

fn fact_list(facts: Vec<(String, String)>) -> AnyView {
    let facts: Vec<_> = facts.into_iter().map(|(name, fact)| view! { <dt>{name}</dt><dd>{fact}</dd> }).collect();
    view! { <dl class="facts">{facts}</dl> }.into_any()
}

/// Draws the list of objects that aren't what their keys say, so that nothing is passed over in silence.
fn unreadable(snapshot: &Snapshot, route: &Route) -> Option<AnyView> {
    // An object that isn't below a batch is shown with every batch.
    let is_here = |key: &str| {
        key.strip_prefix(DATA_PREFIX).zip(route.batches.one()).is_none_or(|(path, batch)| batch.contains(path))
    };
    let shown = snapshot.unreadable.iter().filter(|(key, _)| is_here(key));
    let facts: Vec<_> = shown.map(|(key, reason)| (key.clone(), reason.clone())).collect();
    if facts.is_empty() {
        return None;
    }
    let section = view! {
        <h2>"Objects that can't be read"</h2>
        <p>"Something else than Cruncher wrote them, or a write was cut off. They are left out of every figure."</p>
        {fact_list(facts)}
    };
    Some(section.into_any())
}
