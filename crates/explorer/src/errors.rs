//! The Errors page: failures in groups of those that are alike.

use std::collections::BTreeMap;

use cruncher_backend::study::ReadError;
use cruncher_browser::components::problem_note::problem_note;
use cruncher_browser::local_time::exact_time;
use cruncher_browser::rows;
use cruncher_browser::state::input_words;
use cruncher_browser::state::input_words::exact_line;
use cruncher_browser::state::problem::PageProblem;
use cruncher_browser::state::route::{BatchChoice, Page, Route};
use cruncher_results::column_id::{CaseField, ColumnId};
use cruncher_results::filter::{FilterCondition, RowFilter};
use cruncher_results::store::{CellValue, FAILED, ResultStore};
use cruncher_study::case::{CaseRef, Parameters};
use cruncher_study::error_groups::{ErrorGroup, ErrorPart, error_groups, error_parts};
use cruncher_study::key::DATA_PREFIX;
use cruncher_study::ledger::CaseFailure;
use cruncher_study::number_format::{counted, duration};
use cruncher_study::outcome::ErrorDocument;
use cruncher_study::shown_text::{visible, visible_lines};
use js_sys::Date;
use leptos::prelude::*;
use leptos::task::spawn_local;

mod contrast;
mod head;

use super::case::case;
use super::reading;
use super::results_state::{ResultsState, case_of};
use super::steering::{SteeringState, course, steering};
use crate::state::view::ResultsView;
use contrast::contrast;
use head::head;

/// Number of cases of a group that are named at first, and number that is added whenever more are asked for.
const CASES_AT_A_TIME: usize = 20;

/// Number of groups that are listed at first, and added at a time.
const MAX_GROUPS: usize = 100;

/// State of the page. Copies share everything.
#[derive(Clone, Copy)]
struct ErrorsPage {
    state: ResultsState,
    route: Memo<Route>,
    /// All failures, each with its row.
    failures: Memo<Failures>,
    /// Case that was picked, if it isn't the last one of its group.
    picked: RwSignal<Option<CaseRef>>,
    /// Number of cases of the open group that are named.
    named: RwSignal<usize>,
    /// Error documents of these cases, as far as they have been read.
    documents: RwSignal<Vec<(CaseRef, Result<ErrorDocument, PageProblem>)>>,
    /// What was asked for about the cases of a group. It outlives the group, which goes when its cases are sent again.
    asked: StoredValue<SteeringState>,
}

/// Failures by group, and what they are compared with.
#[derive(Debug, Clone, Default, PartialEq)]
struct Failures {
    parts: Vec<ErrorPart>,
    /// Row of each case.
    rows: BTreeMap<CaseRef, usize>,
    /// Workers that have computed something.
    workers: Vec<String>,
}

impl Failures {
    fn of(store: &ResultStore) -> Self {
        let words = |field, row| text(store, field, row).unwrap_or_default().to_owned();
        let mut failures = Vec::new();
        let mut rows = BTreeMap::new();
        for row in 0..store.len() {
            let Some(signature) = text(store, CaseField::Signature, row) else { continue };
            let Some(case) = case_of(store, row) else { continue };
            let failure = CaseFailure {
                signature: signature.to_owned(),
                error: visible(&words(CaseField::Error, row)),
                worker: words(CaseField::Worker, row),
                end_time: store.field(CaseField::EndTime).number(row),
                is_final: text(store, CaseField::State, row) == Some(FAILED),
            };
            rows.insert(case.clone(), row);
            failures.push((case, failure));
        }
        let parts = error_parts(failures.iter().map(|(case, failure)| (case, failure)));
        let workers = store.categories(store.field(CaseField::Worker)).into_iter();
        let workers = workers.map(|worker| worker.label.to_owned()).filter(|worker| !worker.is_empty()).collect();
        Self { parts, rows, workers }
    }

    fn groups(&self) -> Vec<ErrorGroup<'_>> {
        error_groups(&self.parts)
    }

    /// Returns the group of a signature, without making the others.
    fn group(&self, signature: &str) -> Option<ErrorGroup<'_>> {
        error_groups(self.parts.iter().filter(|part| part.signature == signature)).pop()
    }

    fn row(&self, case: &CaseRef) -> Option<usize> {
        self.rows.get(case).copied()
    }

    /// Names the pools of a group's cases, if any case names one.
    fn pools(&self, store: &ResultStore, group: &ErrorGroup) -> Option<String> {
        let mut names: Vec<&str> = Vec::new();
        for row in group.cases().filter_map(|case| self.row(&case)) {
            let pool = text(store, CaseField::Pool, row)?;
            if !names.contains(&pool) {
                names.push(pool);
            }
        }
        let word = if names.len() == 1 { "pool" } else { "pools" };
        Some(format!("{word} {}", names.join(", ")))
    }
}

