//! The model: its file, and the placeholders in it that the factors fill.

use std::sync::Arc;

use cruncher_browser::download;
use cruncher_study::import::ColumnKind;
use cruncher_study::model::{MAX_MODEL_BYTES, ModelKind};
use cruncher_study::model_document::MODEL_DOCUMENT_NAME;
use cruncher_study::number_format::counted;
use cruncher_study::shown_text::visible;
use cruncher_study::template::{self, ModelLanguage, Placeholder, UnfilledReason, decode, render};
use js_sys::Uint8Array;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use super::command_form;
use super::field::{FormComplaints, problem_line};
use super::file_drop::{folder_drop, model_drop};
use super::first_cases::tally;
use super::quoted::quoted;
use super::{folder_form, folder_reading};
use crate::design_state::{DesignState, ModelText, PreviewState, TableState};
use crate::draft_storage;
use crate::focus::{FocusPart, REVIEW, focus, focus_next_empty};
use crate::messages::{ImportedColumn, StopReason};
use crate::send_state::SendState;
use crate::sent_form::replaced_model;
use crate::state::draft::factor::FactorDraft;
use crate::state::draft::{DesignDraft, FormPlace, PointsSource};
use crate::state::excerpt::{ExcerptLine, excerpt};
use crate::state::folder::{self, main_of};
use crate::state::placeholders;
use crate::state::placeholders::{CaseInput, MisspeltInput, PlaceholderChip, PlaceholderNote};

/// Number of lines that are shown around one with values.
const LINES_AROUND: usize = 2;

/// Id of the input that the model is chosen with.
const FILE_INPUT: &str = "model-file";

/// A small model to try, for readers who have none yet.
const SMALL_MODEL_NAME: &str = "settlement.py";
const SMALL_MODEL: &str = include_str!("../../../../examples/elastic_footing/settlement.py");

/// Shows the section of the model.
pub(crate) fn section(state: DesignState) -> AnyView {
    let problem = move || {
        let read = state.model_problem.get().or_else(|| FormComplaints::of(state).at(FormPlace::Model));
        problem_line(read)
    };
    let file = move || state.model.get().map(|model| file_view(state, &model));
    let kind = Memo::new(move |_| ChosenKind::of(&state.draft.read()));
    let is_line = Memo::new(move |_| state.draft.with(|draft| draft.is_folder() && draft.folder.is_line));
    let is_command = move || kind.get() == ChosenKind::Command;
    let words = move || {
        if state.model.read().is_some() {
            "or drop another one here"
        } else {
            "or drop it here: a Python file with {{placeholders}}, or a folder"
        }
    };
    view! {
        <section class="step" id=FocusPart::Model.id() tabindex="-1" aria-labelledby="step-model">
            <h3 id="step-model">"Model"</h3>
            {move || kinds(state, kind.get())}
            {move || match kind.get() {
                ChosenKind::Command => command_form::fields(state),
                ChosenKind::File => model_drop(state, FILE_INPUT, words()),
                ChosenKind::Folder => folder_drop(state, FILE_INPUT),
            }}
            {move || folder_reading::progress(state)}
            {move || (!is_command()).then(|| if is_line.get() { problem_line(state.model_problem.get()) } else { problem() })}
            {move || missing(state)}
            {move || mending(state)}
            {move || (kind.get() == ChosenKind::File && state.model.read().is_none()).then(small_model)}
            {file}
        </section>
    }
    .into_any()
}

/// What computes a case, as it is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ChosenKind {
    File,
    Folder,
    Command,
}

impl ChosenKind {
    fn of(draft: &DesignDraft) -> Self {
        match draft.kind {
            ModelKind::CommandLine => Self::Command,
            ModelKind::Bundle => Self::Folder,
            _ => Self::File,
        }
    }

    const fn kind(self) -> ModelKind {
        match self {
            Self::File => ModelKind::Python,
            Self::Folder => ModelKind::Bundle,
            Self::Command => ModelKind::CommandLine,
        }
    }
}

