//! Messages of the form with their code marked.

use leptos::prelude::*;

use crate::state::quoted::{MessagePart, message_parts};

/// Shows a message, with the text between backticks as code.
pub(crate) fn quoted(message: &str) -> Vec<AnyView> {
    let view = |stretch| match stretch {
        MessagePart::Words(words) => words.to_owned().into_any(),
        MessagePart::Code(code) => view! { <code>{code.to_owned()}</code> }.into_any(),
    };
    message_parts(message).into_iter().map(view).collect()
}
