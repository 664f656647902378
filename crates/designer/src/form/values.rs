//! Values of a case's inputs, with the digits that matter, and with all of them in the title.

use cruncher_study::case::{ParameterValue, Parameters};
use leptos::prelude::*;

use cruncher_browser::state::input_words::{cut, exact};

/// Maximum number of inputs in a line.
const MAX_INPUTS: usize = 12;

/// Shows the inputs of a case in a line: `cohesion 61234 · soil clay`.
pub(super) fn values(inputs: &Parameters) -> AnyView {
    let one = |(name, value): (&String, &ParameterValue)| {
        view! { <span class="value" title=exact(value)><span class="faint">{name.clone()}</span>" "{cut(value)}</span>" " }
    };
    let shown: Vec<_> = inputs.iter().take(MAX_INPUTS).map(one).collect();
    let more = inputs.len().saturating_sub(MAX_INPUTS);
    let more = (more > 0).then(|| format!("and {more} more "));
    view! { {shown}{more} }.into_any()
}
