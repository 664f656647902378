//! The page: a passphrase or a link is asked for, and kept for as long as its owner wants.

use cruncher_browser::browser_store::forget_read;
use cruncher_browser::components::press::press;
use cruncher_browser::kept_access::{self, KeepPlace};
use cruncher_browser::programs::PageProgram;
use cruncher_browser::visit_flags::VisitFlag;
use cruncher_browser::{address, sharing};
use cruncher_study::access::{AccessKey, Role, StudyAccess};
use leptos::ev::{self, SubmitEvent};
use leptos::html::Input;
use leptos::mount::mount_to;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::opener;
use crate::sealed::{self, PublishedStudy};

const NO_LINK: &str = "There is no key in this address: it tells what is shown, and opens nothing. A link has #access= in it, and a long text \
                       behind.";
const CUT_OFF: &str = "This link is incomplete. Copy the whole link, up to its last character.";

/// State of the page.
#[derive(Clone, Copy)]
struct SignIn {
    /// The fragment that the study is opened at.
    asked_for: StoredValue<String>,
    /// What the study publishes; `None` until it is read.
    study: RwSignal<Option<Result<PublishedStudy, String>>>,
    place: RwSignal<KeepPlace>,
    /// Whether a passphrase is being tried.
    is_opening: RwSignal<bool>,
    /// What is wrong with the passphrase, and with the link.
    refused: RwSignal<Option<String>>,
    refused_link: RwSignal<Option<String>>,
}

/// Shows the page.
pub(crate) fn show() {
    let Some(place) = PageProgram::SignIn.place() else { return };
    place.set_text_content(None);
    let asked_for = address::fragment();
    let is_locked = asked_for == address::LOCKED;
    mount_to(place, move || {
        let sign_in = SignIn {
            asked_for: StoredValue::new(asked_for.clone()),
            study: RwSignal::new(None),
            place: RwSignal::new(KeepPlace::Tab),
            is_opening: RwSignal::new(false),
            refused: RwSignal::new(None),
            refused_link: RwSignal::new(None),
        };
        sign_in.read(is_locked);
        sign_in.follow_links();
        sign_in.view(is_locked, asked_for.contains('?'))
    })
    .forget();
}

impl SignIn {
    /// Reads what the study publishes. Where anyone may look, it is opened at once, unless somebody has just locked it.
    fn read(self, is_locked: bool) {
        self.study.set(None);
        spawn_local(async move {
            let study = sealed::read().await;
            match &study {
                Ok(PublishedStudy { public_viewer: Some(key), .. }) if !is_locked => look(key),
                _ => self.study.set(Some(study)),
            }
        });
    }

    /// Takes the access of a link that is opened in this tab meanwhile.
    fn follow_links(self) {
        let listener = window_event_listener(ev::hashchange, move |_| {
            if address::holds_access() {
                self.enter_link(&address::fragment());
            }
        });
        on_cleanup(move || listener.remove());
    }

    /// Opens the study with the access of a link.
    fn enter_link(self, link: &str) {
        let fragment = link.split_once('#').map_or("", |(_, fragment)| fragment);
        let access = StudyAccess::from_fragment(fragment);
        if address::holds_access() {
            // Even a link that was cut off can hold a whole key.
            address::replace(&self.asked_for.get_value());
        }
        match access {
            Ok(Some(access)) => self.enter(&access),
            Ok(None) => self.refused_link.set(Some(NO_LINK.to_owned())),
            Err(_) => self.refused_link.set(Some(CUT_OFF.to_owned())),
        }
    }

    /// Opens the study with a passphrase.
    fn open(self, passphrase: String) {
        let Some(Ok(PublishedStudy { bucket, document: Some(document), .. })) = self.study.get_untracked() else {
            return;
        };
        if passphrase.trim().is_empty() {
            return self.refused.set(Some("Type the passphrase: six words.".to_owned()));
        }
        self.refused.set(None);
        self.is_opening.set(true);
        spawn_local(async move {
            let opened = opener::open(bucket, document, passphrase).await;
            self.is_opening.set(false);
            match opened {
                Ok(access) => self.enter(&access),
                Err(reason) => self.refused.set(Some(reason)),
            }
        });
    }

    fn enter(self, access: &StudyAccess) {
        kept_access::keep(access, self.place.get_untracked());
        enter();
    }

    fn view(self, is_locked: bool, leads_to_a_view: bool) -> AnyView {
        let form = move || match self.study.get() {
            None => view! { <p class="faint" role="status">"Looking how this study is opened …"</p> }.into_any(),
            Some(Err(reason)) => view! {
                <p class="alone__error" role="alert">{reason}</p>
                <button on:click=press(move |_| self.read(is_locked))>"Try again"</button>
            }
            .into_any(),
            Some(Ok(study)) => self.forms(study),
        };
        view! {
            {is_locked.then(locked)}
            {offer()}
            {leads_to_a_view.then(|| view! { <p><strong>"This address leads to a part of the study, which opens once you are signed in."</strong></p> })}
            {form}
        }
        .into_any()
    }

