//! The page as a whole: it opens the study that a link gives access to, watches it, and shows what the address names.

use std::time::Duration;

use cruncher_backend::Study;
use cruncher_backend::study::fetch_config;
use cruncher_backend::watch::Watch;
use cruncher_study::access::{Access, AccessKey, Role};
use leptos::ev;
use leptos::prelude::*;

use crate::components::frame::Frame;
use crate::components::problem_note::ProblemNote;
use crate::pages::attach::AttachPage;
use crate::pages::closed::ClosedPage;
use crate::pages::errors::ErrorsPage;
use crate::pages::overview::OverviewPage;
use crate::platform::polling::{Wake, poll};
use crate::platform::{address, network, theme};
use crate::state::live::Live;
use crate::state::pace::{Look, Pace};
use crate::state::problem::Problem;
use crate::state::route::{Page, Route};

/// The study and what this tab may do with it: what pages take from the context.
#[derive(Clone)]
pub(crate) struct OpenStudy {
    pub(crate) study: Study,
    pub(crate) role: Role,
    /// The workers' key, if this tab may show it.
    pub(crate) worker: Option<AccessKey>,
}

/// Whether the page is dark: what is drawn on a canvas has to know.
#[derive(Clone, Copy)]
pub(crate) struct Dark(pub(crate) RwSignal<bool>);

/// What stands in the way of a study.
#[derive(Clone)]
enum Closed {
    /// Nobody gave this tab a link, or only a part of one.
    NoAccess(Option<Problem>),
    /// The study isn't to be had.
    Broken(Problem),
}

/// The page.
#[component]
pub(crate) fn App() -> impl IntoView {
    theme::restore();
    let opened = LocalResource::new(open);
    move || {
        opened.get().map(|opened| match opened {
            Ok(study) => view! { <Opened study /> }.into_any(),
            Err(Closed::NoAccess(problem)) => view! { <ClosedPage problem /> }.into_any(),
            Err(Closed::Broken(problem)) => view! { <main class="alone"><ProblemNote problem /></main> }.into_any(),
        })
    }
}

async fn open() -> Result<OpenStudy, Closed> {
    let access = match address::take_access() {
        Ok(Some(access)) => access,
        Ok(None) => return Err(Closed::NoAccess(None)),
        Err(error) => return Err(Closed::NoAccess(Some(error.into()))),
    };
    let ports = network();
    let config =
        fetch_config(&ports, &address::page_url()).await.map_err(|error| Closed::Broken(Problem::from(&error)))?;
    let Access { role, key, worker } = access;
    Ok(OpenStudy { study: Study::new(ports, config, &key), role, worker })
}

#[component]
fn Opened(study: OpenStudy) -> impl IntoView {
    let live = Live::new(study.study.now());
    let route = RwSignal::new(Route::parse(&address::fragment()));
    follow_address(route);
    provide_context(live);
    provide_context(route);
    provide_context(Dark(RwSignal::new(theme::is_dark())));
    provide_context(watch(study.study.clone(), live));
    let name = study.study.config.study.clone();
    Effect::new(move || document().set_title(&format!("{} · {name} · Cruncher", route.read().page.name())));
    provide_context(study);
    let page = Memo::new(move |_| route.read().page);
    view! {
        <Frame>
            {move || match page.get() {
                Page::Overview => view! { <OverviewPage /> }.into_any(),
                Page::Attach => view! { <AttachPage /> }.into_any(),
                Page::Errors => view! { <ErrorsPage /> }.into_any(),
            }}
        </Frame>
    }
}

fn follow_address(route: RwSignal<Route>) {
    let listener = window_event_listener(ev::hashchange, move |_| {
        if address::holds_access() {
            // Another link was opened in this tab.
            address::reload();
        } else {
            route.set(Route::parse(&address::fragment()));
        }
    });
    on_cleanup(move || listener.remove());
}

fn watch(study: Study, live: Live) -> Wake {
    let clock = study.clone();
    let ticks = set_interval_with_handle(move || live.now.set(clock.now()), Duration::from_secs(1));
    on_cleanup(move || {
        if let Ok(ticks) = ticks {
            ticks.clear();
        }
    });
    let mut watch = Watch::new(study);
    let mut pace = Pace::default();
    poll(async move || {
        let seen = watch.refresh().await;
        let look = match &seen {
            Ok(snapshot) if snapshot.has_changed => Look::Changed,
            Ok(_) => Look::Unchanged,
            Err(_) => Look::Failed,
        };
        live.take(seen.map_err(|error| Problem::from(&error)));
        pace.after(look)
    })
}
