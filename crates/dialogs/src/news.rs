//! How a reader is told of events: by a notification of the browser, and by a webhook that the page calls.

use cruncher_browser::kept_text::KeptText;
use cruncher_browser::state::dialog_request::EventMessage;
use cruncher_browser::visit_flags::VisitFlag;
use js_sys::{Date, Reflect};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Notification, NotificationOptions, NotificationPermission};

use crate::modal::{ModalDialog, head};
use crate::state::webhook_call::{body, told, webhook_url};
use crate::webhook;

const DENIED: &str =
    "This browser refuses notifications of this page. Its settings for the page, beside the address, allow them again.";
const PLAIN: &str =
    "Not possible here: browsers allow notifications only to pages that come by https, or from this computer.";
const UNKNOWN: &str = "Not possible here: this browser has no notifications.";

/// Tells of an event in every way that the reader wants.
pub(crate) fn tell(message: &EventMessage) {
    if VisitFlag::Told.is_set() && obstacle().is_none() {
        notify(message);
    }
    if let Some(url) = KeptText::Webhook.get() {
        webhook::call(url, body(message, Date::now() / 1000.0), |_| {});
    }
}

fn notify(EventMessage { study, event, text }: &EventMessage) {
    let options = NotificationOptions::new();
    options.set_body(&told(event, text));
    options.set_tag(&format!("{study} {event}"));
    // Some browsers of phones show none to a page without a service worker.
    let _ = Notification::new_with_options(&format!("{study} · Cruncher"), &options);
}

/// Returns the reason why this browser can't notify, if there is one.
fn obstacle() -> Option<&'static str> {
    if !window().is_secure_context() {
        return Some(PLAIN);
    }
    if !Reflect::has(&window(), &"Notification".into()).unwrap_or(false) {
        return Some(UNKNOWN);
    }
    (Notification::permission() == NotificationPermission::Denied).then_some(DENIED)
}

/// Draws the switch of notifications and the field of the webhook.
pub(crate) fn news(modal: ModalDialog) -> AnyView {
    view! {
        {head("Tell me", modal)}
        <p>"When the study ends, when it halts, and when cases fail in a way that was not seen before."</p>
        {notification()}
        {webhook_field()}
        <p class="faint">
            "As long as this page is open in a tab, which then looks once a minute also while it is hidden. Without a page: "
            <code>"cruncher status STUDY --watch --exec COMMAND"</code>
        </p>
    }
    .into_any()
}

fn notification() -> AnyView {
    let problem = RwSignal::new(obstacle());
    let is_on = RwSignal::new(VisitFlag::Told.is_set() && problem.get_untracked().is_none());
    let switch = move |event| {
        if !event_target_checked(&event) {
            VisitFlag::Told.set(false);
            return is_on.set(false);
        }
        is_on.set(true);
        spawn_local(async move {
            let asked = Notification::request_permission().map(JsFuture::from);
            if let Ok(asked) = asked {
                // The answer stands in the permission.
                let _ = asked.await;
            }
            let is_granted = Notification::permission() == NotificationPermission::Granted;
            let refusal = "Not allowed: press the switch again to be asked once more.";
            problem.set(if is_granted { None } else { obstacle().or(Some(refusal)) });
            VisitFlag::Told.set(is_granted);
            is_on.set(is_granted);
        });
    };
    let is_impossible = move || obstacle().is_some() && problem.get().is_some();
    view! {
        <label class="modal__switch">
            <input type="checkbox" role="switch" aria-describedby="news-problem" prop:checked=is_on disabled=is_impossible on:change=switch/>
            "Notification of this browser"
        </label>
        <p id="news-problem" class="modal__problem" role="status">{move || problem.get()}</p>
    }
    .into_any()
}

fn webhook_field() -> AnyView {
    let typed = RwSignal::new(KeptText::Webhook.get().unwrap_or_default());
    let said = RwSignal::new(String::new());
    let problem = Memo::new(move |_| webhook_url(&typed.read()).err());
    let type_in = move |event| {
        typed.set(event_target_value(&event));
        said.set(String::new());
        if let Ok(url) = webhook_url(&typed.read_untracked()) {
            KeptText::Webhook.set(&url);
        }
    };
    let try_it = move |_| {
        let Ok(url) = webhook_url(&typed.read_untracked()) else { return };
        let text = "this is how an event is told".to_owned();
        let study = document().query_selector(".top__study").ok().flatten().and_then(|name| name.text_content());
        let message = EventMessage { study: study.unwrap_or_default(), event: "test".to_owned(), text };
        said.set("Sending …".to_owned());
        webhook::call(url, body(&message, Date::now() / 1000.0), move |outcome| {
            said.set(match outcome {
                Ok(()) => "Sent. What the address answers isn't told to a page: look whether it came.".to_owned(),
                Err(reason) => format!("Not sent: nothing answers there, or it isn't let through ({reason})."),
            });
        });
    };
    let has_none = move || typed.read().trim().is_empty() || problem.get().is_some();
    view! {
        <div class="modal__field">
            <label for="webhook">"Webhook"</label>
            <input
                id="webhook" type="url" autocomplete="off" spellcheck="false" placeholder="https://hooks.slack.com/services/…"
                aria-describedby="webhook-note webhook-said" aria-invalid=move || problem.get().is_some().to_string()
                prop:value=typed on:input=type_in
            />
            <button disabled=has_none on:click=try_it>"Try it"</button>
        </div>
        <p id="webhook-said" class="modal__problem" role="status">{move || problem.get().map_or_else(|| said.get(), str::to_owned)}</p>
        <p id="webhook-note" class="faint">
            "An address that this page calls at each event (POST) with "
            <code>"{\"study\", \"event\", \"text\", \"time\"}"</code>
            ". It is kept in this browser alone."
        </p>
    }
    .into_any()
}
