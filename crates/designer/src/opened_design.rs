//! Designs that are opened: from a file, or as they were submitted.

use std::sync::Arc;

use cruncher_backend::unzip::is_zip;
use cruncher_study::design::DesignFile;
use cruncher_study::design_document::DesignDocument;
use cruncher_study::import;
use cruncher_study::model::ModelKind;
use js_sys::{Array, Uint8Array};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, File};

use super::design_state::{DesignState, ModelText};
use super::draft_storage;
use super::form::{folder_reading, model, table};
use super::json_message::Parts;
use crate::state::draft::command::CommandDraft;
use crate::state::draft::{DesignDraft, PointsSource};
use crate::state::folder::{FolderDraft, UnpackedBundle};

/// Reads a design file into the form. A Python file that isn't a design becomes the model.
pub(super) fn open_file(state: DesignState, file: File) {
    state.said.set(None);
    spawn_local(async move {
        let name = file.name();
        match read_design(&file).await {
            Ok(None) if name.to_ascii_lowercase().ends_with(".py") => {
                if model::read_model(state, &file).await {
                    state.say(format!("{name} is no design file, and was taken as the model."));
                }
            }
            Ok(None) => {
                let reason = "it has no sampler; a table of cases belongs below “A table of cases”";
                state.say(format!("{name} is no design file: {reason}."));
            }
            Ok(Some(design)) => {
                let is_file = design.model.document().is_none();
                let with = design.model.text.as_ref().filter(|_| is_file);
                let with = with.map(|_| format!(" Its model {} came with it.", design.model.file));
                state.say(format!("{name} was opened.{}", with.unwrap_or_default()));
                let text = design.model.text.as_ref().filter(|_| design.model.kind != ModelKind::Bundle);
                let text = text.map(|text| text.as_bytes().into());
                let held = text.map(|content| ModelText { name: design.model.file.clone(), content });
                take_design(state, &design, &name, held.map_or(OpenedModel::Named, OpenedModel::File));
            }
            Err(reason) => state.say(format!("{name} is no design file: {reason}.")),
        }
    });
}

/// Reads the design of a file; `None` if the file is no design.
async fn read_design(file: &File) -> Result<Option<DesignFile>, String> {
    let buffer = JsFuture::from(file.array_buffer()).await;
    let buffer = buffer.map_err(|_gone| "it can't be read".to_owned())?;
    let design = import::design_file(&Uint8Array::new(&buffer).to_vec());
    design.transpose().map_err(|error| error.reason().to_owned())
}

/// A model that comes with a design that is opened.
enum OpenedModel {
    /// None: the model that was chosen here stays, if it is of that kind.
    Named,
    /// None, and none may take its place.
    Missing,
    /// A model file.
    File(ModelText),
    /// A folder, and what is run of it.
    Folder(ModelText, FolderDraft, CommandDraft),
}