    fn forms(self, study: PublishedStudy) -> AnyView {
        let has_passphrase = study.document.is_some();
        let public = study.public_viewer.map(|key| {
            view! { <button on:click=press(move |_| look(&key))>"Look without a passphrase"</button> }
        });
        let about = if has_passphrase {
            view! { <p>"Study " <strong>{study.name}</strong> " opens with its viewer's or its operator's passphrase."</p> }
                .into_any()
        } else {
            view! { <p>"Study " <strong>{study.name}</strong> " opens with a link, which holds the key: the address alone opens nothing."</p> }
                .into_any()
        };
        view! {
            {about}
            {has_passphrase.then(|| self.passphrase_form())}
            <details class="alone__link" open=!has_passphrase>
                <summary>"With a link"</summary>
                {self.link_form(!has_passphrase)}
            </details>
            {public}
            <p class="faint">
                "Whoever launched the study got the passphrases from " <code>"cruncher launch"</code> ", can make links with "
                <code>"cruncher link"</code> ", and new ones of both with " <code>"cruncher configure STUDY --rotate-keys"</code> "."
            </p>
            <p class="faint">
                <a href="assets/licences.txt" target="_blank" rel="noopener">"Licences"</a>
            </p>
        }
        .into_any()
    }

    fn passphrase_form(self) -> AnyView {
        let field = NodeRef::<Input>::new();
        let is_shown = RwSignal::new(false);
        let open = move |event: SubmitEvent| {
            event.prevent_default();
            self.open(field.get_untracked().map(|field| field.value()).unwrap_or_default());
        };
        Effect::new(move || {
            if let Some(field) = field.get() {
                // A field can take the focus.
                let _ = field.focus();
            }
        });
        let kind = move || if is_shown.get() { "text" } else { "password" };
        let is_wrong = move || self.refused.read().is_some().to_string();
        view! {
            <form class="alone__form" on:submit=open novalidate>
                <label for="passphrase">"Passphrase"</label>
                <input id="passphrase" type=kind autocomplete="current-password" autocapitalize="none" spellcheck="false" node_ref=field
                    aria-invalid=is_wrong aria-describedby="passphrase-error"/>
                <label class="alone__check">
                    <input type="checkbox" on:change=move |event| is_shown.set(event_target_checked(&event))/>
                    "Show what is typed"
                </label>
                {self.keep_choice()}
                <button type="submit" disabled=move || self.is_opening.get()>
                    {move || if self.is_opening.get() { "Opening …" } else { "Open the study" }}
                </button>
                <p id="passphrase-error" class="alone__error" role="alert">{move || self.refused.get()}</p>
            </form>
        }
        .into_any()
    }

    fn keep_choice(self) -> AnyView {
        let choice = move |place: KeepPlace| {
            view! {
                <label class="alone__check">
                    <input type="radio" name="keep" prop:checked=move || self.place.get() == place on:change=move |_| self.place.set(place)/>
                    {place.words()}
                </label>
            }
        };
        view! {
            <fieldset class="alone__keep">
                <legend>"The key is kept"</legend>
                {KeepPlace::ALL.map(choice).into_iter().collect_view()}
            </fieldset>
        }
        .into_any()
    }

    /// Draws the field for a link; `is_only` if there is no other way, which then asks how long the key is kept.
    fn link_form(self, is_only: bool) -> AnyView {
        let field = NodeRef::<Input>::new();
        let open = move |event: SubmitEvent| {
            event.prevent_default();
            self.enter_link(field.get_untracked().map(|field| field.value()).unwrap_or_default().trim());
        };
        view! {
            <form class="alone__form" on:submit=open novalidate>
                <label for="link">"Viewer's or operator's link"</label>
                <input id="link" type="url" autocomplete="off" spellcheck="false" node_ref=field aria-describedby="link-error"/>
                {is_only.then(|| self.keep_choice())}
                <button type="submit">"Open with the link"</button>
                <p id="link-error" class="alone__error" role="alert">{move || self.refused_link.get()}</p>
            </form>
        }
        .into_any()
    }
}

/// Opens the study as anyone may: until the page is closed.
fn look(key: &AccessKey) {
    let access = StudyAccess { role: Role::Viewer, key: key.clone(), worker: None, viewer: None };
    kept_access::keep(&access, KeepPlace::Page);
    enter();
}

/// Hands over to the page.
fn enter() {
    if address::fragment() == address::LOCKED {
        address::replace(address::OVERVIEW);
    }
    kept_access::tell_signed_in();
}

/// Says that the study is locked, once this browser has forgotten what was read of it.
fn locked() -> AnyView {
    let outcome = RwSignal::new(None::<bool>);
    spawn_local(async move { outcome.set(Some(forget_read(&address::page_url()).await.is_ok())) });
    let words = move || match outcome.get() {
        None => "Locked. This browser is forgetting what was read of the study …",
        Some(true) => {
            "Locked. This browser has forgotten the key, and what was read of the study. Drafts of designs stay."
        }
        Some(false) => {
            "Locked: the key is forgotten. What was read of the study could not be deleted: delete this site's data in the browser's \
             settings."
        }
    };
    view! { <p class="panel" role="status">{words}</p> }.into_any()
}

/// Offers the access of another tab, once one has answered.
fn offer() -> impl Fn() -> Option<AnyView> {
    let found = RwSignal::new(None::<StudyAccess>);
    spawn_local(async move { found.set(sharing::ask_other_tabs().await) });
    move || {
        let access = found.get()?;
        let words = format!("Another tab of this browser has this study open, as {}.", access.role);
        let share = move |_| {
            VisitFlag::Shared.set(true);
            kept_access::keep(&access, KeepPlace::Tab);
            enter();
        };
        let offer = view! {
            <section class="panel" role="status">
                <p>{words}</p>
                <button on:click=press(share)>"Open it in every tab"</button>
                <p class="faint">"Until " <b>"Lock"</b> " is pressed in one of them."</p>
            </section>
        };
        Some(offer.into_any())
    }
}
