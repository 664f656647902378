//! Menu by which an operator extracts again: a script is chosen, what will happen is said, and then it is sent.

use std::sync::Arc;

use cruncher_backend::enqueue::EnqueueError;
use cruncher_backend::enqueue::extract::{ExtractModel, ExtractPreflight, extract, extract_preflight};
use cruncher_backend::fetch::submitted::submitted_model;
use cruncher_browser::components::problem_note::problem_note;
use cruncher_browser::designer;
use cruncher_browser::state::problem::PageProblem;
use cruncher_study::batch::Batch;
use cruncher_study::model::{MAX_MODEL_BYTES, ModelKind, ModelReference};
use cruncher_study::number_format::{counted, thousands};
use cruncher_study::shown_text::visible;
use cruncher_study::template::uses_name;
use js_sys::Uint8Array;
use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;
use web_sys::{DragEvent, File, HtmlInputElement};

use crate::extractions::ExtractionsState;
use crate::reading;
use crate::steering::of_retry;

/// Maximum number of scripts of earlier extractions that are offered.
const MAX_OFFERED: usize = 5;

/// A script that was chosen.
#[derive(Debug, Clone, PartialEq)]
struct Script {
    name: String,
    kind: ModelKind,
    text: Arc<str>,
}

/// How far the extraction is that is being prepared.
#[derive(Debug, Clone)]
enum ExtractCourse {
    /// No script was chosen.
    Idle,
    /// The script is read, or the study is looked at.
    Looking,
    /// This would be done.
    Ready(Arc<ExtractPreflight>),
    /// It is being sent; the number of cases that were sent so far.
    Sending(u64),
    /// It was sent, in words.
    Sent(String),
    /// It can't be done.
    Failed(PageProblem),
}

/// State of the menu.
#[derive(Clone, Copy)]
struct ExtractMenu {
    extractions: ExtractionsState,
    /// The batch from whose cases is extracted: the first of those that are shown, or the chosen one.
    chosen: RwSignal<Option<Batch>>,
    script: RwSignal<Option<Script>>,
    is_forced: RwSignal<bool>,
    course: RwSignal<ExtractCourse>,
    /// Number of the last look: an answer to an earlier one comes too late.
    asked: StoredValue<u32>,
}

/// Draws the menu. Who may only look gets none.
pub(super) fn extract_menu(extractions: ExtractionsState) -> Option<AnyView> {
    let menu = ExtractMenu {
        extractions,
        chosen: RwSignal::new(None),
        script: RwSignal::new(None),
        is_forced: RwSignal::new(false),
        course: RwSignal::new(ExtractCourse::Idle),
        asked: StoredValue::new(0),
    };
    // The choice stays as long as its batch is shown; what was said of another one is of other cases.
    Effect::new(move || {
        let batches = extractions.batches.read();
        if !menu.chosen.get_untracked().is_some_and(|batch| batches.contains(&batch)) {
            menu.chosen.set(batches.first().cloned());
            menu.look();
        }
    });
    let has_batches = Memo::new(move |_| !extractions.batches.read().is_empty());
    let shown = move || has_batches.get().then(|| super::menu::menu("Extract…", move || menu.body()));
    extractions.state.may_steer().then(|| view! { {shown} }.into_any())
}

impl ExtractMenu {
    /// Whether an extraction is being sent: nothing else is prepared until the queue has it.
    fn is_sending(self) -> bool {
        matches!(*self.course.read(), ExtractCourse::Sending(_))
    }

    fn body(self) -> AnyView {
        view! {
            <p class="faint">
                "A second script runs over the files that finished cases have left. Nothing is simulated: what it puts into "
                <code>"result"</code>" joins the case's result, in place of a value of the same name."
            </p>
            <fieldset class="extract__choice" disabled=move || self.is_sending()>
                {move || self.batches()}
                {self.place()}
                {move || self.offers()}
            </fieldset>
            {move || self.told()}
        }
        .into_any()
    }