fn take_design(state: DesignState, design: &DesignFile, name: &str, opened: OpenedModel) {
    let before = (state.draft.get_untracked(), state.model.get_untracked());
    let of = DesignDraft::of(design);
    let (model, said) = match opened {
        _ if of.is_command() => (design.model.document().map(|own| ModelText::of_command(own.content())), None),
        OpenedModel::Named => {
            let chosen = before.1.clone().filter(|model| !model.is_command() && model.is_folder() == of.is_folder());
            let stays = chosen.as_ref().map_or(&of.model, |model| &model.name) == &before.0.model;
            (chosen, stays.then(|| (before.0.folder.clone(), before.0.command.clone())))
        }
        OpenedModel::Missing => (None, None),
        OpenedModel::File(model) => (Some(model), None),
        OpenedModel::Folder(model, folder, command) => (Some(model), Some((folder, command))),
    };
    // A model file that isn't there has to be chosen; of a folder it is said which one.
    let named = if of.is_folder() { of.model.clone() } else { String::new() };
    let name_of_model = model.as_ref().map_or(named, |model| model.name.clone());
    let (folder, command) = said.unwrap_or_else(|| {
        let typed = if of.is_command() { &of.command } else { &before.0.command };
        (FolderDraft::default(), typed.clone())
    });
    let draft = DesignDraft { model: name_of_model, folder, command, ..of };
    let changed =
        design.factors.iter().zip(&draft.factors).find(|(factor, draft)| draft.read().as_ref() != Ok(*factor));
    if let Some((factor, _)) = changed.filter(|_| draft.source == PointsSource::Sampler) {
        let name = &factor.name;
        state.say(format!(
            "`{name}` has values that can't be typed here, so that its cases become others: send this design with `cruncher enqueue`."
        ));
    }
    state.drawn.set(Vec::new());
    state.unfolded.update(|unfolded| unfolded.factors.clear());
    let is_other_kind = |model: &ModelText| draft.is_command() || model.is_folder() != draft.is_folder();
    if let Some(model) = before.1.clone().filter(is_other_kind) {
        state.chosen.update_value(|chosen| chosen.set_aside(model));
    }
    state.replaced.set((!before.0.is_untouched()).then_some(before));
    state.draft.set(draft);
    choose_model(state, model);
    if let Some(table) = &design.table {
        let json = Uint8Array::from(table.to_json().as_slice());
        if let Ok(blob) = Blob::new_with_u8_array_sequence(&Array::of1(&json)) {
            table::read_table(state, name.to_owned(), blob);
        }
    }
}

/// Sets a model that wasn't chosen as a file, or removes it.
pub(super) fn choose_model(state: DesignState, model: Option<ModelText>) {
    folder_reading::stop(state);
    if *state.model.read_untracked() == model {
        return;
    }
    state.model_problem.set(None);
    state.model.set(model.clone());
    spawn_local(async move { draft_storage::keep_model(state, model.as_ref()).await });
}

/// Opens a design that was submitted, with its model, or without if that isn't available.
pub(super) fn take_submitted(
    state: DesignState,
    design: &DesignDocument,
    model: Result<Parts, String>,
    script: Option<Result<String, String>>,
) {
    let mut file = design.design_file();
    let of = DesignDraft::of(&file);
    let name = if of.is_command() { "a command".to_owned() } else { of.model_words() };
    let model = model.and_then(|parts| opened_model(&mut file, parts));
    let with = match &model {
        Ok(_) => format!("with {name} as it was sent"),
        Err(reason) => {
            let enter = if of.is_command() { "Type" } else { "Choose" };
            format!("without its model: {reason}. {enter} {name} as it was, or its cases are new ones")
        }
    };
    let is_table = file.sampler == cruncher_study::sampler::Sampler::Table;
    let table = if is_table { " Its points were imported: choose their table again." } else { "" };
    let mut without = String::new();
    if let (Some(combine), Some(script)) = (&mut file.combine, script) {
        if let Err(reason) = &script {
            without = format!(" The script {} that combines its batch isn't there: {reason}.", combine.file);
        }
        combine.text = script.ok();
    }
    state.say(format!("The design of {} stands below, {with}.{table}{without}", design.batch));
    // A file of the same name that was chosen before may be another one.
    take_design(state, &file, "", model.unwrap_or(OpenedModel::Missing));
}

/// Returns the model of a design that was submitted, and puts it into the design if that holds it.
fn opened_model(file: &mut DesignFile, parts: Parts) -> Result<OpenedModel, String> {
    let content = parts.first().map(|part| Uint8Array::new(part).to_vec()).unwrap_or_default();
    let name = file.model.file.clone();
    if file.model.kind == ModelKind::Bundle {
        if !is_zip(&content) {
            return Err("it is no ZIP".to_owned());
        }
        let UnpackedBundle { content, folder, command } = UnpackedBundle::of(content, &name);
        return Ok(OpenedModel::Folder(ModelText { name, content: Arc::from(content) }, folder, command));
    }
    let text = String::from_utf8(content).map_err(|_foreign| "it isn't UTF-8".to_owned())?;
    let model = ModelText { name, content: text.as_bytes().into() };
    file.model.text = Some(text);
    Ok(OpenedModel::File(model))
}
