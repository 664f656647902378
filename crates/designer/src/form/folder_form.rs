//! A folder as the model: its files, what is run of it, and in which of them placeholders are filled.

use std::sync::Arc;

use cruncher_browser::download;
use cruncher_study::model_document::ModelDocument;
use cruncher_study::number_format::{counted, size};
use cruncher_study::shown_text::visible;
use js_sys::Uint8Array;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::command_form;
use super::field::sentence;
use super::folder_reading;
use super::quoted::quoted;
use crate::design_state::{DesignState, ModelText};
use crate::draft_storage;
use crate::state::folder::{FolderDraft, FolderIndex, MAX_CHOICES, folder_name, main_of, pack};

/// Maximum number of files that are listed.
const MAX_LISTED: usize = 200;

/// Shows the folder: its files, and what is run.
pub(super) fn view(state: DesignState, model: &ModelText, index: &Arc<FolderIndex>) -> AnyView {
    let name = visible(folder_name(&model.name));
    let files = counted(index.entries.len() as u64, "file", "files");
    let facts = format!("{files}, {} packed", size(model.content.len() as u64));
    let problem = index.document(&state.draft.read()).err().filter(|_| !state.draft.read().folder.is_line);
    let problem = problem.map(|why| {
        view! { <p class="field__problem" role="alert">{quoted(&sentence(&format!("{name} can't be a model yet: {why}")))}</p> }
    });
    view! {
        <p class="model">
            <strong>{name.clone()}</strong> <span class="faint">{facts}</span>
            <button class="quiet" title="Save the folder as the one file that is sent" on:click=move |_| save(state)>"Save ZIP"</button>
            <button class="quiet" on:click=move |_| remove(state)>"Remove"</button>
        </p>
        {listed(index)}
        {match &index.own {
            Some(Ok(document)) => own(document),
            Some(Err(_)) => ().into_any(),
            None => choices(state, index),
        }}
        {problem}
    }
    .into_any()
}

fn save(state: DesignState) {
    let Some(model) = state.model.get_untracked() else { return };
    match pack(&model.content, &model.name, &state.draft.read_untracked()) {
        Ok(content) => download::save(&model.name, "application/zip", &Uint8Array::from(content.as_slice())),
        Err(problem) => state.say(format!("{problem}.")),
    }
}

fn remove(state: DesignState) {
    folder_reading::stop(state);
    state.chosen.update_value(|chosen| chosen.folder = None);
    state.model.set(None);
    state.model_problem.set(None);
    state.draft.update(|draft| {
        draft.model.clear();
        draft.folder = FolderDraft::default();
    });
    spawn_local(async move { draft_storage::keep_model(state, None).await });
}

fn listed(index: &FolderIndex) -> AnyView {
    let line = |entry: &cruncher_backend::unzip::ZipEntry| {
        view! { <li><bdi>{visible(&entry.path)}</bdi> <span class="faint">{size(entry.size_bytes)}</span></li> }
    };
    let lines: Vec<_> = index.entries.iter().take(MAX_LISTED).map(line).collect();
    let more = index.entries.len().saturating_sub(MAX_LISTED);
    let more = (more > 0)
        .then(|| view! { <li class="faint">{format!("… and {}", counted(more as u64, "more", "more"))}</li> });
    view! { <details><summary>"Its files"</summary><ul class="folder" aria-label="Files of the folder">{lines}{more}</ul></details> }
        .into_any()
}

/// Shows what the folder's own document says.
fn own(document: &ModelDocument) -> AnyView {
    let run = main_of(document).map_or_else(
        || format!("Its model.json runs a command: {}", document.command_line().map_or("", |(line, _)| line)),
        |main| format!("Its model.json runs {main}"),
    );
    let templates = document.templates.join(", ");
    let filled =
        if templates.is_empty() { String::new() } else { format!(", and fills placeholders in {templates}, too") };
    view! { <p class="faint">{format!("{}{}.", visible(&run), visible(&filled))}</p> }.into_any()
}

/// Shows the choice of what is run, and of the files that are filled.
fn choices(state: DesignState, index: &Arc<FolderIndex>) -> AnyView {
    let is_line = state.draft.read().folder.is_line;
    let option = |is: bool, words| {
        let press = move |_| state.draft.update(|draft| draft.folder.is_line = is);
        view! { <button class="segments__one" aria-pressed=(is == is_line).to_string() on:click=press>{words}</button> }
    };
    view! {
        <div class="choice">
            <span class="field__label">"Each case runs"</span>
            <div class="segments" role="group" aria-label="What is run of the folder">
                {option(false, "a file of it")}
                {option(true, "a command line")}
            </div>
        </div>
        {if is_line { command_form::fields(state) } else { main_choice(state, index) }}
        {templates(state, index)}
    }
    .into_any()
}

fn main_choice(state: DesignState, index: &FolderIndex) -> AnyView {
    let chosen = index.main(&state.draft.read());
    let mains = index.mains();
    let is_listed = mains.contains(&chosen);
    let none = (!is_listed).then(|| {
        let words = if chosen.is_empty() { "choose …".to_owned() } else { format!("{chosen} (isn't there)") };
        view! { <option value="" selected=true>{words}</option> }
    });
    let option = |main: &String| {
        view! { <option value=main.clone() selected=*main == chosen>{visible(main)}</option> }
    };
    let options: Vec<_> = mains.iter().map(option).collect();
    let change = move |event| {
        let main = event_target_value(&event);
        state.draft.update(|draft| {
            draft.folder.templates.retain(|path| *path != main);
            draft.folder.main = main;
        });
    };
    view! {
        <div class="fields">
            <label class="field">
                <span class="field__label">"Main file"</span>
                <select class="field__input" aria-label="Main file" on:change=change>{none}{options}</select>
            </label>
        </div>
    }
    .into_any()
}

/// Shows the files with placeholders, to be chosen as templates.
fn templates(state: DesignState, index: &FolderIndex) -> Option<AnyView> {
    let draft = state.draft.read();
    let main = if draft.folder.is_line { String::new() } else { index.main(&draft) };
    let mut paths: Vec<String> = index.filled.iter().filter(|path| **path != main).take(MAX_CHOICES).cloned().collect();
    // One that was chosen stays, so that it can be taken away.
    let gone = draft.folder.templates.iter().filter(|path| !index.filled.contains(path));
    paths.extend(gone.cloned());
    if paths.is_empty() {
        return None;
    }
    let check = |path: &String| {
        let is_chosen = draft.folder.templates.contains(path);
        let shown = visible(path);
        let path = path.clone();
        let change = move |event| {
            let is = event_target_checked(&event);
            state.draft.update(|draft| {
                draft.folder.templates.retain(|one| *one != path);
                if is {
                    draft.folder.templates.push(path.clone());
                }
            });
        };
        view! { <label class="check"><input type="checkbox" prop:checked=is_chosen on:change=change /><span>{shown}</span></label> }
    };
    let checks: Vec<_> = paths.iter().map(check).collect();
    Some(
        view! {
            <div class="choice" role="group" aria-label="Files whose placeholders are filled, too">
                <span class="field__label">"Fill placeholders in"</span>
                {checks}
            </div>
        }
        .into_any(),
    )
}
