//! What the worker does about sending: finds out what it comes to, sends, pauses, goes on after the end of a tab.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use cruncher_backend::Study;
use cruncher_backend::enqueue::{
    CaseOutcome, Ended, EnqueueError, Journal, Plan, Progress, Selection, Sending, SentBefore, Steering, outcomes,
    prospect, submission_id,
};
use cruncher_backend::keep::Keep;
use cruncher_backend::submitted::submitted;
use cruncher_study::access::AccessKey;
use cruncher_study::batch::Batch;
use cruncher_study::case::CaseId;
use cruncher_study::design::DesignFile;
use cruncher_study::design_document::Submission;
use futures::lock::Mutex;
use js_sys::Uint8Array;
use wasm_bindgen::JsCast;

use super::channel::{Page, Parts};
use super::messages::{Effort, FirstCase, FirstOutcome, News, Order, Prospect, Sent, Stop};
use super::points::PointMaker;
use super::sole::Sole;
use crate::platform::journals::Journals;
use crate::platform::network;
use crate::state::problem::Problem;

/// How often it is looked for the results of the first cases.
const LOOK_PAUSE: Duration = Duration::from_secs(2);

/// How often the page is told how far sending is, at most, in seconds.
const TELL_PAUSE_SECS: f64 = 0.1;

/// What sends, for one study.
#[derive(Default)]
pub(super) struct Sender {
    /// Reads tables.
    tables: PointMaker,
    open: Option<Open>,
    prepared: Option<Prepared>,
}

/// A study, and what is being sent to it. Clones share everything.
#[derive(Clone)]
struct Open {
    study: Study,
    keep: Rc<dyn Keep>,
    steering: Steering,
    /// What is being sent. Whoever sends holds it.
    sending: Rc<Mutex<Option<Sending>>>,
    /// Whose results are waited for; another number, another wait.
    wait: Rc<RefCell<u32>>,
    page: Page,
    /// Says to other tabs that this one sends.
    sole: Rc<Sole>,
}

/// What can be sent.
struct Prepared {
    plan: Plan,
    model: Vec<u8>,
    selection: Selection,
    again: Selection,
}

impl Sender {
    /// Does what the page asks for, and tells it.
    pub(super) async fn take(&mut self, order: Order, parts: Parts, page: &Page) {
        match order {
            Order::Open { page_url, key } => {
                if let Err(stop) = self.open(&page_url, &key, page).await {
                    say(page, &News::Stopped(Sent::default(), stop));
                }
            }
            Order::Import => {
                // The page has shown what came of it already.
                self.tables.import(parts).await;
            }
            Order::Prepare { file } => {
                let news = self.prepare(file, parts).await.unwrap_or_else(|reason| News::Refused { reason });
                say(page, &news);
            }
            Order::Send { hold_after, again } => self.send(hold_after, again),
            Order::Pause => self.open.iter().for_each(|open| open.steering.pause()),
            Order::GoOn => self.open.iter().for_each(Open::go_on),
            Order::Cancel => self.open.iter().for_each(Open::cancel),
            Order::Submitted => {
                if let Some(open) = &self.open {
                    match submitted(&open.study).await {
                        Ok(designs) => say(page, &News::Submitted(designs)),
                        Err(error) => say(page, &News::Refused { reason: error.to_string() }),
                    }
                }
            }
        }
    }

    /// Opens the study, and goes on with what was begun earlier.
    async fn open(&mut self, page_url: &str, key: &AccessKey, page: &Page) -> Result<(), Stop> {
        let study = cruncher_backend::study::open(network(), page_url, key).await;
        let study = study.map_err(|error| stop(Problem::from(&error)))?;
        let open = Open {
            sole: Rc::new(Sole::new(&study.config.bucket)),
            study,
            keep: Rc::new(Journals::new(page_url)),
            steering: Steering::default(),
            sending: Rc::default(),
            wait: Rc::default(),
            page: page.clone(),
        };
        self.open = Some(open.clone());
        // A browser that keeps nothing has nothing to go on with.
        let unfinished = Journal::unfinished(&*open.keep, &open.study.config.bucket).await.unwrap_or_default();
        match unfinished.into_iter().next() {
            Some(journal) => open.resume(journal).await,
            None => Ok(()),
        }
    }

