//! Page for somebody who has no link.

use cruncher_browser::address;
use cruncher_browser::components::press::press;
use cruncher_browser::components::problem_note::problem_note;
use cruncher_browser::state::problem::PageProblem;
use cruncher_browser::visit_flags::VisitFlag;
use cruncher_study::access::StudyAccess;
use leptos::ev::{self, SubmitEvent};
use leptos::html::Input;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::sharing;

const NO_LINK: &str = "There is no key in this address: it tells what is shown, and opens nothing. The link of a study has #access= in it, and a \
     long text behind: paste that one, once, and the address opens.";

/// Asks for a link, or whether the access of another tab may be used. The page then shows what the address asked for.
pub(crate) fn page(problem: Option<PageProblem>) -> AnyView {
    let asked_for = address::fragment();
    let leads_to_a_view = asked_for.contains('?');
    let field = NodeRef::<Input>::new();
    let refusal = RwSignal::new(None::<String>);
    let enter = {
        let asked_for = asked_for.clone();
        move |link: &str| {
            let fragment = link.split_once('#').map_or("", |(_, fragment)| fragment);
            refusal.set(match address::enter(fragment, &asked_for) {
                Ok(true) => None,
                Ok(false) => Some(NO_LINK.to_owned()),
                Err(error) => {
                    let PageProblem { title, advice, .. } = error.into();
                    Some(format!("{title} {advice}"))
                }
            });
        }
    };
    let pasted = enter.clone();
    let listener = window_event_listener(ev::hashchange, move |_| {
        if address::holds_access() {
            pasted(&address::fragment());
        }
    });
    on_cleanup(move || listener.remove());
    let open = move |event: SubmitEvent| {
        event.prevent_default();
        enter(field.get().map(|field| field.value()).unwrap_or_default().trim());
    };
    view! {
        <main class="alone">
            <h1>"Cruncher"</h1>
            {problem.map(problem_note)}
            {offer(asked_for)}
            <p>"This page shows a parameter study to those who have its link. The link holds the key, so the address alone opens nothing."</p>
            {leads_to_a_view.then(|| view! { <p><strong>"This address leads to a part of it, which opens once a link is pasted here."</strong></p> })}
            <form class="alone__form" on:submit=open novalidate>
                <label for="link">"Viewer's or operator's link"</label>
                <input id="link" type="url" autocomplete="off" spellcheck="false" node_ref=field aria-describedby="link-error" />
                <button type="submit">"Open the study"</button>
                <p id="link-error" class="alone__error" role="alert">{move || refusal.get()}</p>
            </form>
            <p class="faint">
                "Whoever launched the study got both links from " <code>"cruncher launch"</code>
                ", and can make new ones with " <code>"cruncher configure STUDY --rotate-keys"</code> "."
            </p>
        </main>
    }
    .into_any()
}

/// Offers the access of another tab, once one has answered.
fn offer(asked_for: String) -> impl Fn() -> Option<AnyView> {
    let found = RwSignal::new(None::<StudyAccess>);
    spawn_local(async move { found.set(sharing::ask_other_tabs().await) });
    move || {
        let access = found.get()?;
        let words = format!("Another tab of this browser has this study open, as {}.", access.role);
        let asked_for = asked_for.clone();
        let share = move |_| {
            VisitFlag::Shared.set(true);
            // Without storage the access lasts until the page is loaded anew.
            let _ = address::keep(&access);
            address::replace(&asked_for);
            address::reload();
        };
        let offer = view! {
            <section class="panel" role="status">
                <p>{words}</p>
                <button on:click=press(share)>"Open it in every tab"</button>
                <p class="faint">"Until " <b>"Leave"</b> " is pressed in one of them."</p>
            </section>
        };
        Some(offer.into_any())
    }
}
