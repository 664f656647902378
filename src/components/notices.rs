//! Notices for a person who watches the study.

use cruncher_browser::local_time::clock_time;
use cruncher_study::diagnosis::{Notice, NoticeWeight, silent_words};
use leptos::prelude::*;

/// Draws a line for each notice, as of `now`. The attach line says that no worker is attached, and the headline that all is done.
pub(crate) fn notices(notices: &[Notice], now: f64) -> AnyView {
    let line = |notice: &Notice| {
        let class = match notice.weight() {
            NoticeWeight::Information => "notices__line",
            NoticeWeight::Warning => "notices__line notices__line--warning",
            NoticeWeight::Problem => "notices__line notices__line--problem",
        };
        let words = match notice {
            Notice::WorkersSilent { workers, worker, silent_secs, held_secs: Some(held_secs) } => {
                let held = format!("until {}", clock_time(now + held_secs, now));
                silent_words(*workers, worker, *silent_secs, Some(&held))
            }
            other => other.to_string(),
        };
        view! { <li class=class>{words}</li> }
    };
    let is_told_here =
        |notice: &&Notice| !matches!(notice, Notice::Finished | Notice::NoCases | Notice::NoWorker { .. });
    let lines: Vec<_> = notices.iter().filter(is_told_here).map(line).collect();
    view! { <div role="status"><ul class="notices">{lines}</ul></div> }.into_any()
}