/// Says that the model that the form names isn't there.
fn missing(state: DesignState) -> Option<AnyView> {
    let draft = state.draft.read();
    let is_missing = !draft.is_command() && !draft.model.is_empty() && state.model.read().is_none();
    is_missing.then(|| view! { <p class="field__problem" role="alert">{draft.missing_model_words()}</p> }.into_any())
}

/// Shows the choice between a file, a folder and a command.
fn kinds(state: DesignState, chosen: ChosenKind) -> AnyView {
    let option = |is: ChosenKind, words| {
        let press = move |_| {
            if is != chosen {
                choose_kind(state, is);
            }
        };
        view! { <button class="segments__one" aria-pressed=(is == chosen).to_string() on:click=press>{words}</button> }
    };
    view! {
        <div class="segments" role="group" aria-label="What computes a case">
            {option(ChosenKind::File, "A file")}
            {option(ChosenKind::Folder, "A folder")}
            {option(ChosenKind::Command, "A command")}
        </div>
    }
    .into_any()
}

/// Makes the model another kind. What was chosen as that kind before comes back.
fn choose_kind(state: DesignState, kind: ChosenKind) {
    folder_reading::stop(state);
    state.model_problem.set(None);
    let model = state
        .chosen
        .try_update_value(|chosen| {
            if let Some(before) = state.model.get_untracked() {
                chosen.set_aside(before);
            }
            match kind {
                ChosenKind::File => chosen.file.clone(),
                ChosenKind::Folder => chosen.folder.clone(),
                ChosenKind::Command => None,
            }
        })
        .flatten();
    state.draft.update(|draft| {
        draft.kind = kind.kind();
        draft.model = model.as_ref().map(|model| model.name.clone()).unwrap_or_default();
    });
    state.model.set(model.clone());
    // A model of another kind stays kept until something takes its place: its reader may come back to it.
    if let Some(model) = model {
        spawn_local(async move { draft_storage::keep_model(state, Some(&model)).await });
    }
}

/// Keeps the model equal to the command that is typed.
pub(crate) fn follow_command(state: DesignState) {
    let typed = Memo::new(move |_| {
        let draft = state.draft.read();
        draft.is_command().then(|| draft.command.read().ok().map(|document| document.content()))
    });
    Effect::new(move || {
        let Some(content) = typed.get() else { return };
        if state.draft.with_untracked(|draft| draft.model != MODEL_DOCUMENT_NAME) {
            state.draft.update(|draft| MODEL_DOCUMENT_NAME.clone_into(&mut draft.model));
        }
        let model = content.map(ModelText::of_command);
        if *state.model.read_untracked() != model {
            state.model_problem.set(None);
            state.model.set(model);
        }
    });
}

/// Shows how a model returns results, and a model to try.
fn small_model() -> AnyView {
    let save = |_| download::save(SMALL_MODEL_NAME, "text/x-python", &SMALL_MODEL.into());
    view! {
        <p class="faint">
            "What it computes it returns by " <code>"result[\"name\"] = value"</code> ". "
            <button class="quiet" on:click=save>"Download a small model to try"</button>
        </p>
    }
    .into_any()
}

/// Shows the next step if the first cases revealed a problem with the model.
fn mending(state: DesignState) -> Option<AnyView> {
    let first = state.reports.first.read();
    let is_held = matches!(&*state.sending.read(), SendState::Stopped(_, StopReason::Held));
    if !is_held || !tally(&first).has_trouble() {
        return None;
    }
    if state.model.read().is_some() && replaced_model(state).is_some() {
        let button = view! { <button on:click=|_| focus(REVIEW)>"Go on to review and send"</button> };
        return Some(view! { <p class="actions">{button}</p> }.into_any());
    }
    let mend = state.draft.read().mending_words();
    let words = format!("{mend}; then review and send: the first {} run again with it.", first.len());
    Some(view! { <p class="faint">{words}</p> }.into_any())
}

/// Focuses the place where the model is chosen.
pub(crate) fn show_place() {
    focus(FILE_INPUT);
}

