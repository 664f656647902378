//! A section of the open case that is read from the bucket when it is unfolded.

use std::future::Future;

use cruncher_browser::components::problem_note::problem_note;
use cruncher_browser::state::problem::PageProblem;
use cruncher_study::case::CaseRef;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use web_sys::Element;

/// Draws the section. It is read when it is unfolded, and again for each case that is stepped to while it is.
pub(super) fn fold<T, R>(
    title: &'static str,
    case: Memo<Option<CaseRef>>,
    read: impl Fn(CaseRef) -> R + Copy + Send + Sync + 'static,
    show: impl Fn(&CaseRef, T) -> AnyView + Copy + Send + Sync + 'static,
) -> AnyView
where
    T: Clone + Send + Sync + 'static,
    R: Future<Output = Result<T, PageProblem>> + 'static,
{
    let is_open = RwSignal::new(false);
    let found = RwSignal::new(None::<Result<T, PageProblem>>);
    let ask = move || {
        found.set(None);
        let Some(asked) = case.get_untracked() else { return };
        spawn_local(async move {
            let answer = read(asked.clone()).await;
            if case.try_get_untracked().flatten() == Some(asked) {
                found.set(Some(answer));
            }
        });
    };
    Effect::new(move || {
        case.track();
        if is_open.get() {
            ask();
        }
    });
    let body = move || match found.get() {
        None => view! { <p class="faint" role="status">"Reading …"</p> }.into_any(),
        Some(Err(problem)) => {
            view! { {problem_note(problem)} <button on:click=move |_| ask()>"Try again"</button> }.into_any()
        }
        Some(Ok(found)) => case.get_untracked().map_or_else(|| ().into_any(), |case| show(&case, found)),
    };
    view! {
        <details class="case__fold" on:toggle=move |event| is_open.set(is_unfolded(&event))>
            <summary>{title}</summary>
            {move || is_open.get().then_some(body)}
        </details>
    }
    .into_any()
}

fn is_unfolded(event: &web_sys::Event) -> bool {
    let details = event.current_target().and_then(|target| target.dyn_into::<Element>().ok());
    details.is_some_and(|details| details.has_attribute("open"))
}
