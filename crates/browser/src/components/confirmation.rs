//! A question before something that can't be undone: a modal dialog, which the browser closes with Escape and gives the focus back from.

use leptos::html::Dialog;
use leptos::prelude::*;

use super::press::press;

/// Question of a [`ConfirmationDialog`].
pub struct ConfirmationQuestion {
    /// Title: what is about to happen, as a question.
    pub title: String,
    /// Consequence, and for whom.
    pub words: String,
    /// Name of the button that does it.
    pub action: String,
    /// Called when the reader agrees.
    pub act: Box<dyn Fn() + Send + Sync>,
}

/// The dialog of a page that asks such questions, one at a time. Copies share it.
#[derive(Clone, Copy)]
pub struct ConfirmationDialog {
    /// Name of the place that asks, by which the ids of its elements differ from those of other places.
    place: &'static str,
    question: RwSignal<Option<ConfirmationQuestion>>,
    element: NodeRef<Dialog>,
}

impl ConfirmationDialog {
    /// Creates the dialog of a place of the page, by a name that no other place has.
    #[must_use]
    pub fn new(place: &'static str) -> Self {
        Self { place, question: RwSignal::new(None), element: NodeRef::new() }
    }

    /// Asks.
    pub fn ask(self, question: ConfirmationQuestion) {
        self.question.set(Some(question));
        if let Some(dialog) = self.element.get_untracked() {
            // A dialog in the document can be shown.
            let _ = dialog.show_modal();
        }
    }

    fn close(self) {
        if let Some(dialog) = self.element.get_untracked() {
            dialog.close();
        }
    }

    /// Draws the dialog, which is there and closed as long as nothing is asked, and closes when another page is shown. The focus
    /// begins at the button that does nothing.
    #[must_use]
    pub fn view(self) -> AnyView {
        let text = move |part: fn(&ConfirmationQuestion) -> &String| {
            move || {
                self.question
                    .with(|question| question.as_ref().map(|question| part(question).clone()).unwrap_or_default())
            }
        };
        let agree = press(move |_| {
            // The dialog is closed first: what is done may draw the page anew.
            self.close();
            if let Some(question) = self.question.try_update(Option::take).flatten() {
                (question.act)();
            }
        });
        let left = window_event_listener_untyped("hashchange", move |_| self.close());
        on_cleanup(move || left.remove());
        let (title, words) = (format!("{}-question", self.place), format!("{}-consequence", self.place));
        view! {
            <dialog class="confirmation" node_ref=self.element aria-labelledby=title.clone() aria-describedby=words.clone()>
                <h2 id=title.clone()>{text(|question| &question.title)}</h2>
                <p id=words.clone()>{text(|question| &question.words)}</p>
                <div class="confirmation__buttons">
                    <button autofocus="" on:click=press(move |_| self.close())>"Cancel"</button>
                    <button class="confirmation__action" on:click=agree>{text(|question| &question.action)}</button>
                </div>
            </dialog>
        }
        .into_any()
    }
}
