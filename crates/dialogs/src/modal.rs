//! The dialog that is open: what is asked for is shown in a modal dialog, one at a time. The browser keeps the focus in it, closes
//! it with Escape, and gives the focus back.

use cruncher_browser::dialogs;
use cruncher_browser::programs::PageProgram;
use cruncher_browser::state::dialog_request::{DialogRequest, PaletteEntry};
use leptos::html::Dialog;
use leptos::mount::mount_to;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlDialogElement, HtmlElement};

use crate::{licences, news, palette, shortcuts};

/// What the dialog shows.
#[derive(Clone)]
pub(crate) enum ShownDialog {
    Nothing,
    Palette(Vec<PaletteEntry>),
    Shortcuts,
    News,
    Licences,
}

/// The dialog.
#[derive(Clone, Copy)]
pub(crate) struct ModalDialog {
    shown: RwSignal<ShownDialog>,
    element: NodeRef<Dialog>,
}

/// Shows what was asked for, and from now on whatever is asked for.
pub(crate) fn show() {
    let Some(place) = PageProgram::Dialogs.place() else { return };
    mount_to(place, || {
        let modal = ModalDialog { shown: RwSignal::new(ShownDialog::Nothing), element: NodeRef::new() };
        window_event_listener_untyped(dialogs::ASKED, move |_| modal.take_requests());
        Effect::new(move || {
            if modal.element.get().is_some() {
                untrack(|| modal.take_requests());
            }
        });
        modal.view()
    })
    .forget();
}

impl ModalDialog {
    /// Closes the dialog.
    pub(crate) fn close(self) {
        if let Some(element) = self.dialog() {
            element.close();
        }
    }

    fn dialog(self) -> Option<HtmlDialogElement> {
        self.element.get_untracked()
    }

    fn take_requests(self) {
        while let Some(request) = dialogs::asked() {
            match request {
                DialogRequest::Palette(entries) => self.open(ShownDialog::Palette(entries)),
                DialogRequest::Shortcuts => self.open(ShownDialog::Shortcuts),
                DialogRequest::News => self.open(ShownDialog::News),
                DialogRequest::Licences => self.open(ShownDialog::Licences),
                DialogRequest::Tell(message) => news::tell(&message),
            }
        }
    }

    fn open(self, shown: ShownDialog) {
        let is_open = self.dialog().is_some_and(|dialog| dialog.open());
        self.shown.set(shown);
        if let Some(dialog) = self.dialog().filter(|_| !is_open) {
            // A dialog in the document can be shown.
            let _ = dialog.show_modal();
        }
        // What the dialog shows is in the document when the effects have run, and no key comes before that.
        queue_microtask(move || {
            let first = self.dialog().and_then(|dialog| dialog.query_selector("[data-first]").ok()?);
            if let Some(first) = first.and_then(|first| first.dyn_into::<HtmlElement>().ok()) {
                // It can take the focus.
                let _ = first.focus();
            }
        });
    }

    fn view(self) -> AnyView {
        let content = move || match self.shown.get() {
            ShownDialog::Nothing => ().into_any(),
            ShownDialog::Palette(entries) => palette::palette(entries, self),
            ShownDialog::Shortcuts => shortcuts::shortcuts(self),
            ShownDialog::News => news::news(self),
            ShownDialog::Licences => licences::licences(self),
        };
        let label = move || match self.shown.get() {
            ShownDialog::Nothing | ShownDialog::Palette(_) => "Search",
            ShownDialog::Shortcuts => "Shortcuts",
            ShownDialog::News => "Tell me",
            ShownDialog::Licences => "Licences",
        };
        // It may have been opened again before this event comes.
        let closed = move |_| {
            if self.dialog().is_none_or(|dialog| !dialog.open()) {
                self.shown.set(ShownDialog::Nothing);
            }
        };
        // A press beside the dialog is one on the dialog itself.
        let pressed = move |event: leptos::ev::MouseEvent| {
            let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
            if target.is_some_and(|target| target.tag_name().eq_ignore_ascii_case("dialog")) {
                self.close();
            }
        };
        view! {
            <dialog
                class="modal" class:modal--palette=move || matches!(*self.shown.read(), ShownDialog::Palette(_))
                class:modal--licences=move || matches!(*self.shown.read(), ShownDialog::Licences) node_ref=self.element
                aria-label=label on:mousedown=pressed on:close=closed
            >
                {content}
            </dialog>
        }
        .into_any()
    }
}

/// Draws the head of a dialog: its name, and a button that closes it.
pub(crate) fn head(name: &'static str, modal: ModalDialog) -> AnyView {
    view! {
        <div class="modal__head">
            <h2>{name}</h2>
            <button class="quiet" data-first="" on:click=move |_| modal.close()>"Close"</button>
        </div>
    }
    .into_any()
}
