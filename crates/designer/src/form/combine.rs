//! Combining by itself: the script that makes one file when every case of the batch is done.

use cruncher_study::combination::{CombineFile, CombinedInputs};
use cruncher_study::number_format::counted;
use cruncher_study::points_script::MAX_SCRIPT_BYTES;
use cruncher_study::shown_text::visible;
use js_sys::Uint8Array;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use super::field::{FieldNeed, FormField, choice, problem_line};
use super::file_drop::file_drop;
use crate::design_state::DesignState;

const OF: [(CombinedInputs, &str); 2] =
    [(CombinedInputs::Results, "the results of the cases"), (CombinedInputs::Files, "the files that cases leave")];

/// Shows the section; it is folded until somebody wants it.
pub(super) fn section(state: DesignState, combine: Option<&CombineFile>, problem: Option<String>) -> AnyView {
    let name = combine.map_or_else(|| "no script".to_owned(), |combine| visible(&combine.file));
    let words = if combine.is_some() { "or drop another one here" } else { "or drop it here: combine.py, say" };
    view! {
        <details class="combine">
            <summary>"Combine when complete" " " <span class="faint">{name}</span></summary>
            <p class="faint">
                "When every case is done, a worker calls " <code>"combine(files, output)"</code>
                " of a script in Python, which makes one file of all. The Results page shows it."
            </p>
            {file_drop("combine-file", "Script that combines", words, ".py,text/x-python", move |file| choose(state, file))}
            {combine.map(|combine| chosen(state, combine))}
        </details>
        {problem_line(problem)}
    }
    .into_any()
}

fn chosen(state: DesignState, combine: &CombineFile) -> AnyView {
    let size = combine.text.as_ref().map(|text| counted(text.len() as u64, "byte", "bytes"));
    let remove = move |_| state.draft.update(|draft| draft.combine = None);
    let extension = FormField {
        need: FieldNeed::Optional,
        hint: "as the script says",
        ..FormField::new("Ending of the file", combine.file_extension.as_deref().unwrap_or_default())
    };
    view! {
        <p class="model">
            <strong>{visible(&combine.file)}</strong> " " <span class="faint">{size}</span> " "
            <button class="quiet" on:click=remove>"Don't combine"</button>
        </p>
        <div class="fields">
            {choice("It combines", "What is combined".to_owned(), &OF, combine.of, state, |draft, of| {
                if let Some(combine) = &mut draft.combine {
                    combine.of = of;
                }
            })}
            {extension.view(state, |draft, text| {
                if let Some(combine) = &mut draft.combine {
                    combine.file_extension = (!text.is_empty()).then_some(text);
                }
            })}
        </div>
    }
    .into_any()
}

/// Says what is combined, if anything is.
pub(super) fn summary(state: DesignState) -> Option<String> {
    state.draft.with_untracked(|draft| {
        let combine = draft.combine.as_ref()?;
        let of = match combine.of {
            CombinedInputs::Results => "results",
            CombinedInputs::Files => "files",
        };
        Some(format!("{} makes one file of their {of}", visible(&combine.file)))
    })
}

fn choose(state: DesignState, file: File) {
    spawn_local(async move {
        match read(&file).await {
            Ok(text) => state.draft.update(|draft| {
                let before = draft.combine.take();
                let (of, file_extension) = before.map(|before| (before.of, before.file_extension)).unwrap_or_default();
                draft.combine =
                    Some(CombineFile { file: script_name(&file.name()), text: Some(text), of, file_extension });
            }),
            Err(reason) => state.say(format!("{} can't be a script that combines: {reason}.", visible(&file.name()))),
        }
    });
}

/// Returns the name under which the script is kept: workers know by it that it is Python.
fn script_name(name: &str) -> String {
    if name.to_ascii_lowercase().ends_with(".py") { name.to_owned() } else { format!("{name}.py") }
}

async fn read(file: &File) -> Result<String, String> {
    if file.size() > f64::from(MAX_SCRIPT_BYTES) {
        return Err("it has more than 1 MiB".to_owned());
    }
    let buffer = JsFuture::from(file.array_buffer()).await.map_err(|_gone| "it can't be read".to_owned())?;
    String::from_utf8(Uint8Array::new(&buffer).to_vec()).map_err(|_other| "it is no text in UTF-8".to_owned())
}