/// Reads a file as the model. Returns whether it is one; if not, the form shows the reason.
pub(crate) async fn read_model(state: DesignState, file: &File) -> bool {
    let is_wanted = folder_reading::begin(state);
    let read = read(file).await;
    if !is_wanted() {
        return false;
    }
    match read {
        Ok(model) => {
            state.model_problem.set(None);
            set_model(state, model.clone());
            draft_storage::keep_model(state, Some(&model)).await;
            true
        }
        Err(problem) => {
            state.model_problem.set(Some(problem));
            false
        }
    }
}

/// Takes a model, and names the batch after it if it has no name yet.
pub(crate) fn set_model(state: DesignState, model: ModelText) {
    state.draft.update(|draft| {
        draft.model.clone_from(&model.name);
        match (model.is_folder(), draft.kind) {
            (true, _) => draft.kind = ModelKind::Bundle,
            (false, ModelKind::CommandLine | ModelKind::Bundle) => draft.kind = ModelKind::Python,
            _ => {}
        }
        if draft.batch.trim().is_empty() {
            draft.batch = batch_name(&model.name);
        }
    });
    state.model.set(Some(model));
}

fn batch_name(file_name: &str) -> String {
    let stem = file_name.rsplit_once('.').map_or(file_name, |(stem, _)| stem);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let name: String = stem.chars().map(|c| if is_plain(c) { c } else { '-' }).collect();
    name.trim_matches(['-', '_']).to_owned()
}

async fn read(file: &File) -> Result<ModelText, String> {
    let name = file.name();
    #[expect(clippy::cast_precision_loss, reason = "a power of 2")]
    if file.size() > MAX_MODEL_BYTES as f64 {
        return Err(format!("{name} is larger than {} MiB: that is no model file.", MAX_MODEL_BYTES >> 20));
    }
    let buffer = JsFuture::from(file.array_buffer()).await;
    let buffer = buffer.map_err(|_gone| format!("{name} can't be read: was it moved or deleted?"))?;
    let content = Uint8Array::new(&buffer).to_vec();
    decode(&content).map_err(|error| format!("{name} can't be a model: {error}."))?;
    Ok(ModelText { name, content: Arc::from(content) })
}

fn file_view(state: DesignState, model: &ModelText) -> AnyView {
    let sources = sources(state, model);
    if state.draft.read().is_command() {
        return matching(state, &sources);
    }
    if let Some(index) = state.folder().get() {
        return view! { {folder_form::view(state, model, &index)} {matching(state, &sources)} }.into_any();
    }
    let size = counted(model.content.len() as u64, "byte", "bytes");
    // A command returns a file, which its text need not name.
    let is_python = state.draft.read().kind == ModelKind::Python;
    let returns_nothing = is_python && sources.iter().all(|source| !template::uses_name(&source.text, "result"));
    let returns_nothing = returns_nothing.then(|| {
        view! {
            <p class="field__warning">
                "It seems to return nothing: put what it computes into " <code>"result"</code> ", as in "
                <code>"result[\"name\"] = value"</code> "."
            </p>
        }
    });
    view! {
        <p class="model"><strong>{model.name.clone()}</strong> <span class="faint">{size}</span></p>
        {matching(state, &sources)}
        {returns_nothing}
    }
    .into_any()
}

/// A text of the model in which placeholders are filled.
struct ModelSource {
    /// Its path, if it is one of a folder's files.
    path: Option<String>,
    text: String,
    language: ModelLanguage,
    /// Whether it is a command line.
    is_line: bool,
    found: Vec<Placeholder>,
}

impl ModelSource {
    fn new(path: Option<String>, text: String, language: ModelLanguage, is_line: bool) -> Self {
        let found = template::placeholders(&text, language);
        Self { path, text, language, is_line, found }
    }

    /// Returns words about it, with its path in front if it has one.
    fn told(&self, words: &str) -> String {
        self.path.as_ref().map_or_else(|| words.to_owned(), |path| format!("{path}: {words}"))
    }
}

