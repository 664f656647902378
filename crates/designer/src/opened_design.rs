//! Designs that are opened: from a file, or as they were submitted.

use std::sync::Arc;

use cruncher_study::design::{DesignFile, ModelFile};
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
use super::form::{model, table};
use crate::state::draft::{DesignDraft, PointsSource};

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
                take_design(state, &design, &name);
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

fn take_design(state: DesignState, design: &DesignFile, name: &str) {
    let before = (state.draft.get_untracked(), state.model.get_untracked());
    let ModelFile { file, text, .. } = &design.model;
    let held = text.as_ref().map(|text| ModelText { name: file.clone(), content: Arc::from(text.as_bytes()) });
    // If the file only names its model, the model that was chosen here stays, if it is of that kind.
    let is_folder = design.model.kind == ModelKind::Bundle;
    let model = held.or_else(|| before.1.clone()).filter(|model| model.is_folder() == is_folder);
    let named = if is_folder { file.clone() } else { String::new() };
    let name_of_model = model.as_ref().map_or(named, |model| model.name.clone());
    let draft = DesignDraft { model: name_of_model, ..DesignDraft::of(design) };
    let model = if draft.is_command() { None } else { model };
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
    model: Result<String, String>,
    script: Option<Result<String, String>>,
) {
    let mut file = design.design_file();
    let name = design.model.label();
    let with = match &model {
        Ok(_) => format!("with {name} as it was sent"),
        Err(reason) => format!("without its model: {reason}. Choose {name} as it was, or its cases are new ones"),
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
    let is_without = model.is_err();
    file.model.text = model.ok();
    take_design(state, &file, "");
    if is_without {
        // A file of the same name that was chosen before may be another one.
        choose_model(state, None);
    }
}
