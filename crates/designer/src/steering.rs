//! Does what the Overview asks of the workers: which versions of a model count, pause, drain, redrive, forget; and notes what it has found. Makes and removes
//! the pools that the page *Attach* asks for.

use cruncher_backend::administer::control::change_control;
use cruncher_backend::administer::forget::forget;
use cruncher_backend::administer::observe::observe;
use cruncher_backend::administer::pools::{delete_own_pool, make_pool};
use cruncher_backend::administer::redrive::redrive;
use cruncher_backend::enqueue::{CombineError, combine_wanted, combine_what_is_there};
use cruncher_backend::study::{self, Study};
use cruncher_study::access::{AccessKey, StudyAccess};
use leptos::prelude::window_event_listener_untyped;
use leptos::task::spawn_local;

use cruncher_browser::state::pool_change::PoolChange;
use cruncher_browser::state::pool_problem::pool_problem;
use cruncher_browser::state::problem::PageProblem;
use cruncher_browser::state::steering::SteeringRequest;
use cruncher_browser::{address, designer, network};

/// Makes the change that was asked for before the program was loaded, and from now on each one.
pub(super) fn follow(access: &StudyAccess) {
    let key = access.key.clone();
    let make = move || {
        let (asked, key) = (designer::asked(), key.clone());
        if let Some(asked) = asked.and_then(|asked| SteeringRequest::parse(&asked)) {
            spawn_local(async move {
                match change(&asked, &key).await {
                    Ok(()) => designer::tell_sent(),
                    Err(problem) => designer::refuse(&problem),
                }
            });
        }
    };
    make();
    let key = access.key.clone();
    let change_pool = move || {
        let (asked, key) = (designer::asked_pool().and_then(|asked| PoolChange::parse(&asked)), key.clone());
        if let Some(asked) = asked {
            spawn_local(async move {
                let problem = pool(asked, &key).await.err();
                designer::tell_pool(problem.as_ref());
                designer::tell_sent();
            });
        }
    };
    change_pool();
    let key = access.key.clone();
    let combine = move || {
        let (asked, key) = (designer::asked_to_combine(), key.clone());
        if let Some(name) = asked {
            spawn_local(async move {
                designer::tell_combined(&combine(&name, &key).await);
                designer::tell_sent();
            });
        }
    };
    combine();
    window_event_listener_untyped(designer::ASKED, move |_| combine());
    window_event_listener_untyped(designer::ASKED, move |_| change_pool());
    window_event_listener_untyped(designer::ASKED, move |_| make());
}

async fn change(asked: &SteeringRequest, key: &AccessKey) -> Result<(), PageProblem> {
    let opened = study::open(network(), &address::page_url(), key).await;
    let study = opened.map_err(|error| PageProblem::from(&error))?;
    let changed = match asked {
        SteeringRequest::Redrive => return redrive_all(&study).await,
        // Nobody has asked for that: if it fails, a later look tries again.
        SteeringRequest::Observe(observation) => {
            let _ = observe(&study, observation).await;
            for (name, end) in &observation.combine {
                let _ = combine_wanted(&study, name, *end).await;
            }
            return Ok(());
        }
        SteeringRequest::Forget(workers) => forget(&study, &workers.iter().cloned().collect()).await,
        asked => change_control(&study, &|control| asked.apply(control)).await.map(|_| ()),
    };
    changed.map_err(|error| PageProblem::from(&error))
}

/// Combines what is there of a batch, and says what came of it.
async fn combine(name: &str, key: &AccessKey) -> PageProblem {
    let study = match study::open(network(), &address::page_url(), key).await {
        Ok(study) => study,
        Err(error) => return PageProblem::from(&error),
    };
    match combine_what_is_there(&study, name).await {
        Ok(outcome) => PageProblem { title: outcome.to_string(), advice: String::new(), detail: String::new() },
        Err(CombineError::Aws(error)) => PageProblem::from(&error),
        Err(error) => PageProblem {
            title: "What is there can't be combined.".into(),
            advice: "Nothing was sent. cruncher combine STUDY BATCH SCRIPT --now combines it with another script."
                .into(),
            detail: error.to_string(),
        },
    }
}

/// Makes a pool, or removes one.
async fn pool(asked: PoolChange, key: &AccessKey) -> Result<(), PageProblem> {
    let opened = study::open(network(), &address::page_url(), key).await;
    let study = opened.map_err(|error| PageProblem::from(&error))?;
    let (changed, pool) = match asked {
        PoolChange::Make(pool) => (make_pool(&study, &pool).await.map(|_| ()), pool),
        PoolChange::Remove(pool) => (delete_own_pool(&study, &pool).await, pool),
    };
    changed.map_err(|error| pool_problem(&error, &study.config.study, pool))
}

async fn redrive_all(study: &Study) -> Result<(), PageProblem> {
    let outcome = redrive(study, &|_| {}).await.map_err(|error| PageProblem::from(&error))?;
    match outcome.refused.first() {
        None => Ok(()),
        Some(first) => Err(PageProblem {
            title: "The queue refused some of the cases, which stay in the dead-letter queue.".into(),
            advice: "The others are in the queue again.".into(),
            detail: first.clone(),
        }),
    }
}