    async fn prepare(&mut self, file: DesignFile, parts: Parts) -> Result<News, String> {
        let open = self.open.as_ref().ok_or("the study isn't open yet: try again in a moment")?;
        let model: Option<Uint8Array> = parts.into_iter().next().map(JsCast::unchecked_into);
        let model = model.map(|model| model.to_vec()).unwrap_or_default();
        let submission = Submission {
            id: submission_id(open.study.client.ports()),
            time: open.study.now(),
            by: "operator".to_owned(),
        };
        let plan = Plan::new(&self.tables.whole(file), &model, &submission).map_err(|error| error.to_string())?;
        let found = prospect(&open.study, &plan).await.map_err(|error| error.to_string())?;
        let selection = found.selection(&plan, SentBefore::Wait);
        let again = found.selection(&plan, SentBefore::SendAgain);
        let effort = |selection: &Selection| Effort {
            cases: selection.cases(),
            requests: selection.requests(&plan),
            expected_secs: found.fleet.expected_secs(selection.cases()),
        };
        let told = Prospect {
            batch: plan.document().batch.to_string(),
            cases: found.cases,
            done: found.done(),
            sent_before: found.sent_before(),
            duplicates: found.duplicates,
            left_out: found.left_out,
            new: effort(&selection),
            again: effort(&again),
            workers: found.fleet.workers,
            median_secs: found.fleet.median_secs,
        };
        self.prepared = Some(Prepared { plan, model, selection, again });
        Ok(News::Prospect(told))
    }

    fn send(&mut self, hold_after: Option<u64>, again: bool) {
        let (Some(open), Some(prepared)) = (self.open.clone(), self.prepared.take()) else { return };
        let Prepared { plan, model, selection, again: all } = prepared;
        let selection = if again { all } else { selection };
        *open.wait.borrow_mut() += 1;
        wasm_bindgen_futures::spawn_local(async move {
            let mut place = open.sending.lock().await;
            let (study, keep) = (&open.study, open.keep.clone());
            match Sending::begin(study, plan, &model, &selection, hold_after, keep).await {
                Ok(sending) => {
                    *place = Some(sending);
                    drop(place);
                    open.go_on();
                }
                Err(error) => say(&open.page, &News::Stopped(Sent::default(), failed(&error))),
            }
        });
    }
}

impl Open {
    /// Goes on with what an earlier tab has begun, unless another one is at it.
    async fn resume(&self, journal: Journal) -> Result<(), Stop> {
        if self.sole.is_elsewhere().await {
            return Err(Stop::Elsewhere);
        }
        let (batch, submission) = (journal.batch().clone(), journal.submission().id.clone());
        let is_held = journal.is_held();
        let plan = Plan::read_back(&self.study, &batch, &submission).await;
        let sending = match plan {
            Ok(plan) => Sending::resume(&self.study, plan, journal, self.keep.clone()).await,
            Err(error) => Err(error),
        };
        let sending = sending.map_err(|error| failed(&error))?;
        let sent = sent(&sending);
        *self.sending.lock().await = Some(sending);
        if is_held {
            say(&self.page, &News::Stopped(sent, Stop::Held));
            let open = self.clone();
            wasm_bindgen_futures::spawn_local(async move { open.show_first().await });
        } else {
            self.go_on();
        }
        Ok(())
    }

    /// Sends until everything is sent, or something stops it.
    fn go_on(&self) {
        let open = self.clone();
        open.steering.go_on();
        wasm_bindgen_futures::spawn_local(async move {
            // What became of the first cases is shown on, also while and after the rest is sent.
            if open.run().await == Some(Stop::Held) {
                open.show_first().await;
            }
        });
    }

