//! The model: its file, and the placeholders in it that the factors fill.

use std::borrow::Cow;
use std::sync::Arc;

use cruncher_browser::download;
use cruncher_study::import::ColumnKind;
use cruncher_study::model::{MAX_MODEL_BYTES, ModelKind};
use cruncher_study::model_document::MODEL_DOCUMENT_NAME;
use cruncher_study::number_format::counted;
use cruncher_study::template::{self, ModelLanguage, Placeholder, UnfilledReason, decode, render};
use js_sys::Uint8Array;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use super::command_form;
use super::field::{FormComplaints, problem_line};
use super::file_drop::file_drop;
use super::first_cases::tally;
use super::quoted::quoted;
use crate::design_state::{DesignState, ModelText, PreviewState, TableState};
use crate::draft_storage;
use crate::focus::{FocusPart, REVIEW, focus, focus_next_empty};
use crate::messages::{ImportedColumn, StopReason};
use crate::send_state::SendState;
use crate::sent_form::replaced_model;
use crate::state::draft::factor::FactorDraft;
use crate::state::draft::{FormPlace, PointsSource};
use crate::state::excerpt::{ExcerptLine, excerpt};
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
    let is_command = Memo::new(move |_| state.draft.read().is_command());
    let words = move || {
        if state.model.read().is_some() {
            "or drop another one here"
        } else {
            "or drop it here: a Python file with {{placeholders}}"
        }
    };
    let choose = move |file: File| {
        spawn_local(async move {
            read_model(state, &file).await;
        });
    };
    view! {
        <section class="step" id=FocusPart::Model.id() tabindex="-1" aria-labelledby="step-model">
            <h3 id="step-model">"Model"</h3>
            {move || kinds(state, is_command.get())}
            {move || if is_command.get() {
                command_form::fields(state)
            } else {
                file_drop(FILE_INPUT, "Model file", words(), ".py,.txt,text/x-python", choose)
            }}
            {move || (!is_command.get()).then(problem)}
            {move || mending(state)}
            {move || (!is_command.get() && state.model.read().is_none()).then(small_model)}
            {file}
        </section>
    }
    .into_any()
}

/// Shows the choice between a file and a command.
fn kinds(state: DesignState, is_command: bool) -> AnyView {
    let option = |kind: ModelKind, words| {
        let is_chosen = is_command == (kind == ModelKind::CommandLine);
        let press = move |_| {
            if !is_chosen {
                state.draft.update(|draft| draft.kind = kind);
            }
        };
        view! { <button class="segments__one" aria-pressed=is_chosen.to_string() on:click=press>{words}</button> }
    };
    view! {
        <div class="segments" role="group" aria-label="What computes a case">
            {option(ModelKind::Python, "A file")}
            {option(ModelKind::CommandLine, "A command")}
        </div>
    }
    .into_any()
}

/// Keeps the model equal to the command that is typed, and brings the chosen file back when it is none any more.
pub(crate) fn follow_command(state: DesignState) {
    let typed = Memo::new(move |_| {
        let draft = state.draft.read();
        draft.is_command().then(|| draft.command.read().ok().map(|document| document.content()))
    });
    Effect::new(move |was: Option<bool>| {
        let typed = typed.get();
        let (is_command, was_command) = (typed.is_some(), was.unwrap_or_default());
        if is_command {
            let before = state.model.get_untracked().filter(|model| model.name != MODEL_DOCUMENT_NAME);
            if let Some(file) = before {
                state.chosen_file.set_value(Some(file));
            }
            let content = typed.flatten();
            let model =
                content.map(|content| ModelText { name: MODEL_DOCUMENT_NAME.to_owned(), content: content.into() });
            take(state, MODEL_DOCUMENT_NAME.to_owned(), model);
        } else if was_command && state.model.get_untracked().is_none_or(|model| model.name == MODEL_DOCUMENT_NAME) {
            let file = state.chosen_file.get_value();
            take(state, file.as_ref().map(|file| file.name.clone()).unwrap_or_default(), file);
        }
        is_command
    });
}

fn take(state: DesignState, name: String, model: Option<ModelText>) {
    if state.draft.with_untracked(|draft| draft.model != name) {
        state.draft.update(|draft| draft.model = name);
    }
    if *state.model.read_untracked() != model {
        state.model_problem.set(None);
        state.model.set(model);
    }
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
    if replaced_model(state).is_some() {
        let button = view! { <button on:click=|_| focus(REVIEW)>"Go on to review and send"</button> };
        return Some(view! { <p class="actions">{button}</p> }.into_any());
    }
    let words = format!("Choose the mended file; then review and send: the first {} run again with it.", first.len());
    Some(view! { <p class="faint">{words}</p> }.into_any())
}

/// Focuses the place where the model is chosen.
pub(crate) fn show_place() {
    focus(FILE_INPUT);
}