/// Returns the text in a field of a case, if there is one.
fn text(store: &ResultStore, field: CaseField, row: usize) -> Option<&str> {
    match store.cell(&ColumnId::Case(field), row) {
        CellValue::Text(text) | CellValue::Cut(text, _) => Some(text),
        _ => None,
    }
}

impl ErrorsPage {
    fn new(state: ResultsState) -> Self {
        let route = Memo::new(move |_| {
            let view = state.view.read();
            Route { page: Page::Errors, batches: view.batches.clone(), group: view.group.clone(), ..Route::default() }
        });
        Self {
            state,
            route,
            failures: Memo::new(move |_| state.data.with(Failures::of)),
            picked: RwSignal::new(None),
            named: RwSignal::new(CASES_AT_A_TIME),
            documents: RwSignal::new(Vec::new()),
            asked: StoredValue::new(SteeringState::new()),
        }
    }

    /// Forgets what is done with when another group is opened.
    fn follow_group(self) {
        let group = Memo::new(move |_| self.route.read().group.clone());
        Effect::new(move |before: Option<Option<String>>| {
            let group = group.get();
            if group.is_some() && before.is_some_and(|before| before != group) {
                self.asked.get_value().forget_done();
            }
            group
        });
    }

    /// Returns the cases of the open group that are named, the one that failed last in front.
    fn named_cases(self) -> Vec<CaseRef> {
        self.failures.with(|failures| {
            let route = self.route.read();
            let open = route.group.as_deref().and_then(|signature| failures.group(signature));
            open.map(|group| group.cases().take(self.named.get()).collect()).unwrap_or_default()
        })
    }

    /// Reads the error documents of the cases that are named, whenever these change.
    fn read_documents(self) {
        let named = Memo::new(move |_| self.named_cases());
        Effect::new(move |before: Option<Vec<CaseRef>>| {
            let cases = named.get();
            self.documents.update(|read| read.retain(|(case, _)| cases.contains(case)));
            let before = before.unwrap_or_default();
            for case in cases.iter().filter(|case| !before.contains(case)).cloned() {
                spawn_local(async move {
                    let read = match reading::study(self.state).await {
                        Ok(study) => study.error_document(&case).await.map_err(|error| read_problem(&error)),
                        Err(problem) => Err(problem),
                    };
                    if named.try_get_untracked().is_some_and(|named| named.contains(&case)) {
                        self.documents.update(|all| all.push((case, read)));
                    }
                });
            }
            cases
        });
    }
}

/// Draws the page: an entry for each group; an open one shows the traceback of one of its cases.
pub(super) fn errors(state: ResultsState) -> AnyView {
    let page = ErrorsPage::new(state);
    page.read_documents();
    page.follow_group();
    let counts = state.data.counts();
    let unreadable = Memo::new(move |_| {
        // Whoever hands objects over tells so by the counts.
        counts.track();
        rows::unreadable()
    });
    let is_read = move || counts.read().is_some_and(|counts| counts.failed == 0 || counts.are_rows_read);
    let title = move || {
        page.failures.with(|failures| {
            let groups = failures.groups();
            let cases: usize = groups.iter().map(ErrorGroup::len).sum();
            match groups.len() as u64 {
                0 => String::new(),
                count => format!("{} in {}", counted(cases as u64, "case", "cases"), counted(count, "group", "groups")),
            }
        })
    };
    let nothing = move || {
        let words = match (page.failures.with(|failures| failures.parts.is_empty()), is_read()) {
            (false, _) => return None,
            (true, false) => "Reading the failures …".into_any(),
            (true, true) => none_failed(page),
        };
        Some(view! { <p class="empty" role="status">{words}</p> })
    };
    // A group that stays is left alone: its reader may be typing a limit.
    let signatures = Memo::new(move |_| {
        page.failures
            .with(|failures| failures.groups().iter().map(|group| group.signature.to_owned()).collect::<Vec<_>>())
    });
    // Largest groups come first; one that is open stands wherever it is.
    let most = RwSignal::new(MAX_GROUPS);
    let listed = move || {
        let route = page.route.read();
        let is_open = |signature: &&String| route.group.as_ref() == Some(*signature);
        let all = signatures.read();
        let (first, rest) = all.split_at(all.len().min(most.get()));
        first.iter().chain(rest.iter().filter(is_open)).cloned().collect::<Vec<_>>()
    };
    let more = move || {
        let beyond = signatures.read().len().saturating_sub(most.get());
        let words = format!("Show more of {}", counted(beyond as u64, "further group", "further groups"));
        (beyond > 0).then(
            || view! { <p><button on:click=move |_| most.update(|most| *most += MAX_GROUPS)>{words}</button></p> },
        )
    };
    // An open group tells it beside its buttons.
    let has_open_group = Memo::new(move |_| {
        let route = page.route.read();
        signatures.with(|all| route.group.as_ref().is_some_and(|group| all.contains(group)))
    });
    view! {
        <div class="results">
            <h2>"Errors" " " <span class="faint">{title}</span></h2>
            {move || (!has_open_group.get()).then(|| course(state, page.asked.get_value()))}
            {nothing}
            <For each=listed key=String::clone children=move |signature| group(page, signature)/>
            {more}
            {move || unreadable_objects(&unreadable.read(), &page.route.read())}
            {case(state)}
        </div>
    }
    .into_any()
}

