//! The sign-in, a program of its own: whoever has access doesn't need it.

use cruncher_browser::components::press::press;
use cruncher_browser::components::problem_note::problem_note;
use cruncher_browser::kept_access;
use cruncher_browser::programs::PageProgram;
use cruncher_browser::state::problem::PageProblem;
use futures::StreamExt;
use futures::channel::mpsc::unbounded;
use leptos::mount::mount_to;
use leptos::prelude::*;

/// Shows the sign-in, below what was wrong with a link, and waits until somebody has signed in.
pub(crate) async fn ask(problem: Option<PageProblem>) {
    let (sender, mut signed_in) = unbounded();
    let listener = window_event_listener_untyped(kept_access::SIGNED_IN, move |_| drop(sender.unbounded_send(())));
    let page = mount_to(document().body().expect("a document has a body"), move || view(problem));
    // The listener keeps the sender.
    signed_in.next().await;
    listener.remove();
    drop(page);
}

fn view(problem: Option<PageProblem>) -> AnyView {
    let failed = RwSignal::new(None::<PageProblem>);
    Effect::new(move || PageProgram::SignIn.load(Some(failed)));
    let again = move || {
        let problem = failed.get()?;
        let again = press(move |_| PageProgram::SignIn.load(Some(failed)));
        Some(view! { {problem_note(problem)} <button on:click=again>"Try again"</button> })
    };
    view! {
        <main class="alone">
            <h1>"Cruncher"</h1>
            {problem.map(problem_note)}
            {again}
            <div id=PageProgram::SignIn.name() class="alone__sign-in" hidden=move || failed.read().is_some()>
                <p class="faint" role="status">"Loading the sign-in …"</p>
            </div>
        </main>
    }
    .into_any()
}
