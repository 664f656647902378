//! Note that tells a problem.

use leptos::prelude::*;

use crate::state::problem::PageProblem;

/// Shows a problem: what went wrong, what to do, and behind a click the request that failed.
#[must_use]
pub fn problem_note(problem: PageProblem) -> AnyView {
    view! {
        <section class="note note--problem" role="alert">
            <p class="note__title">{problem.title}</p>
            <p>{problem.advice}</p>
            <details>
                <summary>"What was asked, and what the answer was"</summary>
                <pre class="note__detail">{problem.detail}</pre>
            </details>
        </section>
    }
    .into_any()
}
