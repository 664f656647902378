//! Page that tells how a worker is attached.

use cruncher_browser::programs::PageProgram;
use leptos::prelude::*;

use crate::components::attach_lines::attach_lines;
use crate::components::worker_table::worker_table;
use crate::live::OpenStudy;
use crate::pages::program;

/// Draws the lines for the kinds of hosts, and the workers that came since the page was opened.
pub(crate) fn page(open: &OpenStudy) -> AnyView {
    let live = open.live;
    let snapshot = live.snapshot.get();
    let workers = snapshot.iter().flat_map(|snapshot| &snapshot.workers);
    let newcomers: Vec<_> = workers.filter(|worker| worker.start_time > live.opened).collect();
    let arrivals = if newcomers.is_empty() {
        view! { <p class="faint" role="status">"A worker appears here within seconds after it was attached."</p> }
            .into_any()
    } else {
        worker_table(&newcomers, live.now.get(), &open.reader.route.get(), None)
    };
    view! {
        <h2>"Attach a worker"</h2>
        {attach_lines(open)}
        {program::page(PageProgram::Fleet, open.reader)}
        <h2>"Attached since this page was opened"</h2>
        {arrivals}
    }
    .into_any()
}
