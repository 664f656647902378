//! Menu of the downloads.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use cruncher_backend::fetch::archive::MAX_CASES;
use cruncher_browser::components::problem_note::problem_note;
use cruncher_browser::state::problem::PageProblem;
use cruncher_browser::state::route::BatchChoice;
use cruncher_browser::{address, frozen};
use cruncher_results::column_id::ColumnId;
use cruncher_results::export::csv::{CsvLayout, TextFormat, TimeFormat};
use cruncher_results::store::ResultStore;
use cruncher_study::number_format::{counted, thousands};
use futures::FutureExt;
use futures::future::{AbortHandle, Abortable};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::copy::copy_button;
use super::files::{DownloadFile, DownloadRequest, ExportedCases};
use super::freeze::freeze;
use super::results_state::{ResultsState, SelectedRows};
use crate::state::export::{ExportContents, MatrixColumns};

/// Words after the address was copied.
const LINK_COPIED: &str = "Copied, without a key: whoever opens it needs the study's link, too";

/// State of the menu: the reader's choices, and the download that is being made.
#[derive(Clone, Copy)]
struct Menu {
    state: ResultsState,
    /// `None` as long as nobody chose: then the selection is taken, if there is one.
    which: RwSignal<Option<ExportedCases>>,
    omitted: RwSignal<BTreeSet<ColumnId>>,
    /// Whether names of columns in the table are without units, times seconds, and texts as they are.
    is_plain: RwSignal<bool>,
    is_in_secs: RwSignal<bool>,
    is_exact: RwSignal<bool>,
    /// Progress of the download that is being made, or the outcome of the last one.
    said: RwSignal<Option<String>>,
    /// Download that is being made.
    making: RwSignal<Option<Making>>,
    /// Words for a download that is stopped.
    stopped: StoredValue<&'static str>,
    /// Reason why the study couldn't be frozen.
    problem: RwSignal<Option<PageProblem>>,
}

/// Download that the menu offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DownloadOffer {
    /// A file of the cases.
    File(DownloadFile),
    /// The whole study in one document.
    Study,
}

/// Download that is being made, and the handle that ends it.
#[derive(Clone)]
struct Making {
    offer: DownloadOffer,
    stop: AbortHandle,
}

const STOPPED: &str = "Stopped: nothing is saved.";

/// Draws the menu, the button that copies the address, and what else can be done with the results.
pub(super) fn downloads(state: ResultsState, others: Option<AnyView>) -> AnyView {
    let menu = Menu {
        state,
        which: RwSignal::new(None),
        omitted: RwSignal::default(),
        is_plain: RwSignal::new(false),
        is_in_secs: RwSignal::new(false),
        is_exact: RwSignal::new(false),
        said: RwSignal::new(None),
        making: RwSignal::new(None),
        stopped: StoredValue::new(STOPPED),
        problem: RwSignal::new(None),
    };
    // Rows of other batches have other places.
    Effect::new(move |before: Option<BatchChoice>| {
        let batches = state.batches.get();
        if before.is_some_and(|before| before != batches) {
            menu.leave_rows("Stopped: another batch is shown.");
        }
        batches
    });
    on_cleanup(move || menu.leave_rows(STOPPED));
    let link = move || {
        // The address lacks what was typed a moment ago.
        state.write_address();
        address::url_of_view()
    };
    view! {
        <div class="results__actions">
            {frozen::label().is_none().then(|| copy_button("Copy link", "Copy link: the address of what is shown, without the key", LINK_COPIED, link))}
            {others}
            {super::menu::menu("Download", move || menu.body())}
        </div>
    }
    .into_any()
}

impl Menu {
    /// Returns the request for this selection, as the reader has chosen.
    fn wanted(self, selected: SelectedRows) -> DownloadRequest {
        let has_selection = selected.mask.is_some();
        let which = self.which.get().filter(|which| has_selection || *which == ExportedCases::All);
        let default = if has_selection { ExportedCases::Selected } else { ExportedCases::All };
        let (which, omitted) = (which.unwrap_or(default), self.omitted.get());
        DownloadRequest { state: self.state, which, selected, omitted, layout: self.layout() }
    }

    fn layout(self) -> CsvLayout {
        CsvLayout {
            units: if self.is_plain.get() { BTreeMap::new() } else { self.state.designed.get().units },
            times: if self.is_in_secs.get() { TimeFormat::Secs } else { TimeFormat::Iso },
            texts: if self.is_exact.get() { TextFormat::Exact } else { TextFormat::Guarded },
        }
    }

