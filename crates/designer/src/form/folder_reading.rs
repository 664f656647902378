//! Reading of a folder that is dropped or chosen: its files are kept as one ZIP.

use std::sync::Arc;

use cruncher_backend::enqueue::bundle::{
    BundleError, BundleFile, MAX_BUNDLE_BYTES, MAX_BUNDLE_FILES, belongs, files_of, store, without_outer_folder,
};
use cruncher_study::number_format::{size, thousands};
use js_sys::{Array, Function, Promise, Reflect, Uint8Array};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    DataTransfer, File, FileList, FileSystemDirectoryEntry, FileSystemDirectoryReader, FileSystemEntry,
    FileSystemFileEntry,
};

use super::model::{read_model, set_model};
use crate::design_state::{DesignState, FolderProgress, ModelText};
use crate::draft_storage;

/// A file of a folder that isn't read yet.
struct FoundFile {
    path: String,
    file: File,
}

/// Takes what is dropped: a folder, a ZIP in its place, or a file.
pub(crate) fn take_dropped(state: DesignState, dropped: &DataTransfer) {
    let items = dropped.items();
    let entries: Vec<FileSystemEntry> =
        (0..items.length()).filter_map(|place| items.get(place)?.webkit_get_as_entry().ok().flatten()).collect();
    let files = dropped.files();
    let count = entries.len().max(files.as_ref().map_or(0, FileList::length) as usize);
    if count > 1 {
        let words = format!("{count} things were dropped. Drop one: a file, or the folder that has all of them.");
        return state.model_problem.set(Some(words));
    }
    match (entries.first(), files.and_then(|files| files.get(0))) {
        (Some(entry), _) if entry.is_directory() => read_dropped(state, entry.clone().unchecked_into()),
        (_, Some(file)) => take_file(state, file),
        _ => {}
    }
}

/// Takes a file that is chosen: a ZIP stands for a folder.
pub(crate) fn take_file(state: DesignState, file: File) {
    let is_zip = file.name().to_ascii_lowercase().ends_with(".zip");
    spawn_local(async move {
        if is_zip {
            read_zip(state, file).await;
        } else {
            read_model(state, &file).await;
        }
    });
}

/// Takes the files of a folder that is chosen.
pub(crate) fn take_chosen(state: DesignState, files: &FileList) {
    let path_of = |file: &File| Reflect::get(file, &"webkitRelativePath".into()).ok()?.as_string();
    let mut name = None;
    let mut found = Vec::new();
    for file in (0..files.length()).filter_map(|place| files.get(place)) {
        let whole = path_of(&file).unwrap_or_default();
        if let Some((folder, inside)) = whole.split_once('/') {
            name.get_or_insert_with(|| folder.to_owned());
            if belongs(inside) {
                found.push(FoundFile { path: inside.to_owned(), file });
            }
        }
    }
    let name = name.unwrap_or_else(|| "The folder".to_owned());
    read(state, name, async move |_| Ok(found));
}

fn read_dropped(state: DesignState, folder: FileSystemDirectoryEntry) {
    read(state, folder.name(), async move |is_wanted| list(folder, is_wanted).await);
}

/// Reads the files that `list` finds, and takes them as the model, unless somebody stops it.
fn read<F>(state: DesignState, name: String, list: F)
where
    F: AsyncFnOnce(&dyn Fn() -> bool) -> Result<Vec<FoundFile>, String> + 'static,
{
    let is_wanted = begin_folder(state, &name);
    spawn_local(async move {
        let read = async {
            let found = list(&is_wanted).await?;
            let files = contents(state, &name, found, &is_wanted).await?;
            store(files).map_err(|error| unfit(&name, &error))
        };
        let read = read.await;
        if is_wanted() {
            finish(state, format!("{name}.zip"), read).await;
        }
    });
}

/// Begins to read a model, in place of one that is being read. The function that it returns tells whether what was read is still
/// wanted: not if something else was chosen meanwhile.
pub(super) fn begin(state: DesignState) -> impl Fn() -> bool + Copy + 'static {
    stop(state);
    let turn = state.chosen.with_value(|chosen| chosen.turn);
    move || state.chosen.with_value(|chosen| chosen.turn == turn)
}

/// Does the same for a folder, and shows it.
fn begin_folder(state: DesignState, name: &str) -> impl Fn() -> bool + Copy + 'static {
    state.model_problem.set(None);
    let is_wanted = begin(state);
    state.folder_progress().set(Some(FolderProgress { name: name.to_owned(), ..FolderProgress::default() }));
    is_wanted
}

/// Stops reading; what was there before stays.
pub(crate) fn stop(state: DesignState) {
    state.chosen.update_value(|chosen| chosen.turn += 1);
    state.folder_progress().set(None);
}

async fn read_zip(state: DesignState, file: File) {
    let name = file.name();
    let is_wanted = begin_folder(state, &name);
    let read = async {
        #[expect(clippy::cast_precision_loss, reason = "a power of 2")]
        if file.size() > MAX_BUNDLE_BYTES as f64 {
            return Err(too_much(&name));
        }
        let buffer = JsFuture::from(file.array_buffer()).await;
        let buffer = buffer.map_err(|_gone| format!("{name} can't be read: was it moved or deleted?"))?;
        if !is_wanted() {
            return Ok(Vec::new());
        }
        let archive = Uint8Array::new(&buffer).to_vec();
        let files = files_of(&archive).map(without_outer_folder);
        files.and_then(store).map_err(|error| unfit(&name, &error))
    };
    let read = read.await;
    if is_wanted() {
        let model = format!("{}.zip", name.get(..name.len() - 4).unwrap_or("model"));
        finish(state, model, read).await;
    }
}