/// Tells that none of the shown cases has failed, and how many others have.
fn none_failed(page: ErrorsPage) -> AnyView {
    let counts = page.state.data.counts().get();
    let (elsewhere, withdrawn) = counts.map_or((0, 0), |counts| (counts.failed_elsewhere, counts.withdrawn));
    if elsewhere == 0 {
        let words = match withdrawn {
            0 => "No case has failed.".to_owned(),
            _ => format!("No case has failed that counts; {} withdrawn.", counted(withdrawn, "case is", "cases are")),
        };
        return words.into_any();
    }
    let others = page.route.read().of(BatchChoice::All);
    view! { {format!("None in this batch; {elsewhere} in others. ")}<a href=others.to_string()>"Show all batches"</a> }
        .into_any()
}

fn group(page: ErrorsPage, signature: String) -> AnyView {
    let of_route = signature.clone();
    let is_open = Memo::new(move |_| page.route.read().group.as_ref() == Some(&of_route));
    let target = {
        let signature = signature.clone();
        move || {
            let route = page.route.get();
            Route { group: (!is_open.get()).then(|| signature.clone()), ..route }.to_string()
        }
    };
    let head = {
        let signature = signature.clone();
        move || {
            page.failures.with(|failures| {
                let own = failures.group(&signature)?;
                let pools = page.state.data.with_untracked(|store| failures.pools(store, &own));
                Some(head(&own, &failures.workers, failures.rows.len(), pools, Date::now() / 1000.0))
            })
        }
    };
    let body = move || is_open.get().then(|| open_group(page, &signature));
    view! {
        <article class="group">
            <a class="group__head" href=target aria-expanded=move || is_open.get().to_string()>{head}</a>
            {body}
        </article>
    }
    .into_any()
}

