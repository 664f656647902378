//! Messages of the form as they are shown.

use leptos::prelude::*;

use crate::state::quoted::{Stretch, stretches};

/// A message, with what stands between backticks as code.
pub(in crate::designer) fn quoted(message: &str) -> Vec<AnyView> {
    let view = |stretch| match stretch {
        Stretch::Words(words) => words.to_owned().into_any(),
        Stretch::Code(code) => view! { <code>{code.to_owned()}</code> }.into_any(),
    };
    stretches(message).into_iter().map(view).collect()
}