/// Returns the texts of the model that have its placeholders. Those of a folder that can't be read are named at its place.
fn sources(state: DesignState, model: &ModelText) -> Vec<ModelSource> {
    let draft = state.draft.read();
    let Some(index) = state.folder().get() else {
        // It was checked when the file was chosen, or the command typed.
        let text = template::template_of(&model.content, draft.kind).unwrap_or_default().into_owned();
        return vec![ModelSource::new(None, text, ModelLanguage::of(draft.kind, &model.name), draft.is_command())];
    };
    let Ok(document) = index.document(&draft) else { return Vec::new() };
    let line = document.command_line();
    let line = line.map(|(line, _)| ModelSource::new(None, line.to_owned(), ModelLanguage::Other, true));
    let paths = main_of(&document).into_iter().chain(document.templates);
    let texts = paths.filter_map(|path| {
        let text = index.text(&model.content, &path).ok()?;
        let language = folder::language(&path);
        Some(ModelSource::new(Some(path), text, language, false))
    });
    line.into_iter().chain(texts).collect()
}

/// Returns the reason why every case of the form would fail, if that is certain.
pub(crate) fn certain_failure(state: DesignState) -> Option<String> {
    let model = state.model.get()?;
    let cases = match &*state.preview.read() {
        PreviewState::Ready(picture) => Some(picture.cases as u64),
        _ => None,
    };
    let inputs = inputs(state)?;
    let failure = |source: &ModelSource| {
        placeholders::certain_failure(&source.found, &inputs, cases).map(|words| source.told(&words))
    };
    sources(state, &model).iter().find_map(failure)
}

/// Shows the placeholders with their factors, the factors without a placeholder, and the placeholders outside of code.
fn matching(state: DesignState, sources: &[ModelSource]) -> AnyView {
    if sources.is_empty() {
        return ().into_any();
    }
    let found: Vec<Placeholder> = sources.iter().flat_map(|source| source.found.iter().cloned()).collect();
    let has_line = sources.iter().any(|source| source.is_line);
    let none = found.is_empty().then(|| {
        let place = if has_line { "parameters.json" } else { "parameters[\"name\"]" };
        let words =
            format!("It has no placeholder: write {{{{name}}}} where a value of the case belongs, or read {place}.");
        view! { <p class="field__warning">{words}</p> }
    });
    let inputs = inputs(state);
    // The names in a table that can't be read aren't known.
    let known = inputs.as_deref().unwrap_or_default();
    let list = |source: &ModelSource| {
        // A command is one line.
        let view_of = |one: &PlaceholderChip| {
            let told = if inputs.is_some() { chip_state(one) } else { ("chips__one", "○", "waits for the table") };
            chip(one, !source.is_line, told)
        };
        let chips: Vec<_> = placeholders::chips(&source.found, known).iter().map(view_of).collect();
        let path = source.path.clone().map(|path| view! { <span class="faint">{visible(&path)}</span> });
        let name = source.told("Placeholders");
        (path.is_none() || !chips.is_empty()).then(|| {
            let list = view! { <ul class="chips" aria-label=name>{chips}</ul> };
            view! { <div class="sources__one">{path}{list}</div> }
        })
    };
    let lists: Vec<_> = sources.iter().map(list).collect();
    let Some(inputs) = &inputs else { return view! { {lists} {none} }.into_any() };
    let wrong: Vec<_> = sources
        .iter()
        .flat_map(|source| placeholders::chips(&source.found, inputs))
        .filter_map(|chip| wrong_component(&chip))
        .collect();
    let misspelt = placeholders::misspelt(&found, inputs);
    let is_misspelt = |name: &&str| misspelt.iter().any(|pair| pair.input == *name);
    let mut unused = placeholders::unused(&found, inputs);
    unused.retain(|name| !is_misspelt(name));
    let unused = (!unused.is_empty() && !found.is_empty()).then(|| {
        let names = unused.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let place = if has_line { "from parameters.json" } else { "as parameters[\"…\"]" };
        let words = format!("No placeholder for {names}: the model has to read it {place}.");
        view! { <p class="field__warning">{quoted(&words)}</p> }
    });
    let notes: Vec<_> = sources
        .iter()
        .flat_map(|source| {
            let told = placeholders::notes(&source.text, &source.found, inputs).into_iter();
            told.map(|one| note(PlaceholderNote { words: source.told(&one.words), ..one }))
        })
        .collect();
    view! {
        {lists}
        {none}
        {wrong}
        {misspelt.into_iter().map(|pair| rename(state, pair)).collect::<Vec<_>>()}
        {add_missing(state, placeholders::missing(&found, inputs))}
        {unused}
        {notes}
    }
    .into_any()
}