fn open_group(page: ErrorsPage, signature: &str) -> AnyView {
    let named = Memo::new(move |_| page.named_cases());
    let shown = Memo::new(move |_| {
        let named = named.read();
        let picked = page.picked.get().filter(|case| named.contains(case));
        picked.or_else(|| named.first().cloned())
    });
    let of_case = move |case: &CaseRef| {
        page.documents.with(|read| read.iter().find(|(own, _)| own == case).map(|(_, read)| read.clone()))
    };
    let one = move |case: CaseRef| {
        let id = format!("{} of {}", case.1, case.0);
        let own = case.clone();
        let document = {
            let case = case.clone();
            Memo::new(move |_| of_case(&case).and_then(Result::ok))
        };
        let words = {
            let case = case.1.to_string();
            move || {
                document.with(|read| read.as_ref().map_or_else(|| case.clone(), |read| inputs(read, input_words::line)))
            }
        };
        let title = move || {
            document.with(|read| match read {
                Some(read) => format!("{} · {id}", inputs(read, exact_line)),
                None => id.clone(),
            })
        };
        let is_shown = move || (shown.read().as_ref() == Some(&own)).to_string();
        let pick = move |_| page.picked.set(Some(case.clone()));
        view! { <button class="chip" title=title aria-pressed=is_shown on:click=pick>{words}</button> }
    };
    let all = {
        let signature = signature.to_owned();
        Memo::new(move |_| {
            page.failures.with(|failures| {
                let own = failures.group(&signature);
                own.iter().flat_map(ErrorGroup::cases).filter_map(|case| failures.row(&case)).collect::<Vec<usize>>()
            })
        })
    };
    let more = move || {
        let more = all.read().len().saturating_sub(named.read().len());
        let show_more = move |_| page.named.update(|named| *named += CASES_AT_A_TIME);
        (more > 0).then(|| {
            let words = format!("Show {} of {more} more", more.min(CASES_AT_A_TIME));
            view! { <button class="chip" on:click=show_more>{words}</button> }
        })
    };
    let told = move || {
        let case = shown.get()?;
        Some(match of_case(&case)? {
            Ok(document) => failure(page, &document),
            Err(problem) => problem_note(problem),
        })
    };
    let condition =
        FilterCondition::OneOf { column: ColumnId::Case(CaseField::Signature), values: vec![signature.to_owned()] };
    let in_table = move || {
        let view = ResultsView {
            batches: page.route.read().batches.clone(),
            selection: RowFilter { conditions: vec![condition.clone()] },
            ..ResultsView::default()
        };
        view.fragment(Page::Cases)
    };
    view! {
        <div class="group__body">
            <div class="group__actions">{steering(page.state, all, page.asked.get_value())}<a href=in_table>"Show them on the Cases page"</a></div>
            <div class="group__cases" role="group" aria-label="Cases of this group">
                <For each=move || named.get() key=CaseRef::clone children=one/>
                {more}
            </div>
            {told}
            {contrast(page.state, all)}
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
fn model_version(page: ErrorsPage, document: &ErrorDocument) -> Option<String> {
    let row = page.failures.with_untracked(|failures| failures.row(&(document.batch.clone(), document.case_id)))?;
    page.state.data.with_untracked(|store| text(store, CaseField::Model, row).map(str::to_owned))
}

fn failure(page: ErrorsPage, document: &ErrorDocument) -> AnyView {
    let took = duration(document.end_time - document.start_time);
    let level = if document.level > 0 { format!(", level {}", document.level) } else { String::new() };
    let batch = format!("{}{level}", document.batch);
    let version = model_version(page, document).map(|name| ("Model", name));
    let facts = [
        ("Case", document.case_id.to_string()),
        ("Batch", batch),
        ("Worker", document.computer.clone()),
        ("Attempt", format!("{} of {}, failed after {took}", document.attempt, document.max_attempts)),
        ("When", exact_time(document.end_time)),
        ("Inputs", inputs(document, exact_line)),
    ];
    let facts: Vec<_> = facts.into_iter().chain(version).map(|(name, fact)| (name.to_owned(), fact)).collect();
    let log = visible_lines(document.log.trim());
    let log = (!log.is_empty()).then(|| {
        view! { <details><summary>"What it printed"</summary><pre class="trace" tabindex="0">{log.clone()}</pre></details> }
    });
    let case = (document.batch.clone(), document.case_id);
    let open = move |_| {
        let row = page.failures.with_untracked(|failures| failures.row(&case));
        page.state.opened.set(row);
    };
    view! {
        {fact_list(&facts)}
        <p class="group__open"><button on:click=open>"Open the case"</button></p>
        <pre class="trace" tabindex="0" role="region" aria-label="Traceback">{visible_lines(&document.traceback)}</pre>
        {log}
    }
    .into_any()
}

fn fact_list(facts: &[(String, String)]) -> AnyView {
    let fact = |(name, fact): &(String, String)| view! { <dt>{name.clone()}</dt><dd>{fact.clone()}</dd> };
    view! { <dl class="facts">{facts.iter().map(fact).collect_view()}</dl> }.into_any()
}

/// Draws the list of objects that aren't what their keys say, so that nothing is passed over in silence.
fn unreadable_objects(objects: &[(String, String)], route: &Route) -> Option<AnyView> {
    // An object that isn't below a batch is shown with every batch.
    let is_here = |key: &str| {
        key.strip_prefix(DATA_PREFIX).zip(route.batches.one()).is_none_or(|(path, batch)| batch.contains(path))
    };
    let shown: Vec<_> = objects.iter().filter(|(key, _)| is_here(key)).cloned().collect();
    if shown.is_empty() {
        return None;
    }
    let section = view! {
        <h2>"Objects that can't be read"</h2>
        <p>"Something else than Cruncher wrote them, or a write was cut off. They are left out of every figure."</p>
        {fact_list(&shown)}
    };
    Some(section.into_any())
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
