//! What somebody sees who has no link.

use leptos::ev::SubmitEvent;
use leptos::html::Input;
use leptos::prelude::*;

use crate::components::problem_note::problem_note;
use crate::platform::address;
use crate::state::problem::Problem;

/// Asks for a link.
pub(crate) fn page(problem: Option<Problem>) -> AnyView {
    let field = NodeRef::<Input>::new();
    let is_refused = RwSignal::new(false);
    let open = move |event: SubmitEvent| {
        event.prevent_default();
        let text = field.get().map(|field| field.value()).unwrap_or_default();
        let fragment = text.trim().split_once('#').map_or("", |(_, fragment)| fragment);
        is_refused.set(!fragment.starts_with("access="));
        if !is_refused.get_untracked() {
            address::go_to(fragment);
            address::reload();
        }
    };
    let refusal = "This is not a link of a study: such a link has #access= in it, and a long text behind.";
    view! {
        <main class="alone">
            <h1>"Cruncher"</h1>
            {problem.map(problem_note)}
            <p>"This page shows a parameter study to those who have its link. The link holds the key, so the address alone opens nothing."</p>
            <form class="alone__form" on:submit=open novalidate>
                <label for="link">"Viewer's or operator's link"</label>
                <input id="link" type="url" autocomplete="off" spellcheck="false" node_ref=field aria-describedby="link-error" />
                <button type="submit">"Open the study"</button>
                <p id="link-error" class="alone__error" role="alert">{move || is_refused.get().then_some(refusal)}</p>
            </form>
            <p class="faint">
                "Whoever launched the study got both links from " <code>"cruncher launch"</code>
                ", and can make new ones with " <code>"cruncher configure STUDY --rotate-keys"</code> "."
            </p>
        </main>
    }
    .into_any()
}
