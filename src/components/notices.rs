//! Notices for a person who watches the study.

use cruncher_study::diagnosis::{Notice, NoticeWeight};
use leptos::prelude::*;

/// Draws a line for each notice. The attach line says that no worker is attached, and the headline that all is done.
pub(crate) fn notices(notices: &[Notice]) -> AnyView {
    let line = |notice: &Notice| {
        let class = match notice.weight() {
            NoticeWeight::Information => "notices__line",
            NoticeWeight::Warning => "notices__line notices__line--warning",
            NoticeWeight::Problem => "notices__line notices__line--problem",
        };
        view! { <li class=class>{notice.to_string()}</li> }
    };
    let is_told_here =
        |notice: &&Notice| !matches!(notice, Notice::Finished | Notice::NoCases | Notice::NoWorker { .. });
    let lines: Vec<_> = notices.iter().filter(is_told_here).map(line).collect();
    view! { <div role="status"><ul class="notices">{lines}</ul></div> }.into_any()
}