    /// Draws the choice of a batch, if several are shown.
    fn batches(self) -> Option<AnyView> {
        let batches = self.extractions.batches.get();
        if batches.len() < 2 {
            return None;
        }
        let own = self.chosen.get();
        let option = |batch: &Batch| {
            let is_own = own.as_ref() == Some(batch);
            view! { <option value=batch.to_string() selected=is_own>{batch.to_string()}</option> }
        };
        let options: Vec<_> = batches.iter().map(option).collect();
        let choose = move |event| {
            self.chosen.set(Batch::parse(&event_target_value(&event)).ok());
            self.look();
        };
        Some(
            view! { <label class="field__label">"Batch"<select on:change=choose>{options}</select></label> }.into_any(),
        )
    }

    /// Draws the place where a script is dropped, or chosen.
    fn place(self) -> AnyView {
        let is_over = RwSignal::new(false);
        let choose = move |event: ev::Event| {
            let input: HtmlInputElement = event_target(&event);
            if let Some(file) = input.files().and_then(|files| files.get(0)) {
                self.take(file);
            }
            // An empty value lets the same file, changed meanwhile, be chosen again.
            input.set_value("");
        };
        let drop = move |event: DragEvent| {
            event.prevent_default();
            is_over.set(false);
            if untrack(|| self.is_sending()) {
                return;
            }
            if let Some(file) = event.data_transfer().and_then(|transfer| transfer.files()?.get(0)) {
                self.take(file);
            }
        };
        let over = move |event: DragEvent| {
            event.prevent_default();
            is_over.set(true);
        };
        let words = move || match &*self.script.read() {
            Some(script) => visible(&script.name),
            None => "or drop it here: extract.py".to_owned(),
        };
        view! {
            <label class="extract__place" class:extract__place--over=is_over on:drop=drop on:dragover=over on:dragleave=move |_| is_over.set(false)>
                <input class="visually-hidden" type="file" accept=".py" aria-label="Script that extracts" on:change=choose/>
                <span class="extract__choose">"Choose a script"</span>
                <span class="faint"><bdi>{words}</bdi></span>
            </label>
        }
        .into_any()
    }

    /// Offers scripts of earlier extractions.
    fn offers(self) -> Option<AnyView> {
        let found = self.extractions.found.read();
        let mut models: Vec<&ModelReference> = Vec::new();
        for extraction in found.iter().flat_map(|(_, own)| own) {
            if !models.contains(&&extraction.model) {
                models.push(&extraction.model);
            }
        }
        let offer = |model: &&ModelReference| {
            let model = (*model).clone();
            let name = visible(model.file_name());
            view! { <button class="extract__offer" on:click=move |_| self.take_earlier(model.clone())><bdi>{name}</bdi></button> }
        };
        let offers: Vec<_> = models.iter().take(MAX_OFFERED).map(offer).collect();
        (!offers.is_empty()).then(|| {
            view! { <div class="extract__offers" role="group" aria-label="Scripts of earlier extractions"><span class="faint">"or again"</span>{offers}</div> }
                .into_any()
        })
    }

    /// Tells what would be done, is done, or was.
    fn told(self) -> AnyView {
        match self.course.get() {
            ExtractCourse::Idle => ().into_any(),
            ExtractCourse::Looking => view! { <p class="faint" role="status">"Looking at the cases …"</p> }.into_any(),
            ExtractCourse::Ready(preflight) => self.summary(&preflight),
            ExtractCourse::Sending(sent) => {
                let words = match sent {
                    0 => "Sending …".to_owned(),
                    sent => format!("Sending … {} so far", counted(sent, "case", "cases")),
                };
                view! { <p role="status">{words}</p> }.into_any()
            }
            ExtractCourse::Sent(words) => view! { <p role="status">{words}</p> }.into_any(),
            ExtractCourse::Failed(problem) => problem_note(problem),
        }
    }

