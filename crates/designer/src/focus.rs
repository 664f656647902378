//! Sets the focus, which brings an element into the window; and the ways through the page for whoever has no mouse.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlInputElement};

/// The button that leads to the summary of what is to be sent.
pub(super) const REVIEW: &str = "review";

/// Everything that is typed in.
const FORM: &str = "design-form";

/// A part of the page that can be skipped to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FocusPart {
    /// Where the model is chosen.
    Model,
    /// Where points come from.
    Points,
    /// What they look like.
    Preview,
    /// Sending.
    Send,
}

impl FocusPart {
    const ALL: [Self; 4] = [Self::Model, Self::Points, Self::Preview, Self::Send];

    /// The id of its element.
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

/// Links to the parts, seen by whoever comes to them by keyboard. The address behind `#` is the page's: so they are buttons.
pub(super) fn skip_links() -> AnyView {
    let link =
        |part: FocusPart| view! { <button class="skip" on:click=move |_| focus(part.id())>{part.link()}</button> };
    view! { <nav class="skips" aria-label="Parts of the design">{FocusPart::ALL.map(link)}</nav> }.into_any()
}

/// Focuses the element with this id once what has changed is in the document. Without one nothing happens.
pub(super) fn focus(id: &'static str) {
    request_animation_frame(move || focus_now(id));
}

fn focus_now(id: &str) {
    let found = document().get_element_by_id(id).and_then(|element| element.dyn_into::<HtmlElement>().ok());
    if let Some(element) = found {
        // Whatever has such an id can take the focus.
        let _ = element.focus();
    }
}

/// Focuses the first input within the element with this id, once what has changed is in the document.
pub(super) fn focus_within(id: String) {
    request_animation_frame(move || {
        let found = document().query_selector(&format!("#{id} input")).ok().flatten();
        if let Some(input) = found.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
            // An input that is seen can take the focus.
            let _ = input.focus();
        }
    });
}

/// Focuses the first field that has to be filled in and is empty, once what has changed is in the document; without one the
/// button that leads to the summary.
pub(super) fn focus_next_empty() {
    request_animation_frame(|| match first_empty() {
        Some(input) => {
            // An input that is seen can take the focus.
            let _ = input.focus();
        }
        None => focus_now(REVIEW),
    });
}

/// A field shows its placeholder as long as it is empty; each that has to be filled in has one, be it a space.
fn first_empty() -> Option<HtmlElement> {
    let of_form = format!("#{FORM} :is(.points:not(.is-hidden), .step--send) input[aria-required]:placeholder-shown");
    document().query_selector(&of_form).ok()??.dyn_into().ok()
}

/// The form, in which Enter leads to the next empty field, and to the summary where there is none.
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