    /// Draws the choices of the table's layout.
    fn table_choices(self) -> AnyView {
        let check = |of: RwSignal<bool>, words: &'static str| {
            let change = move |event| of.set(event_target_checked(&event));
            view! { <label class="menu__check"><input type="checkbox" prop:checked=of on:change=change/>{words}</label> }
        };
        let has_units = Memo::new(move |_| !self.state.designed.read().units.is_empty());
        view! {
            <fieldset class="menu__choices">
                <legend>"In the table"</legend>
                {move || has_units.get().then(|| check(self.is_plain, "names of factors without their units"))}
                {check(self.is_in_secs, "times in seconds since 1970")}
                {check(self.is_exact, "texts as they are, also formulas")}
            </fieldset>
        }
        .into_any()
    }

    fn body(self) -> AnyView {
        let contents = Memo::new(move |_| self.wanted(self.state.settled.get()).contents());
        let snippet = move || contents.read().snippet();
        let command = move || {
            let contents = contents.read();
            let study = if contents.study.is_empty() { "STUDY" } else { &contents.study };
            let batch = contents.batch.as_ref().map_or_else(String::new, |batch| format!(" --batch {batch}"));
            format!("cruncher results {study}{batch} --table {}.csv", contents.whole_name())
        };
        view! {
            {self.cases()}
            {self.responses()}
            {self.table_choices()}
            <ul class="menu__files">
                {self.file(DownloadFile::Table, "Table, CSV", move || table_size(self.state, &contents.read()))}
                {self.file(DownloadFile::Factors, "X: factors, NPY", move || size(&contents.read(), &contents.read().factors))}
                {self.file(DownloadFile::Responses, "Y: responses, NPY", move || size(&contents.read(), &contents.read().responses))}
                {self.file(DownloadFile::Archive, "Everything, ZIP", move || format!("{}.zip", contents.read().file_name()))}
            </ul>
            <p class="menu__said" role="status">{move || self.said.get()}</p>
            {move || self.problem.get().map(problem_note)}
            <p class="faint">{move || in_archive(&contents.read())}</p>
            {move || lost("X", &contents.read().factors)}
            {move || lost("Y", &contents.read().responses)}
            {frozen::label().is_none().then(|| self.whole())}
            <details>
                <summary>"Read the ZIP in Python"</summary>
                <pre class="trace" tabindex="0" role="region" aria-label="How Python reads it">{snippet}</pre>
                {copy_button("Copy", "Copy these lines", "Copied", move || untrack(snippet))}
            </details>
            <p class="faint">"The command line writes the table too: " <code>{command}</code></p>
        }
        .into_any()
    }

    fn cases(self) -> AnyView {
        let choice = move |which: ExportedCases, words: Signal<String>| {
            let is_it = move || self.wanted(self.state.settled.get()).which == which;
            let is_possible = move || which == ExportedCases::All || self.state.selected.read().mask.is_some();
            view! {
                <label class="menu__check">
                    <input
                        type="radio" name="download-cases" prop:checked=is_it disabled=move || !is_possible()
                        on:change=move |_| self.which.set(Some(which))
                    />
                    {words}
                </label>
            }
        };
        let selected = Signal::derive(move || {
            let selected = self.state.selected.read();
            let nothing = || "selected: nothing is".to_owned();
            selected.mask.as_ref().map_or_else(nothing, |_| format!("selected, {}", thousands(selected.count as u64)))
        });
        let all = Signal::derive(move || format!("all, {}", thousands(self.state.data.with(ResultStore::len) as u64)));
        view! {
            <fieldset class="menu__choices">
                <legend>"Cases"</legend>
                {choice(ExportedCases::Selected, selected)}
                {choice(ExportedCases::All, all)}
            </fieldset>
        }
        .into_any()
    }

    /// Draws the choice of the responses that are columns of Y.
    fn responses(self) -> AnyView {
        let has_number = |column: &cruncher_results::store::StoreColumn| column.statistics().numbers > 0;
        let ids = Memo::new(move |_| {
            self.state.data.with(|store| {
                store.responses().filter(|(_, column)| has_number(column)).map(|(id, _)| id.clone()).collect::<Vec<_>>()
            })
        });
        let one = move |id: ColumnId| {
            let name = id.name().to_owned();
            let shown = id.clone();
            let is_taken = move || !self.omitted.read().contains(&shown);
            let change = move |_| {
                self.omitted.update(|omitted| {
                    if !omitted.remove(&id) {
                        omitted.insert(id.clone());
                    }
                });
            };
            view! { <label class="menu__check"><input type="checkbox" prop:checked=is_taken on:change=change/>{name}</label> }
        };
        let boxes = move || ids.get().into_iter().map(one).collect::<Vec<_>>();
        view! {
            <fieldset class="menu__choices menu__responses">
                <legend>"Responses in Y"</legend>
                {boxes}
            </fieldset>
        }
        .into_any()
    }

    fn file(self, file: DownloadFile, words: &'static str, size: impl Fn() -> String + Send + 'static) -> AnyView {
        let begin = move || {
            let wanted = untrack(|| self.wanted(self.state.selected.get()));
            self.begin(DownloadOffer::File(file), "Preparing …", async move {
                Ok(match wanted.make(file, self.teller()).await {
                    Ok(lacks) => {
                        ["The browser saves it.".to_owned()].into_iter().chain(lacks).collect::<Vec<_>>().join(" ")
                    }
                    Err(error) => format!("{error}. Select fewer cases, or take the table."),
                })
            });
        };
        view! {
            <li class="menu__file">
                {self.button(DownloadOffer::File(file), words, begin)}
                <span class="faint">{size}</span>
            </li>
        }
        .into_any()
    }

    /// Draws the offer of the whole study in one file.
    fn whole(self) -> AnyView {
        let begin = move || self.begin(DownloadOffer::Study, "Reading the study …", freeze(self.state, self.teller()));
        view! {
            <div class="menu__whole">
                {self.button(DownloadOffer::Study, "The whole study, one HTML file", begin)}
                <p class="faint">
                    "This page with all cases, as they are now. It opens for ever, without a key and from a disk too."
                </p>
            </div>
        }
        .into_any()
    }
}