    async fn run(&self) -> Option<Stop> {
        let mut place = self.sending.lock().await;
        let sending = place.as_mut()?;
        let _sole = self.sole.claim();
        let batch = sending.plan().document().batch.to_string();
        let mut told_secs = 0.0;
        let mut tell = |progress: Progress| {
            let now = self.study.now();
            if now - told_secs >= TELL_PAUSE_SECS {
                told_secs = now;
                say(&self.page, &News::Progress(sent_of(&batch, &progress)));
            }
        };
        let ended = sending.run(&self.steering, &mut tell).await;
        let stop = match ended {
            Ok(Ended::Complete) => Stop::Complete,
            Ok(Ended::Held) => Stop::Held,
            Ok(Ended::Paused) => Stop::Paused,
            Err(error) => failed(&error),
        };
        say(&self.page, &News::Stopped(sent(sending), stop.clone()));
        Some(stop)
    }

    /// Gives the rest up.
    fn cancel(&self) {
        let open = self.clone();
        open.steering.pause();
        *open.wait.borrow_mut() += 1;
        wasm_bindgen_futures::spawn_local(async move {
            let mut place = open.sending.lock().await;
            let Some(sending) = place.as_mut() else { return };
            let sent = sent(sending);
            match sending.cancel().await {
                Ok(_) => {
                    *place = None;
                    say(&open.page, &News::Stopped(sent, Stop::Cancelled));
                }
                Err(error) => say(&open.page, &News::Stopped(sent, failed(&error))),
            }
        });
    }

    /// Looks for the results of the first cases until they are there, or something else is wanted.
    async fn show_first(&self) {
        let wait = {
            let mut wait = self.wait.borrow_mut();
            *wait += 1;
            *wait
        };
        let Some((batch, cases)) = self.first().await else { return };
        loop {
            let Ok(found) = outcomes(&self.study, &batch, &cases).await else { return };
            let is_settled = found.iter().all(CaseOutcome::is_settled);
            let first = cases.iter().zip(&found).map(|(case, outcome)| first_case(*case, outcome)).collect();
            if *self.wait.borrow() != wait {
                return;
            }
            say(&self.page, &News::First(first));
            if is_settled {
                return;
            }
            self.study.client.ports().sleep.sleep(LOOK_PAUSE).await;
        }
    }

    /// The first cases that were sent, if the rest waited or waits for them.
    async fn first(&self) -> Option<(Batch, Vec<CaseId>)> {
        let place = self.sending.lock().await;
        let sending = place.as_ref()?;
        let count = usize::try_from(sending.journal().hold_after()?).ok()?;
        let places = sending.journal().first(count);
        let cases = places.into_iter().map(|place| sending.plan().cases().case_id(place as usize)).collect();
        Some((sending.journal().batch().clone(), cases))
    }
}

fn sent(sending: &Sending) -> Sent {
    let journal = sending.journal();
    Sent { batch: journal.batch().to_string(), accepted: journal.accepted(), of: journal.of(), ..Sent::default() }
}

fn sent_of(batch: &str, progress: &Progress) -> Sent {
    Sent {
        batch: batch.to_owned(),
        accepted: progress.sent,
        of: progress.of,
        rate: progress.rate,
        remaining_secs: progress.remaining_secs(),
        is_throttled: progress.throttled > 0,
    }
}

fn failed(error: &EnqueueError) -> Stop {
    stop(match error {
        EnqueueError::Aws(error) => Problem::from(error),
        other => Problem {
            title: "Sending was interrupted.".to_owned(),
            advice: "What was sent stays in the queue. Try again, or cancel the rest.".to_owned(),
            detail: other.to_string(),
        },
    })
}

fn stop(Problem { title, advice, detail }: Problem) -> Stop {
    Stop::Failed { title, advice, detail }
}

fn first_case(case_id: CaseId, outcome: &CaseOutcome) -> FirstCase {
    let outcome = match outcome {
        CaseOutcome::Waiting => FirstOutcome::Waiting,
        CaseOutcome::Done(document) => FirstOutcome::Done {
            duration_secs: document.duration_secs(),
            result: serde_json::to_string_pretty(&document.result).unwrap_or_default(),
            warnings: document.warnings.clone(),
        },
        CaseOutcome::Failed(document) => FirstOutcome::Failed {
            error: document.summary(),
            traceback: document.traceback.clone(),
            is_final: document.is_final,
        },
    };
    FirstCase { case_id, outcome }
}

fn say(page: &Page, news: &News) {
    page.say(news, &[]).expect("texts and numbers can be handed over");
}
