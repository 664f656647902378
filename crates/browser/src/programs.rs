//! Programs that show pages, or dialogs above them: each is loaded when it is needed for the first time.

use leptos::prelude::{ReadUntracked, RwSignal, Set, document};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, Event, HtmlElement};

use crate::designer;
use crate::state::problem::PageProblem;
use crate::state::route::Page;

/// Address of the script that starts a program, up to the program's name. It runs in the page as a module, and beside the page
/// as a worker.
const START: &str = "assets/start.js?program=";

/// Attributes of the element that starts a program: the script sets the one when the program runs, the other one says that it
/// can't be loaded or started.
const STARTED: &str = "data-started";
const FAILED: &str = "data-failed";

/// Id of the element on the page *Attach* in which the program of the Fleet page shows the pools.
pub const POOLS: &str = "pools";

/// Returns the element that shows the pools.
#[must_use]
pub fn pools_place() -> Option<HtmlElement> {
    document().get_element_by_id(POOLS)?.dyn_into().ok()
}

/// A program that shows pages or dialogs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageProgram {
    Designer,
    Explorer,
    Fleet,
    Dialogs,
    SignIn,
}

impl PageProgram {
    /// Programs that show pages.
    pub const OF_PAGES: [Self; 3] = [Self::Designer, Self::Explorer, Self::Fleet];

    /// Whether the program shows this page.
    #[must_use]
    pub const fn shows(self, page: Page) -> bool {
        match self {
            Self::Designer => matches!(page, Page::Design),
            Self::Explorer => page.needs_rows(),
            Self::Fleet => matches!(page, Page::Fleet),
            Self::Dialogs | Self::SignIn => false,
        }
    }

    /// Returns what a reader calls what it shows.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Designer => "design page",
            Self::Explorer => "results page",
            Self::Fleet => "fleet page",
            Self::Dialogs => "search",
            Self::SignIn => "sign-in",
        }
    }

    /// Returns the program's name, which is also the id of the element that it fills.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Designer => "designer",
            Self::Explorer => "explorer",
            Self::Fleet => "fleet",
            Self::Dialogs => "dialogs",
            Self::SignIn => "sign-in",
        }
    }

    /// Returns the element that the program fills, in place of its earlier content. The element stays in the document while
    /// another page is shown, so that input stays and work goes on.
    #[must_use]
    pub fn place(self) -> Option<HtmlElement> {
        document().get_element_by_id(self.name())?.dyn_into().ok()
    }

    /// Returns the address of the script that starts the program.
    #[must_use]
    pub fn start_url(self) -> String {
        format!("{START}{}", self.name())
    }

    /// Loads and starts the program, unless that was done; after a failure once more. `failed` is set, whoever has begun it, if
    /// it can't be loaded or started.
    pub fn load(self, failed: Option<RwSignal<Option<PageProblem>>>) {
        if let Some(failed) = failed.filter(|failed| failed.read_untracked().is_some()) {
            failed.set(None);
        }
        // A document takes every element.
        let _ = match self.script() {
            Some(script) if script.has_attribute(STARTED) => Ok(()),
            Some(script) if script.has_attribute(FAILED) => {
                script.remove();
                // Some browsers remember modules that they couldn't load: hence another address.
                self.start(&format!("&again={}", js_sys::Date::now()), failed)
            }
            Some(script) => self.listen(&script, failed),
            None => self.start("", failed),
        };
    }

    fn script(self) -> Option<Element> {
        document().get_element_by_id(&self.script_id())
    }

    /// Returns the id of the element that starts the program, by which the script finds it.
    fn script_id(self) -> String {
        format!("{}-start", self.name())
    }

    fn start(self, attempt: &str, failed: Option<RwSignal<Option<PageProblem>>>) -> Result<(), JsValue> {
        let script = document().create_element("script")?;
        script.set_id(&self.script_id());
        script.set_attribute("type", "module")?;
        // Where the page was published it says which script it is to be.
        if let Ok(Some(digest)) = document().query_selector("meta[name=start-integrity]") {
            script.set_attribute("integrity", &digest.get_attribute("content").unwrap_or_default())?;
        }
        script.set_attribute("src", &format!("{}{attempt}", self.start_url()))?;
        self.listen(&script, failed)?;
        document().body().ok_or(JsValue::NULL)?.append_child(&script)?;
        Ok(())
    }

    fn listen(self, script: &Element, failed: Option<RwSignal<Option<PageProblem>>>) -> Result<(), JsValue> {
        let own = script.clone();
        let fail = Closure::<dyn FnMut(Event)>::new(move |_| {
            let problem = PageProblem::no_program(self.title());
            // The name of this attribute is valid.
            let _ = own.set_attribute(FAILED, "");
            if self == Self::Designer {
                designer::refuse_all(&problem);
            }
            if let Some(failed) = failed {
                failed.set(Some(problem));
            }
        });
        script.add_event_listener_with_callback("error", fail.into_js_value().unchecked_ref())
    }
}