/// Returns the inputs that a case will have; `None` if they stand in a table that wasn't read.
fn inputs(state: DesignState) -> Option<Vec<CaseInput>> {
    let draft = state.draft.read();
    match (draft.source, &*state.table.read()) {
        (PointsSource::Sampler, _) => {
            let input = |factor: &FactorDraft| CaseInput {
                name: factor.name.trim().to_owned(),
                components: factor.components(),
                text: factor.text_value(),
            };
            Some(draft.factors.iter().map(input).filter(|input| !input.name.is_empty()).collect())
        }
        (PointsSource::Table, TableState::Read { table, .. }) => {
            // A vector stands in its first row as a list.
            let text = |position: usize, column: &ImportedColumn| {
                let is_text = column.kind == ColumnKind::Text.word() && column.count.is_none();
                is_text.then(|| table.first_rows.first()?.get(position).cloned()).flatten()
            };
            let input = |(position, column): (usize, &ImportedColumn)| CaseInput {
                name: column.name.clone(),
                components: column.count,
                text: text(position, column),
            };
            Some(table.columns.iter().enumerate().map(input).collect())
        }
        (PointsSource::Table, _) => None,
    }
}

/// Returns class, symbol and words for the state of a placeholder.
fn chip_state(chip: &PlaceholderChip) -> (&'static str, &'static str, &'static str) {
    match &chip.error {
        None => ("chips__one", "✓", "has a factor"),
        Some(error) if error.reason == UnfilledReason::Missing => {
            ("chips__one chips__one--missing", "✕", "has no factor")
        }
        Some(_) => ("chips__one chips__one--missing", "✕", "is no component of its factor"),
    }
}