/// Shows what came of reading a folder: the model, or why it can't be one.
async fn finish(state: DesignState, name: String, read: Result<Vec<u8>, String>) {
    state.folder_progress().set(None);
    match read {
        Ok(content) => take(state, name, content).await,
        Err(problem) => state.model_problem.set(Some(problem)),
    }
}

async fn take(state: DesignState, name: String, content: Vec<u8>) {
    let model = ModelText { name, content: Arc::from(content) };
    set_model(state, model.clone());
    draft_storage::keep_model(state, Some(&model)).await;
}

fn unfit(name: &str, error: &BundleError) -> String {
    let advice = if matches!(error, BundleError::TooLarge(_)) { " Leave out what no case needs." } else { "" };
    format!("{name} can't be a model: {error}.{advice}")
}

fn too_much(name: &str) -> String {
    let (files, mib) = (thousands(MAX_BUNDLE_FILES as u64), MAX_BUNDLE_BYTES >> 20);
    format!("{name} can't be a model: a bundle has at most {files} files and {mib} MiB. Leave out what no case needs.")
}

/// Lists the files below a folder that belong into a bundle.
async fn list(folder: FileSystemDirectoryEntry, is_wanted: &dyn Fn() -> bool) -> Result<Vec<FoundFile>, String> {
    let name = folder.name();
    let (mut found, mut folders) = (Vec::new(), vec![(folder, String::new())]);
    while let Some((folder, prefix)) = folders.pop() {
        for entry in entries_of(&folder.create_reader()).await.ok_or_else(|| unreadable(&name, &prefix))? {
            let path = format!("{prefix}{}", entry.name());
            if !is_wanted() {
                return Ok(Vec::new());
            }
            if !belongs(&path) || path == "outputs" {
                continue;
            }
            if entry.is_directory() {
                folders.push((entry.unchecked_into(), format!("{path}/")));
                continue;
            }
            let file = file_of(&entry.unchecked_into()).await.ok_or_else(|| unreadable(&name, &path))?;
            found.push(FoundFile { path, file });
            if found.len() > MAX_BUNDLE_FILES {
                return Err(too_much(&name));
            }
        }
    }
    Ok(found)
}

/// Returns the entries of a folder, which a browser gives in portions, the last of them empty.
async fn entries_of(reader: &FileSystemDirectoryReader) -> Option<Vec<FileSystemEntry>> {
    let mut all = Vec::new();
    loop {
        let portion = answer(|found, failed| reader.read_entries_with_callback_and_callback(&found, &failed)).await?;
        let portion = Array::from(&portion);
        if portion.length() == 0 {
            return Some(all);
        }
        all.extend(portion.iter().map(JsCast::unchecked_into::<FileSystemEntry>));
    }
}

async fn file_of(entry: &FileSystemFileEntry) -> Option<File> {
    let file = answer(|found, failed| entry.file_with_callback_and_callback(&found, &failed)).await?;
    file.dyn_into().ok()
}

/// Asks what answers by calling a function.
async fn answer<R>(ask: impl FnOnce(Function, Function) -> R) -> Option<wasm_bindgen::JsValue> {
    let mut ask = Some(ask);
    let asked = Promise::new(&mut |found, failed| {
        if let Some(ask) = ask.take() {
            let _ = ask(found, failed);
        }
    });
    JsFuture::from(asked).await.ok()
}

fn unreadable(name: &str, path: &str) -> String {
    let whole = format!("{name}/{path}");
    format!("{} can't be read: was it moved or deleted, or may you not read it?", whole.trim_end_matches('/'))
}

async fn contents(
    state: DesignState,
    name: &str,
    found: Vec<FoundFile>,
    is_wanted: &dyn Fn() -> bool,
) -> Result<Vec<BundleFile<'static>>, String> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a size is a whole number")]
    let all_bytes: u64 = found.iter().map(|one| one.file.size() as u64).sum();
    if all_bytes > MAX_BUNDLE_BYTES || found.len() > MAX_BUNDLE_FILES {
        return Err(too_much(name));
    }
    let of = found.len();
    let mut files = Vec::with_capacity(of);
    let mut read_bytes = 0;
    for FoundFile { path, file } in found {
        let buffer = JsFuture::from(file.array_buffer()).await.map_err(|_gone| unreadable(name, &path))?;
        if !is_wanted() {
            return Ok(Vec::new());
        }
        let content = Uint8Array::new(&buffer).to_vec();
        read_bytes += content.len() as u64;
        files.push(BundleFile { path, content: content.into() });
        let progress = FolderProgress { name: name.to_owned(), read: files.len(), of, read_bytes, all_bytes };
        state.folder_progress().set(Some(progress));
    }
    Ok(files)
}

/// Shows how far reading is.
pub(crate) fn progress(state: DesignState) -> Option<AnyView> {
    let FolderProgress { name, read, of, read_bytes, all_bytes } = state.folder_progress().get()?;
    let words = if of == 0 {
        format!("Looking through {name} …")
    } else {
        format!(
            "Reading {name}: {} of {} files, {} of {} …",
            thousands(read as u64),
            thousands(of as u64),
            size(read_bytes),
            size(all_bytes)
        )
    };
    Some(
        view! {
            <p role="status" class="model">{words} <button class="quiet" on:click=move |_| stop(state)>"Stop"</button></p>
        }
        .into_any(),
    )
}
