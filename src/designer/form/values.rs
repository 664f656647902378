//! Values of a case's inputs as they are read: with the digits that matter, all of them in the title.

use cruncher_study::case::{ParameterValue, Parameters};
use cruncher_study::number_format::significant;
use leptos::prelude::*;

/// How many components of a vector stand in a line, and how many inputs.
const MAX_COMPONENTS: usize = 6;
const MAX_INPUTS: usize = 12;

/// The inputs of a case in a line: `cohesion 61234 · soil clay`.
pub(super) fn values(inputs: &Parameters) -> AnyView {
    let one = |(name, value): (&String, &ParameterValue)| {
        view! { <span class="value" title=exact(value)><span class="faint">{name.clone()}</span>" "{cut(value)}</span>" " }
    };
    let shown: Vec<_> = inputs.iter().take(MAX_INPUTS).map(one).collect();
    let more = inputs.len().saturating_sub(MAX_INPUTS);
    let more = (more > 0).then(|| format!("and {more} more "));
    view! { {shown}{more} }.into_any()
}

/// A value with all of its digits, as JSON.
pub(super) fn exact(value: &ParameterValue) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// A value with as many digits as somebody reads.
pub(super) fn short(value: &ParameterValue) -> String {
    match value {
        ParameterValue::Number(number) => significant(*number),
        ParameterValue::List(components) => components.iter().map(short).collect::<Vec<_>>().join(", "),
        ParameterValue::Text(text) => text.clone(),
        other => exact(other),
    }
}

/// The same, of a long vector its first components.
fn cut(value: &ParameterValue) -> String {
    match value {
        ParameterValue::List(components) if components.len() > MAX_COMPONENTS => {
            let shown: Vec<String> = components.iter().take(MAX_COMPONENTS).map(short).collect();
            format!("{}, … ({} in all)", shown.join(", "), components.len())
        }
        other => short(other),
    }
}