impl Menu {
    /// Draws the one button that begins a download and ends it.
    fn button(self, offer: DownloadOffer, words: &'static str, begin: impl Fn() + 'static) -> AnyView {
        let is_this = move || self.making.read().as_ref().is_some_and(|making| making.offer == offer);
        let is_disabled = move || self.making.read().is_some() && !is_this();
        let press = move |_| match self.making.get_untracked() {
            Some(making) if making.offer == offer => making.stop.abort(),
            Some(_) => {}
            None => begin(),
        };
        let label = move || if is_this() { "Stop" } else { words };
        view! { <button aria-disabled=move || is_disabled().to_string() on:click=press>{label}</button> }.into_any()
    }

    /// Begins a download, and shows its outcome when it is over.
    fn begin(
        self,
        offer: DownloadOffer,
        said: &str,
        made: impl Future<Output = Result<String, PageProblem>> + 'static,
    ) {
        let (stop, registration) = AbortHandle::new_pair();
        self.making.set(Some(Making { offer, stop }));
        self.stopped.set_value(STOPPED);
        self.problem.set(None);
        self.said.set(Some(said.to_owned()));
        spawn_local(Abortable::new(made, registration).map(move |made| {
            let (said, problem) = match made {
                Ok(Ok(said)) => (Some(said), None),
                Ok(Err(problem)) => (None, Some(problem)),
                Err(_) => (self.stopped.try_get_value().map(str::to_owned), None),
            };
            // The menu may be gone by now.
            let _ = (self.said.try_set(said), self.problem.try_set(problem), self.making.try_set(None));
        }));
    }

    /// Returns a function that shows the progress of a download.
    fn teller(self) -> Rc<impl Fn(String) + 'static> {
        Rc::new(move |said: String| {
            if self.said.with_untracked(|before| before.as_ref() != Some(&said)) {
                self.said.set(Some(said));
            }
        })
    }

    /// Stops a download that is made of the rows: it would go on with other ones.
    fn leave_rows(self, why: &'static str) {
        let making = self.making.try_get_untracked().flatten();
        if let Some(making) = making.filter(|making| making.offer != DownloadOffer::Study) {
            self.stopped.set_value(why);
            making.stop.abort();
        }
    }
}

fn table_size(state: ResultsState, contents: &ExportContents) -> String {
    let columns = state.data.with(|store| cruncher_results::export::csv::CsvTable::new(store).columns().len());
    format!("{} × {columns} columns", counted(contents.cases as u64, "row", "rows"))
}

fn size(contents: &ExportContents, columns: &MatrixColumns) -> String {
    let columns = counted(columns.taken.len() as u64, "column", "columns");
    format!("{} × {columns}", counted(contents.done as u64, "row", "rows"))
}

/// Tells the content of the archive, and what it lacks.
fn in_archive(contents: &ExportContents) -> String {
    let most = if contents.cases > MAX_CASES { format!("{} and ", thousands(MAX_CASES as u64)) } else { String::new() };
    // A frozen study has no models.
    let (models, no_models) = if frozen::label().is_none() { (", models", "") } else { ("", " and models") };
    format!(
        "In the ZIP: table, X, Y, errors, designs{models}, and the cases' documents with their curves, up to {most}64 MiB. Not in it: \
         files that cases produced{no_models}."
    )
}

fn lost(of: &str, columns: &MatrixColumns) -> Option<AnyView> {
    let words = columns.lost(of).join(" ");
    (!words.is_empty()).then(|| view! { <p class="faint">{words}</p> }.into_any())
}
