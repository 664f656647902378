//! Focus: brings an element into the window, and leads through the page without a mouse.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlInputElement};

/// Id of the button that leads to the summary before sending.
pub(super) const REVIEW: &str = "review";

/// The id of the form.
const FORM: &str = "design-form";

/// A part of the page that can be skipped to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FocusPart {
    /// The choice of the model.
    Model,
    /// The choice of points.
    Points,
    /// The preview.
    Preview,
    /// Sending.
    Send,
}

impl FocusPart {
    const ALL: [Self; 4] = [Self::Model, Self::Points, Self::Preview, Self::Send];

    /// Returns the id of its element.
    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::Model => "part-model",
            Self::Points => "part-points",
            Self::Preview => "part-preview",
            Self::Send => "part-send",
        }
    }

    const fn link(self) -> &'static str {
        match self {
            Self::Model => "Skip to the model",
            Self::Points => "Skip to the points",
            Self::Preview => "Skip to the preview",
            Self::Send => "Skip to sending",
        }
    }
}

/// Shows links to the parts, which only readers with a keyboard come to. They are buttons, since the address behind `#` is the
/// page's.
pub(super) fn skip_links() -> AnyView {
    let link =
        |part: FocusPart| view! { <button class="skip" on:click=move |_| focus(part.id())>{part.link()}</button> };
    view! { <nav class="skips" aria-label="Parts of the design">{FocusPart::ALL.map(link)}</nav> }.into_any()
}

/// Focuses the element with this id once changes are in the document. If there is none, nothing happens.
pub(super) fn focus(id: &'static str) {
    request_animation_frame(move || focus_now(id));
}

fn focus_now(id: &str) {
    let found = document().get_element_by_id(id).and_then(|element| element.dyn_into::<HtmlElement>().ok());
    if let Some(element) = found {
        // This can't fail: every element with such an id can take the focus.
        let _ = element.focus();
    }
}

/// Focuses the first input within the element with this id, once changes are in the document.
pub(super) fn focus_within(id: String) {
    request_animation_frame(move || {
        let found = document().query_selector(&format!("#{id} input")).ok().flatten();
        if let Some(input) = found.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
            // This can't fail: a visible input can take the focus.
            let _ = input.focus();
        }
    });
}

/// Focuses the first field that has to be filled in and is empty, once changes are in the document; if there is none, the
/// button that leads to the summary.
pub(super) fn focus_next_empty() {
    request_animation_frame(|| match first_empty() {
        Some(input) => {
            // This can't fail: a visible input can take the focus.
            let _ = input.focus();
        }
        None => focus_now(REVIEW),
    });
}

/// Finds the first required field that is empty. An empty field shows its placeholder; each required one has such, even if it
/// is a space.
fn first_empty() -> Option<HtmlElement> {
    let of_form = format!("#{FORM} :is(.points:not(.is-hidden), .step--send) input[aria-required]:placeholder-shown");
    document().query_selector(&of_form).ok()??.dyn_into().ok()
}

/// Shows the form, in which Enter leads to the next empty field, and to the summary if there is none.
pub(super) fn form(content: AnyView) -> AnyView {
    let go_on = |event: KeyboardEvent| {
        let field = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        let is_text = field.is_some_and(|field| field.class_name().contains("field__input"));
        if is_text && event.key() == "Enter" && !event.is_composing() {
            event.prevent_default();
            focus_next_empty();
        }
    };
    view! { <div class="designer__form" id=FORM on:keydown=go_on>{content}</div> }.into_any()
}
