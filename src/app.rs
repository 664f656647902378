//! The page as a whole: it opens the study that a link gives access to, watches it, and shows what the address names.
//!
//! The view is a function of [`LiveStudy`] and [`ReaderState`]. It is computed anew when one of their signals changes; Leptos
//! compares the result with what stands in the document, and changes only what differs.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use cruncher_aws::{Service, transport::fetch};
use cruncher_backend::{Study, study};
use cruncher_browser::components::press::press;
use cruncher_browser::components::problem_note::problem_note;
use cruncher_browser::kept_access::{self, KeepPlace};
use cruncher_browser::programs::PageProgram;
use cruncher_browser::state::problem::PageProblem;
use cruncher_browser::state::route::{BatchChoice, Page, Route};
use cruncher_browser::state::title::title;
use cruncher_browser::visit_flags::VisitFlag;
use cruncher_browser::{address, designer, frozen, network, rows, sharing, theme};
use cruncher_study::access::{AccessKey, StudyAccess};
use cruncher_study::accounting::{CaseCounts, latest};
use cruncher_study::error_groups::ErrorGroup;
use cruncher_study::number_format::counted;
use leptos::ev;
use leptos::mount::mount_to_body;
use leptos::prelude::*;

use crate::components::frame;
use crate::dialogs::Dialogs;
use crate::live::{LiveStudy, OpenStudy, PendingChange, ReaderState};
use crate::pages::{attach, overview, program, sign_in};
use crate::poll_backoff::{LookOutcome, PollBackoff};
use crate::polling::poll;
use crate::watching::{StudyWatcher, WatchWorker};
use crate::{news, scrolling};

/// Reason why a study can't be opened.
enum Closed {
    /// Nobody has signed in in this tab, or the link was only a part of one.
    NoAccess(Option<PageProblem>),
    /// The page stands in a frame of another one.
    Framed,
    /// The study couldn't be opened with the access that there is.
    Broken(PageProblem),
}

/// Opens the study and shows it, or the reason why it can't be opened. Whoever has no access signs in first.
pub(crate) async fn start() {
    theme::restore();
    let is_refused = is_framed() && frozen::label().is_none();
    let mut opened = if is_refused { Err(Closed::Framed) } else { open().await };
    if let Some(loading) = document().get_element_by_id("loading") {
        loading.remove();
    }
    while let Err(Closed::NoAccess(problem)) = opened {
        sign_in::ask(problem).await;
        opened = open().await;
    }
    mount_to_body(move || match opened {
        Ok(study) => opened_view(study),
        Err(Closed::Broken(problem)) => view! { <main class="alone">{problem_and_remedy(problem)}</main> }.into_any(),
        Err(Closed::Framed) => framed(),
        Err(Closed::NoAccess(_)) => ().into_any(),
    });
}

/// Whether this page stands in a frame of another one, which could lay itself over it and lead its reader's clicks.
fn is_framed() -> bool {
    window().top().ok().flatten().is_none_or(|top| !js_sys::Object::is(&top, &window().self_()))
}

fn framed() -> AnyView {
    let url = address::page_url().split('#').next().unwrap_or_default().to_owned();
    view! {
        <main class="alone">
            <h1>"Cruncher"</h1>
            <p>"A study doesn't open inside another page, which could lay itself over it."</p>
            <p><a href=url target="_blank" rel="noopener">"Open it in a tab of its own"</a></p>
        </main>
    }
    .into_any()
}

/// Draws what is wrong; beside a key that is refused, the way to another one.
fn problem_and_remedy(problem: PageProblem) -> AnyView {
    let again = problem.is_refused_key().then(|| {
        view! { <p><button on:click=press(|_| sharing::lock())>"Sign in anew"</button></p> }
    });
    view! { {problem_note(problem)} {again} }.into_any()
}

/// Opened study, the access to it, and the worker that was started meanwhile.
type Opened = (Study, StudyAccess, Option<WatchWorker>);

