//! The model of the open case with its inputs put in, as a worker executes it.

use std::sync::Arc;

use cruncher_backend::fetch::case_model::{CaseModel, CaseModelError, case_model};
use cruncher_browser::download::save;
use cruncher_browser::state::problem::PageProblem;
use cruncher_study::case::CaseRef;
use cruncher_study::model::ModelKind;
use cruncher_study::number_format::counted;
use js_sys::Uint8Array;
use leptos::prelude::*;

use super::fold::fold;
use crate::copy::copy_button;
use crate::reading;
use crate::results_state::ResultsState;
use crate::state::shown_document::beginning;
use cruncher_study::shown_text::{visible, visible_lines};

/// Maximum number of names in a sentence.
const MAX_NAMES: usize = 8;

/// Draws the section.
pub(super) fn model(state: ResultsState, case: Memo<Option<CaseRef>>) -> AnyView {
    let read = move |case: CaseRef| async move {
        let study = reading::study(state).await?;
        case_model(&study, &case).await.map(Arc::new).map_err(|error| unread(&error))
    };
    let show = |case: &CaseRef, found: Arc<Option<CaseModel>>| {
        found.as_ref().as_ref().map_or_else(unknown, |model| shown(case, model))
    };
    fold("Model with these inputs", case, read, show)
}

fn unknown() -> AnyView {
    let words = "No table of cases in the bucket names this case, so its model isn't known. Cruncher Automatic Mode writes no tables.";
    view! { <p class="faint">{words}</p> }.into_any()
}

fn shown((_, case): &CaseRef, found: &CaseModel) -> AnyView {
    let file = visible(found.model.file_name());
    let (text, is_all) = beginning(&found.text);
    let lines = counted(found.text.lines().count() as u64, "line", "lines");
    let how = if found.unfilled.is_empty() { "as a worker executes it" } else { "as it was submitted" };
    let is_command = found.model.kind == ModelKind::CommandLine;
    let summary = if is_command { format!("A command, {how}.") } else { format!("{file}, {lines}, {how}.") };
    let unfilled: Vec<_> = found
        .unfilled
        .iter()
        .take(MAX_NAMES)
        .map(|error| {
            let words =
                format!("In line {}, {{{{{}}}}} isn't filled: {}.", error.line, error.placeholder, error.reason);
            view! { <p class="notices__line notices__line--problem">{words}</p> }
        })
        .collect();
    let more = found.unfilled.len().saturating_sub(MAX_NAMES);
    let more =
        (more > 0).then(|| format!("{} more.", counted(more as u64, "place isn't filled", "places aren't filled")));
    let failing = (!found.unfilled.is_empty()).then_some("Each attempt ends there.");
    let rest = (!is_all).then_some("This is its beginning; the download has all of it.");
    let (to_copy, to_save) = (found.text.clone(), found.text.clone());
    let file = if is_command { "command.txt".to_owned() } else { file };
    let name = format!("{:.8}-{}", case.to_string(), file.replace(['/', '\\'], "_"));
    let download = move |_| save(&name, "text/plain", &Uint8Array::from(to_save.as_bytes()));
    view! {
        {unfilled}
        <p class="faint">{summary}" "{failing}{more}{unused(found)}</p>
        <pre class="trace case__text case__model" tabindex="0" role="region" aria-label="Model with these inputs">{visible_lines(text)}</pre>
        <p class="faint">{rest}</p>
        <div class="case__buttons">
            {copy_button("Copy", "Copy the model with these inputs", "Copied", move || to_copy.clone())}
            <button on:click=download>"Download the model with these inputs"</button>
        </div>
    }
    .into_any()
}

/// Tells which inputs no placeholder uses.
fn unused(found: &CaseModel) -> Option<String> {
    let named: Vec<&str> = found.unused.iter().take(MAX_NAMES).map(String::as_str).collect();
    let more = found.unused.len().saturating_sub(MAX_NAMES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!named.is_empty()).then(|| format!(" No placeholder uses {}{more}.", named.join(", ")))
}

fn unread(error: &CaseModelError) -> PageProblem {
    if let CaseModelError::Aws(error) = error {
        return error.into();
    }
    PageProblem {
        title: "The model of this case can't be shown.".into(),
        advice: "What a worker needs for it isn't in the bucket as it was submitted: send the design again, on the Design page or \
                 by cruncher enqueue."
            .into(),
        detail: error.to_string(),
    }
}
