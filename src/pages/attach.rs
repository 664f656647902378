//! How a worker is attached.

use cruncher_study::attach_line::{Host, attach_line};
use leptos::prelude::*;

use crate::app::OpenStudy;
use crate::components::copy_line::CopyLine;
use crate::components::worker_table::WorkerTable;
use crate::state::live::Live;

/// The lines for the kinds of hosts, and the workers that came since the page was opened.
#[component]
pub(crate) fn AttachPage() -> impl IntoView {
    let live = expect_context::<Live>();
    let opened = live.opened;
    let newcomers = Memo::new(move |_| {
        let snapshot = live.snapshot.read();
        let workers = snapshot.as_ref().map(|snapshot| snapshot.workers.clone()).unwrap_or_default();
        workers.into_iter().filter(|worker| worker.start_time > opened).collect::<Vec<_>>()
    });
    let arrivals = move || {
        if newcomers.read().is_empty() {
            view! { <p class="faint" role="status">"A worker appears here within seconds after it was attached."</p> }.into_any()
        } else {
            view! { <WorkerTable workers=newcomers now=live.now /> }.into_any()
        }
    };
    view! {
        <h2>"Attach a worker"</h2>
        <AttachLines />
        <h2>"Attached since this page was opened"</h2>
        {arrivals}
    }
}

/// The lines for the kinds of hosts; for a viewer, why they aren't there.
#[component]
pub(crate) fn AttachLines() -> impl IntoView {
    let OpenStudy { study, worker, .. } = expect_context::<OpenStudy>();
    let Some(worker) = worker else {
        return view! {
            <p>"The attach line holds the workers' key, so only the operator's link shows it. Ask whoever gave you this link."</p>
        }
        .into_any();
    };
    let bucket_url = study.bucket_url();
    let workers = RwSignal::new(4_u32);
    let line = |host| attach_line(host, &bucket_url, &worker);
    let (itasca, python) = (line(Host::Itasca), line(Host::Python));
    let shell = {
        let (bucket_url, worker) = (bucket_url.clone(), worker.clone());
        Signal::derive(move || attach_line(Host::Shell { workers: workers.get() }, &bucket_url, &worker))
    };
    let choose = move |event| {
        if let Ok(number) = event_target_value(&event).parse::<u32>() {
            workers.set(number.clamp(1, 256));
        }
    };
    view! {
        <div class="lines">
            <section class="lines__one">
                <h3>"FLAC3D, 3DEC or PFC"</h3>
                <p>"Paste it into the IPython console."</p>
                <CopyLine line=Signal::stored(itasca) name="the line for FLAC3D, 3DEC or PFC" />
            </section>
            <section class="lines__one">
                <h3>"Python, on any computer"</h3>
                <p>"Paste it at a Python prompt, 3.6 or later. Nothing is installed."</p>
                <CopyLine line=Signal::stored(python) name="the line for Python" />
            </section>
            <section class="lines__one">
                <h3>"A shell"</h3>
                <p>
                    <label>
                        "Starts "
                        <input class="lines__number" type="number" min="1" max="256" prop:value=move || workers.get().to_string() on:change=choose />
                        " workers on the computer; one a core is a good number."
                    </label>
                </p>
                <CopyLine line=shell name="the line for a shell" />
            </section>
        </div>
        <p class="faint">"Each line holds the workers' key: whoever has it can take cases and write results. A worker needs no open port, and ends with Ctrl-C without losing its case."</p>
    }
    .into_any()
}
