//! Parts of a line. Each is a function of its own, since a view has code of its own wherever it is written down.

use leptos::prelude::*;

/// Draws a link.
#[inline(never)]
pub(crate) fn link(target: String, text: String) -> AnyView {
    view! { <a href=target>{text}</a> }.into_any()
}

/// Draws a text of a class: `faint` for what is said besides.
#[inline(never)]
pub(crate) fn text(class: &'static str, text: String) -> AnyView {
    view! { <span class=class>{text}</span> }.into_any()
}

/// Draws parts one behind the other.
pub(crate) fn line<const N: usize>(parts: [AnyView; N]) -> AnyView {
    Vec::from(parts).into_any()
}