    fn summary(self, preflight: &ExtractPreflight) -> AnyView {
        if let Some(words) = preflight.hindrance() {
            return view! { <p class="notices__line notices__line--warning" role="status">{words}</p> }.into_any();
        }
        let line = |(count, words): (u64, &'static str)| {
            view! { <tr><td class="number">{thousands(count)}</td><td>{words}</td></tr> }
        };
        let lines: Vec<_> = preflight.lines().into_iter().map(line).collect();
        let is_silent = self.script.read().as_ref().is_some_and(|script| !uses_name(&script.text, "result"));
        let cases = preflight.cases();
        let notes = [
            (is_silent, "The script never names result: nothing of it would join the results."),
            (
                cases > 0 && preflight.is_stopped,
                "The study is paused or halted: workers take the cases when it goes on.",
            ),
            (
                preflight.waiting > 0 && preflight.skips(),
                "Of those that wait some were never sent if their sender was interrupted: a tick sends them, too.",
            ),
            (cases > 0 && preflight.workers == 0, "No worker is attached: the cases wait for one."),
        ];
        let note =
            |(_, words): (bool, &'static str)| view! { <p class="notices__line notices__line--warning">{words}</p> };
        let notes: Vec<_> = notes.into_iter().filter(|(is_so, _)| *is_so).map(note).collect();
        let force = move |event| {
            self.is_forced.set(event_target_checked(&event));
            self.look();
        };
        let force = (preflight.skips() || self.is_forced.get_untracked()).then(|| {
            view! {
                <label class="menu__check">
                    <input type="checkbox" prop:checked=self.is_forced on:change=force/>
                    "also where it is done or waits already"
                </label>
            }
        });
        let send = (cases > 0).then(|| {
            let words = format!("Extract from {} of {}", counted(cases, "case", "cases"), preflight.batch());
            view! { <button class="extract__send" on:click=move |_| self.send()>{words}</button> }
        });
        view! {
            <table class="extract__summary" aria-label="What will happen"><tbody>{lines}</tbody></table>
            {notes}
            {force}
            <div class="menu__buttons">{send}</div>
        }
        .into_any()
    }

    /// Reads a file that was chosen.
    fn take(self, file: File) {
        self.is_forced.set(false);
        let asked = self.begin();
        spawn_local(async move {
            let read = read(&file).await;
            if self.asked.try_get_value() != Some(asked) {
                return;
            }
            match read {
                Ok(text) => self.take_script(Script { name: file.name(), kind: ModelKind::Python, text: text.into() }),
                Err(problem) => self.refuse(problem),
            }
        });
    }

    /// Reads the script of an earlier extraction.
    fn take_earlier(self, model: ModelReference) {
        self.is_forced.set(false);
        let asked = self.begin();
        spawn_local(async move {
            let read = match reading::study(self.extractions.state).await {
                Ok(study) => submitted_model(&study, &model).await.map_err(|reason| PageProblem {
                    title: format!("{} can't be read.", visible(model.file_name())),
                    advice: "Choose the file itself.".into(),
                    detail: format!("{}: {reason}", model.key),
                }),
                Err(problem) => Err(problem),
            };
            if self.asked.try_get_value() != Some(asked) {
                return;
            }
            let (name, kind) = (model.file_name().to_owned(), model.kind);
            match read {
                Ok(text) => self.take_script(Script { name, kind, text: text.into() }),
                Err(problem) => self.refuse(problem),
            }
        });
    }

    /// Notes that something is looked for, and returns its number.
    fn begin(self) -> u32 {
        self.course.set(ExtractCourse::Looking);
        self.asked.update_value(|asked| *asked += 1);
        self.asked.get_value()
    }

    fn refuse(self, problem: PageProblem) {
        self.script.set(None);
        self.course.set(ExtractCourse::Failed(problem));
    }

    fn take_script(self, script: Script) {
        self.script.set(Some(script));
        self.look();
    }

    /// Looks at what the extraction would come to.
    fn look(self) {
        if untrack(|| self.is_sending()) {
            return;
        }
        let (Some(script), Some(batch)) = (self.script.get_untracked(), self.chosen.get_untracked()) else {
            self.begin();
            return self.course.set(ExtractCourse::Idle);
        };
        let (asked, is_forced) = (self.begin(), self.is_forced.get_untracked());
        spawn_local(async move {
            let found = self.preflight(&batch, &script, is_forced).await;
            if self.asked.try_get_value() == Some(asked) {
                self.course.set(match found {
                    Ok(preflight) => ExtractCourse::Ready(Arc::new(preflight)),
                    Err(problem) => ExtractCourse::Failed(problem),
                });
            }
        });
    }

    async fn preflight(self, batch: &Batch, script: &Script, is_forced: bool) -> Result<ExtractPreflight, PageProblem> {
        let study = reading::study(self.extractions.state).await?;
        let model = ExtractModel { file: &script.name, kind: script.kind, content: script.text.as_bytes() };
        extract_preflight(&study, batch, &model, is_forced).await.map_err(|error| unsent(&error))
    }

    fn send(self) {
        let (ExtractCourse::Ready(preflight), Some(script)) =
            (self.course.get_untracked(), self.script.get_untracked())
        else {
            return;
        };
        self.begin();
        self.course.set(ExtractCourse::Sending(0));
        spawn_local(async move {
            let sent = self.sent(&preflight, &script).await;
            designer::tell_sent();
            let _ = self.course.try_set(sent.map_or_else(ExtractCourse::Failed, ExtractCourse::Sent));
            self.extractions.look();
        });
    }

    async fn sent(self, preflight: &ExtractPreflight, script: &Script) -> Result<String, PageProblem> {
        let study = reading::study(self.extractions.state).await?;
        let tell = |sent| drop(self.course.try_set(ExtractCourse::Sending(sent)));
        let outcome = extract(&study, preflight, script.text.as_bytes(), "operator".to_owned(), &tell).await;
        let outcome = outcome.map_err(|error| unsent(&error))?;
        let unknown = match outcome.unknown.len() as u64 {
            0 => String::new(),
            unknown => format!(" No table names {}: their inputs aren't known.", counted(unknown, "case", "cases")),
        };
        let are = if outcome.sent == 1 { "is" } else { "are" };
        let sent = counted(outcome.sent, "case", "cases");
        let batch = preflight.batch();
        Ok(format!("{sent} of {batch} {are} in the queue, to be extracted from by {}.{unknown}", visible(&script.name)))
    }
}

fn unsent(error: &EnqueueError) -> PageProblem {
    PageProblem { title: "This can't be sent to extract.".into(), ..of_retry(error) }
}

/// Reads a script, or tells why it is none.
async fn read(file: &File) -> Result<String, PageProblem> {
    let name = visible(&file.name());
    let no_script = |title: String| {
        PageProblem {
        title,
        advice: "Choose a file in Python that reads what is in outputs/ and puts numbers into result. Other programs are sent by cruncher extract.".into(),
        detail: format!("{name}, {} bytes", file.size()),
    }
    };
    if !file.name().to_lowercase().ends_with(".py") {
        return Err(no_script(format!("{name} isn't a Python file: its name doesn't end in .py.")));
    }
    #[expect(clippy::cast_precision_loss, reason = "16 MiB")]
    if file.size() > MAX_MODEL_BYTES as f64 {
        return Err(no_script(format!("{name} is larger than the {} MiB of a script.", MAX_MODEL_BYTES >> 20)));
    }
    let buffer = JsFuture::from(file.array_buffer()).await;
    let content = buffer.map(|buffer| Uint8Array::new(&buffer).to_vec());
    let content = content.map_err(|_unread| no_script(format!("{name} can't be read by the browser.")))?;
    match String::from_utf8(content) {
        Ok(text) if text.trim().is_empty() => Err(no_script(format!("{name} is empty: it would extract nothing."))),
        Ok(text) if !text.contains('\0') => Ok(text),
        Ok(_) | Err(_) => Err(no_script(format!("{name} isn't Python: it is no text in UTF-8."))),
    }
}
