//! Pages that are programs of their own: each is loaded when it is shown for the first time.

use leptos::prelude::{RwSignal, Set, document};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, Event, HtmlElement};

use crate::state::problem::PageProblem;
use crate::state::route::Page;

/// What starts a program that `assets/start.js` is asked for: in the page as a module, and beside the page as a worker.
const START: &str = "assets/start.js?program=";

/// A page that is a program of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageProgram {
    Designer,
    Explorer,
}

impl PageProgram {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Designer, Self::Explorer];

    /// The page that it is.
    #[must_use]
    pub const fn page(self) -> Page {
        match self {
            Self::Designer => Page::Design,
            Self::Explorer => Page::Results,
        }
    }

    /// The id of the element that it fills.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Designer => "designer",
            Self::Explorer => "explorer",
        }
    }

    /// The element that it fills, in the place of what it finds there. It stays in the document, so that what was typed or
    /// chosen stays, and what is being done goes on, while another page is shown.
    #[must_use]
    pub fn place(self) -> Option<HtmlElement> {
        document().get_element_by_id(self.name())?.dyn_into().ok()
    }

    /// The address of the script that starts it.
    #[must_use]
    pub fn start_url(self) -> String {
        format!("{START}{}", self.name())
    }

    /// Loads and starts it, unless that was done before; says in `failed` if it doesn't come about.
    pub fn load(self, failed: RwSignal<Option<PageProblem>>) {
        if self.script().is_none() {
            // A document takes every element.
            let _ = self.start("", failed);
        }
    }

    /// Loads and starts it although that has failed before.
    pub fn load_again(self, failed: RwSignal<Option<PageProblem>>) {
        failed.set(None);
        if let Some(script) = self.script() {
            script.remove();
        }
        // Some browsers remember modules that they couldn't load: hence another name.
        let _ = self.start(&format!("&again={}", js_sys::Date::now()), failed);
    }

    fn script(self) -> Option<Element> {
        document().get_element_by_id(&self.script_id())
    }

    /// By this it finds the element that it is started by.
    fn script_id(self) -> String {
        format!("{}-start", self.name())
    }

    fn start(self, attempt: &str, failed: RwSignal<Option<PageProblem>>) -> Result<(), JsValue> {
        let script = document().create_element("script")?;
        script.set_id(&self.script_id());
        script.set_attribute("type", "module")?;
        script.set_attribute("src", &format!("{}{attempt}", self.start_url()))?;
        let page = self.page().name();
        let fail = Closure::<dyn FnMut(Event)>::new(move |_| failed.set(Some(PageProblem::no_program(page))));
        script.add_event_listener_with_callback("error", fail.into_js_value().unchecked_ref())?;
        document().body().ok_or(JsValue::NULL)?.append_child(&script)?;
        Ok(())
    }
}
