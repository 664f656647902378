//! Changes which versions of a model count, when the page asks for that.

use cruncher_backend::administer::control::change_control;
use cruncher_backend::study;
use cruncher_study::access::{AccessKey, StudyAccess};
use leptos::prelude::window_event_listener_untyped;
use leptos::task::spawn_local;

use cruncher_browser::state::problem::PageProblem;
use cruncher_browser::state::versions::VersionChange;
use cruncher_browser::{address, designer, network};

/// Makes the change that was asked for before the program was loaded, and from now on each one.
pub(super) fn follow(access: &StudyAccess) {
    let key = access.key.clone();
    let make = move || {
        let (asked, key) = (designer::asked(), key.clone());
        if let Some(asked) = asked.and_then(|asked| VersionChange::parse(&asked)) {
            spawn_local(async move {
                match change(&asked, &key).await {
                    Ok(()) => designer::tell_sent(),
                    Err(problem) => designer::refuse(&problem),
                }
            });
        }
    };
    make();
    window_event_listener_untyped(designer::ASKED, move |_| make());
}

async fn change(asked: &VersionChange, key: &AccessKey) -> Result<(), PageProblem> {
    let opened = study::open(network(), &address::page_url(), key).await;
    let study = opened.map_err(|error| PageProblem::from(&error))?;
    let changed = change_control(&study, &|control| asked.apply(control)).await;
    changed.map(|_| ()).map_err(|error| PageProblem::from(&error))
}
