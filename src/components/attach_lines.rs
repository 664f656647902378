//! Lines that attach workers.

use cruncher_browser::state::route::Route;
use cruncher_study::attach_line::{AttachHost, attach_line};
use cruncher_study::pool::{Pool, shown};
use leptos::prelude::*;

use crate::components::copy_line::copy_line;
use crate::live::OpenStudy;

/// Maximum number of workers that the shell's line starts.
const MAX_WORKERS: u32 = 256;

/// Draws the lines for the kinds of hosts; for a viewer, the reason why they aren't there.
pub(crate) fn attach_lines(open: &OpenStudy) -> AnyView {
    let Some(worker) = &open.worker else {
        let why = "The attach line holds the workers' key, so only the operator's link shows it. Ask whoever gave you this link.";
        return view! { <p>{why}</p> }.into_any();
    };
    let snapshot = open.live.snapshot.get();
    if open.attach_key(snapshot.as_deref()).is_none() {
        let why = "The workers' key was replaced, so the line that this page knows attaches nobody any more. Lock it, and sign in with the \
                   operator's passphrase.";
        return view! { <p role="status">{why}</p> }.into_any();
    }
    let reader = open.reader;
    let bucket_url = open.study.bucket_url();
    let route = reader.route.get();
    let line = |host| attach_line(host, &bucket_url, worker, route.pool.as_ref());
    let known = snapshot.map(|snapshot| snapshot.control.pools.clone());
    let gone = route.pool.filter(|pool| known.as_ref().is_some_and(|known| !known.contains(pool)));
    let pools = pools(&route, known);
    if let Some(pool) = gone {
        let why = ["The study has no pool ", pool.as_str(), ". One that was just made is here in a moment."].concat();
        return view! { {pools}<p role="status">{why}</p> }.into_any();
    }
    let workers = reader.workers.get();
    let choose = move |event| {
        if let Ok(number) = event_target_value(&event).parse::<u32>() {
            reader.workers.set(number.clamp(1, MAX_WORKERS));
        }
    };
    view! {
        {pools}
        <div class="lines">
            <section class="lines__one">
                <h3>"Python, FLAC3D, 3DEC or PFC"</h3>
                <p>"Paste it at a Python prompt, 3.6 or later, or into the program's IPython console. Nothing is installed."</p>
                {copy_line(line(AttachHost::Python), "the line for Python", open)}
            </section>
            <section class="lines__one">
                <h3>"A shell"</h3>
                <p>
                    <label>
                        "Workers on this computer "
                        <input class="lines__number" type="number" min="1" max=MAX_WORKERS.to_string() prop:value=workers.to_string() on:input=choose />
                    </label>
                    " One a core is a good number."
                </p>
                {copy_line(line(AttachHost::Shell { workers }), "the line for a shell", open)}
            </section>
        </div>
        <p class="faint">
            "Each line holds the workers' key: whoever has it can take cases and write results. A worker needs no open port, and \
             Ctrl-C ends it without losing its case."
        </p>
    }
    .into_any()
}

/// Draws a link to the lines of each pool, if there is a choice.
fn pools(route: &Route, known: Option<Vec<Pool>>) -> Option<AnyView> {
    let pools: Vec<Option<Pool>> = std::iter::once(None).chain(known?.into_iter().map(Some)).collect();
    let choice = |pool: Option<Pool>| {
        let target = Route { pool, ..route.clone() };
        let is_chosen = (pool == route.pool).then_some("true");
        view! { <a href=target.to_string() aria-current=is_chosen>{shown(pool.as_ref()).to_owned()}</a> }
    };
    let choices: Vec<_> = (pools.len() > 1 || route.pool.is_some()).then(|| pools.into_iter().map(choice).collect())?;
    Some(view! { <nav class="actions pools" aria-label="Pool whose cases it takes">"Pool "{choices}</nav> }.into_any())
}