/// Reads a file as the model. Returns whether it is one; if not, the form shows the reason.
pub(crate) async fn read_model(state: DesignState, file: &File) -> bool {
    match read(file).await {
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
        if draft.is_command() {
            draft.kind = ModelKind::Python;
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
    let size = counted(model.content.len() as u64, "byte", "bytes");
    let (code, found) = (code_of(state, model), placeholders_of(state, model));
    if state.draft.read().is_command() {
        return matching(state, &code, &found);
    }
    // A command returns a file, which its text need not name.
    let returns_nothing = state.draft.read().kind == ModelKind::Python && !template::uses_name(&code, "result");
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
        {matching(state, &code, &found)}
        {returns_nothing}
    }
    .into_any()
}

/// Returns the text of a model that has its placeholders; it was checked when the file was chosen, or the command typed.
fn code_of(state: DesignState, model: &ModelText) -> Cow<'_, str> {
    template::template_of(&model.content, state.draft.read().kind).unwrap_or_default()
}

fn language_of(state: DesignState, model: &ModelText) -> ModelLanguage {
    ModelLanguage::of(state.draft.read().kind, &model.name)
}

fn placeholders_of(state: DesignState, model: &ModelText) -> Vec<Placeholder> {
    template::placeholders(&code_of(state, model), language_of(state, model))
}

/// Returns the reason why every case of the form would fail, if that is certain.
pub(crate) fn certain_failure(state: DesignState) -> Option<String> {
    let model = state.model.get()?;
    let cases = match &*state.preview.read() {
        PreviewState::Ready(picture) => Some(picture.cases as u64),
        _ => None,
    };
    placeholders::certain_failure(&placeholders_of(state, &model), &inputs(state)?, cases)
}

/// Shows the placeholders with their factors, the factors without a placeholder, and the placeholders outside of code.
fn matching(state: DesignState, code: &str, found: &[Placeholder]) -> AnyView {
    let none = found.is_empty().then(|| {
        let place = if state.draft.read().is_command() { "parameters.json" } else { "parameters[\"name\"]" };
        let words =
            format!("It has no placeholder: write {{{{name}}}} where a value of the case belongs, or read {place}.");
        view! { <p class="field__warning">{words}</p> }
    });
    // A command is one line.
    let has_lines = !state.draft.read().is_command();
    let list = |chips: Vec<AnyView>| view! { <ul class="chips" aria-label="Placeholders">{chips}</ul> };
    let Some(inputs) = inputs(state) else {
        // The names in a table that can't be read aren't known.
        let waiting = |one: &PlaceholderChip| chip(one, has_lines, ("chips__one", "○", "waits for the table"));
        let chips = placeholders::chips(found, &[]).iter().map(waiting).collect();
        return view! { {list(chips)} {none} }.into_any();
    };
    let chips = placeholders::chips(found, &inputs);
    let wrong: Vec<_> = chips.iter().filter_map(wrong_component).collect();
    let misspelt = placeholders::misspelt(found, &inputs);
    let is_misspelt = |name: &&str| misspelt.iter().any(|pair| pair.input == *name);
    let mut unused = placeholders::unused(found, &inputs);
    unused.retain(|name| !is_misspelt(name));
    let unused = (!unused.is_empty() && !found.is_empty()).then(|| {
        let names = unused.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let place = if state.draft.read().is_command() { "from parameters.json" } else { "as parameters[\"…\"]" };
        let words = format!("No placeholder for {names}: the model has to read it {place}.");
        view! { <p class="field__warning">{quoted(&words)}</p> }
    });
    view! {
        {list(chips.iter().map(|one| chip(one, has_lines, chip_state(one))).collect())}
        {none}
        {wrong}
        {misspelt.into_iter().map(|pair| rename(state, pair)).collect::<Vec<_>>()}
        {add_missing(state, placeholders::missing(found, &inputs))}
        {unused}
        {placeholders::notes(code, found, &inputs).into_iter().map(note).collect::<Vec<_>>()}
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
    let template = &*code_of(state, &model);
    if state.draft.read().is_command() {
        return Some(command_form::filled(template, state.draft.read().command.is_shell, &case));
    }
    let rendered = match render(template, &case, language_of(state, &model)) {
        Ok(rendered) => rendered.text,
        Err(error) => {
            let words = format!("{}, so this case would fail.", placeholders::fault(&error));
            return Some(view! { <p class="field__problem" role="alert">{words}</p> }.into_any());
        }
    };
    let is_whole = state.unfolded.read().is_whole_model;
    let reach = if is_whole { usize::MAX } else { LINES_AROUND };
    let lines: Vec<_> = excerpt(template, &rendered, reach).iter().map(line_view).collect();
    let words = if is_whole { "Show only lines with values" } else { "Show the whole file" };
    let view = view! {
        <div class="trace rendered" tabindex="0" role="region" aria-label="Rendered model">{lines}</div>
        <button class="quiet" on:click=move |_| state.unfolded.update(|unfolded| unfolded.is_whole_model = !is_whole)>{words}</button>
    };
    Some(view.into_any())
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