async fn open() -> Result<Opened, Closed> {
    if let Some(opened) = frozen::study() {
        let (study, access) = opened;
        return Ok((study, access, None));
    }
    let access = match address::take_access() {
        Ok(Some(access)) => access,
        Ok(None) => shared_access().await.ok_or(Closed::NoAccess(None))?,
        Err(error) => return Err(Closed::NoAccess(Some(error.into()))),
    };
    let beside = StudyWatcher::ahead(Route::parse(&address::fragment()).page);
    let opened = study::open(network(), &address::page_url(), &access.key).await;
    let study = opened.map_err(|error| Closed::Broken(PageProblem::from(&error)))?;
    Ok((study, access, beside))
}

/// Returns the access of another tab, if tabs share theirs.
async fn shared_access() -> Option<StudyAccess> {
    if !VisitFlag::Shared.is_set() {
        return None;
    }
    let access = sharing::ask_other_tabs().await?;
    kept_access::keep(&access, KeepPlace::Tab);
    Some(access)
}

fn opened_view((study, access, beside): Opened) -> AnyView {
    let StudyAccess { role, key, worker, viewer } = access;
    let live = LiveStudy::new(study.now());
    let reader = ReaderState::new(Route::parse(&address::fragment()), theme::is_dark());
    let open = OpenStudy { study, role, worker, viewer, live, reader };
    follow_address(reader.route);
    scrolling::keep_for_each_page();
    settle_batches(live, reader.route);
    overview::steering::note_findings(&open);
    let look_again = if let Some(snapshot) = frozen::snapshot() {
        live.has_rows.set(true);
        live.update(Ok(snapshot));
        UnsyncCallback::new(|()| ())
    } else {
        sharing::answer();
        watch(open.study.clone(), (key, beside), live, reader)
    };
    let name = open.study.config.study.clone();
    Effect::new(move || {
        document().set_title(&title(reader.route.read().page.name(), &name, live.snapshot.read().as_deref()));
    });
    {
        let open = open.clone();
        Effect::new(move || program::show(&open));
    }
    // A frozen study has no news, and its document no dialogs.
    let dialogs = frozen::label().is_none().then(|| {
        news::follow(&open);
        Dialogs::follow(open.clone(), look_again)
    });
    let top = {
        let open = open.clone();
        move || frame::top_bar(&open, dialogs.as_ref(), look_again)
    };
    let page = move || match reader.route.read().page {
        Page::Overview => overview::page(&open),
        Page::Attach => attach::page(&open),
        Page::Cases | Page::Errors | Page::Results => program::page(PageProgram::Explorer, reader),
        Page::Fleet => program::page(PageProgram::Fleet, reader),
        Page::Design => program::page(PageProgram::Designer, reader),
    };
    let problem = move || live.problem.get().map(problem_and_remedy);
    let said = move || reader.said.get().map(|words| view! { <p class="faint" role="status">{words}</p> });
    view! {
        <a class="skip" href="#main" on:click=press(frame::skip)>"Skip to content"</a>
        <div class="frame">
            {move || frame::rail(live, reader)}
            {top}
            <main id="main" class="frame__page" tabindex="-1">
                {problem}
                {move || program::page(PageProgram::Dialogs, reader)}
                {said}
                {page}
                {program::places()}
            </main>
        </div>
    }
    .into_any()
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

/// Tells the results how far the shown batches are. An address that names no batches gets those that were shown before, or else
/// the latest: so a copied link shows others the same, whatever is sent meanwhile.
fn settle_batches(live: LiveStudy, route: RwSignal<Route>) {
    Effect::new(move |before: Option<BatchChoice>| {
        let (batches, snapshot) = (route.get().batches, live.snapshot.get());
        let Some(snapshot) = snapshot else { return batches };
        let known = before.filter(|before| *before != BatchChoice::Unsaid);
        let known = known.or_else(|| latest(&snapshot.batches).cloned().map(BatchChoice::One));
        // If the address has just changed, its event is still to come. Another link that was opened stays whole.
        let is_unsaid = batches == BatchChoice::Unsaid
            && !address::holds_access()
            && Route::parse(&address::fragment()).batches == BatchChoice::Unsaid;
        if let (true, Some(known)) = (is_unsaid, known) {
            address::settle(&known.clone().written_into(&address::fragment()));
            return known;
        }
        let CaseCounts { cases, done, withdrawn, .. } = snapshot.counts(batches.one());
        let failures = |batch| snapshot.error_groups(batch).iter().map(ErrorGroup::len).sum::<usize>() as u64;
        let failed = failures(batches.one());
        let failed_elsewhere = failures(None) - failed;
        let workers = snapshot.alive_workers().count() as u64;
        let beyond = (snapshot.unreadable_beyond > 0)
            .then(|| ("…".to_owned(), counted(snapshot.unreadable_beyond, "further object", "further objects")));
        rows::set_unreadable(snapshot.unreadable.iter().chain(beyond.iter().map(|(key, reason)| (key, reason))));
        rows::set_combine_waits(snapshot.combine_waits(batches.one()));
        let are_rows_read = snapshot.is_checked && live.has_rows.get();
        rows::set_counts(rows::ShownCounts {
            cases,
            done,
            are_rows_read,
            workers,
            failed,
            failed_elsewhere,
            withdrawn,
            time: snapshot.time,
        });
        batches
    });
}

/// Watches the study; returns the way to look again now, and at all documents.
fn watch(
    study: Study,
    (key, beside): (AccessKey, Option<WatchWorker>),
    live: LiveStudy,
    reader: ReaderState,
) -> UnsyncCallback<()> {
    let clock = study.clone();
    let ticks = set_interval_with_handle(move || live.now.set(clock.now()), Duration::from_secs(1));
    on_cleanup(move || {
        if let Ok(ticks) = ticks {
            ticks.clear();
        }
    });
    let (bucket_url, queue_url) =
        (study.client.endpoints().bucket_url(&study.config.bucket), study.client.endpoints().service_url(Service::Sqs));
    let mut watcher = StudyWatcher::new(study, key, beside, live.reading);
    let mut backoff = PollBackoff::default();
    // A reader who comes to attach a worker waits for it to appear.
    let is_awaited = Rc::new(Cell::new(false));
    let awaits = is_awaited.clone();
    // Whether the next look lists all documents, whatever it finds otherwise.
    let is_thorough = Rc::new(Cell::new(false));
    let thorough = is_thorough.clone();
    let wake = poll(async move || {
        watcher.read_for(reader.route.read_untracked().page);
        let seen = watcher.refresh(thorough.take()).await;
        let seen = match seen {
            Err(problem) if problem.is_unreachable() => {
                let is_answered = fetch::answers(&bucket_url).await && fetch::answers(&queue_url).await;
                Err(problem.with_reason(!window().navigator().on_line(), is_answered))
            }
            seen => seen,
        };
        let look = match &seen {
            Ok(snapshot) if snapshot.has_changed => LookOutcome::Changed,
            Ok(_) => LookOutcome::Unchanged,
            Err(_) => LookOutcome::Failed,
        };
        if live.snapshot.read_untracked().is_none() {
            // The first drawing takes a while by itself: the page hears its reader before it.
            network().sleep.sleep(Duration::ZERO).await;
        }
        live.has_rows.set(watcher.reads_rows());
        live.update(seen);
        if is_awaited.take() {
            backoff = PollBackoff::default();
        }
        backoff.after(look)
    });
    let wanted = wake.clone();
    Effect::new(move || {
        let page = reader.route.read().page;
        awaits.set(page == Page::Attach);
        if page == Page::Attach || page.needs_rows() {
            wanted.now();
        }
    });
    let look_again = UnsyncCallback::new(move |()| {
        is_thorough.set(true);
        wake.now();
    });
    let listeners = [
        window_event_listener_untyped(designer::SENT, move |_| {
            reader.asked.set(None);
            look_again.run(());
        }),
        window_event_listener_untyped(designer::REFUSED, move |_| {
            let refusal = designer::refusal().map(PendingChange::Refused);
            // A note of a look that the reader didn't ask for may be refused, too.
            if reader.asked.read_untracked().is_some() {
                reader.asked.set(refusal);
            }
        }),
    ];
    on_cleanup(move || listeners.into_iter().for_each(WindowListenerHandle::remove));
    look_again
}