fn chip(
    chip: &PlaceholderChip,
    has_lines: bool,
    (class, symbol, words): (&'static str, &'static str, &'static str),
) -> AnyView {
    view! {
        <li class=class>
            <span aria-hidden="true">{symbol}</span>
            <code>{chip.text.clone()}</code>
            {has_lines.then(|| view! { <span class="faint">{placeholders::lines(&chip.lines)}</span> })}
            <span class="visually-hidden">{words}</span>
        </li>
    }
    .into_any()
}

/// Shows the problem of a placeholder for a component that doesn't exist. A placeholder without a factor is marked at its chip.
fn wrong_component(chip: &PlaceholderChip) -> Option<AnyView> {
    let error = chip.error.as_ref().filter(|error| error.reason != UnfilledReason::Missing)?;
    let words = format!("{}, so every case would fail.", placeholders::fault(error));
    Some(view! { <p class="field__problem">{words}</p> }.into_any())
}

/// Offers to rename an input to the placeholder that it looks like.
fn rename(state: DesignState, pair: MisspeltInput) -> AnyView {
    let MisspeltInput { input, placeholder } = pair;
    let words = format!("`{input}` isn't in the model; `{placeholder}` is.");
    if state.draft.read().source == PointsSource::Table {
        let words = format!("{words} Rename the column in the table.");
        return view! { <p class="field__problem">{quoted(&words)}</p> }.into_any();
    }
    let label = format!("Rename it to {placeholder}");
    let press = move |_| state.draft.update(|draft| draft.rename_factor(&input, &placeholder));
    view! { <p class="actions"><span class="field__problem">{quoted(&words)}</span> <button class="primary" on:click=press>{label}</button></p> }
        .into_any()
}

fn note(note: PlaceholderNote) -> AnyView {
    let class = if note.is_warning { "field__warning" } else { "field__note" };
    view! { <p class=class>{quoted(&note.words)}</p> }.into_any()
}

fn add_missing(state: DesignState, missing: Vec<FactorDraft>) -> Option<AnyView> {
    if missing.is_empty() {
        return None;
    }
    if state.draft.read().source == PointsSource::Table {
        let names = missing.iter().map(|factor| format!("`{}`", factor.name)).collect::<Vec<_>>().join(", ");
        let words = format!("The table has no column for {names}: every case would fail.");
        return Some(view! { <p class="field__problem" role="alert">{quoted(&words)}</p> }.into_any());
    }
    let words = match missing.as_slice() {
        [one] => format!("Add the factor {}", one.name),
        several => format!("Add {} factors", several.len()),
    };
    let add = move |_| {
        state.draft.update(|draft| {
            // Rows that are still empty are replaced.
            draft.factors.retain(|factor| *factor != FactorDraft::default());
            draft.factors.extend(missing.iter().cloned());
        });
        focus_next_empty();
    };
    Some(view! { <button class="primary" on:click=add>{words}</button> }.into_any())
}

/// Shows the model with the inputs of the chosen case: the lines with values of the case, and some around them.
pub(crate) fn rendered(state: DesignState) -> Option<AnyView> {
    let (model, case) = (state.model.get()?, state.case.get()?);
    let is_shell = state.draft.read().command.is_shell;
    let is_whole = state.unfolded.read().is_whole_model;
    let reach = if is_whole { usize::MAX } else { LINES_AROUND };
    let sources = sources(state, &model);
    let has_lines = sources.iter().any(|source| !source.is_line);
    let show = |source: &ModelSource| {
        if source.is_line {
            let own = state.folder().get().and_then(|index| index.own.clone());
            let own = own.and_then(|own| own.ok()?.command_line().map(|(_, is_shell)| is_shell));
            return command_form::filled(&source.text, own.unwrap_or(is_shell), &case);
        }
        let rendered = match render(&source.text, &case, source.language) {
            Ok(rendered) => rendered.text,
            Err(error) => {
                let words = source.told(&format!("{}, so this case would fail.", placeholders::fault(&error)));
                return view! { <p class="field__problem" role="alert">{words}</p> }.into_any();
            }
        };
        let lines: Vec<_> = excerpt(&source.text, &rendered, reach).iter().map(line_view).collect();
        let path = source.path.as_ref().map(|path| view! { <p class="faint">{visible(path)}</p> });
        let name = source.told("Rendered model");
        view! { {path} <div class="trace rendered" tabindex="0" role="region" aria-label=name>{lines}</div> }.into_any()
    };
    // A file without placeholders is the same in every case.
    let is_shown = |source: &&ModelSource| sources.len() == 1 || !source.found.is_empty() || source.is_line;
    let views: Vec<_> = sources.iter().filter(is_shown).map(show).collect();
    let words = if is_whole { "Show only lines with values" } else { "Show the whole file" };
    let toggle = move |_| state.unfolded.update(|unfolded| unfolded.is_whole_model = !is_whole);
    let more = has_lines.then(|| view! { <button class="quiet" on:click=toggle>{words}</button> });
    Some(view! { {views} {more} }.into_any())
}

fn line_view(line: &ExcerptLine) -> AnyView {
    match line {
        ExcerptLine::Gap => view! { <div class="rendered__gap" aria-hidden="true">"⋯"</div> }.into_any(),
        ExcerptLine::Line { number, text, is_filled_in } => {
            let class = if *is_filled_in { "rendered__line rendered__line--filled" } else { "rendered__line" };
            view! { <div class=class><span class="rendered__number">{number.to_string()}</span><code>{text.clone()}</code></div> }
                .into_any()
        }
    }
}
