//! The worker's part in sending: it summarises what would be sent, sends, pauses, and goes on after the end of a tab.

mod reports;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use cruncher_backend::Study;
use cruncher_backend::administer::control::control;
use cruncher_backend::enqueue::key_value_store::KeyValueStore;
use cruncher_backend::enqueue::{
    CaseOutcome, CaseSelection, EnqueuePlan, EnqueueProgress, Journal, PauseHandle, PointsOutcome, SendEnd, SentBefore,
    SubmissionSender, outcomes, points_outcome, preflight, send_points, submission_id,
};
use cruncher_backend::fetch::submitted::{submitted, submitted_content, submitted_model};
use cruncher_backend::study::ReadError;
use cruncher_browser::network;
use cruncher_browser::state::problem::PageProblem;
use cruncher_browser::worker_channel::PageChannel;
use cruncher_study::access::AccessKey;
use cruncher_study::batch::Batch;
use cruncher_study::case::{CaseId, Parameters};
use cruncher_study::design::DesignFile;
use cruncher_study::design_document::{DesignDocument, Submission};
use futures::future::try_join3;
use futures::lock::Mutex;
use js_sys::Uint8Array;
use wasm_bindgen::JsCast;

use self::reports::{failed, first_case, no_points, points_failed, sent, sent_of, stop};
use super::json_message::{JsonMessage, Parts};
use super::messages::{
    PointsCase, PreflightSummary, SendEffort, SendNews, SendOrder, SendProgress, StopReason, WaitingCases,
};
use super::points::PointMaker;
use super::tab_lock::{TabClaim, TabLock};
use crate::journals::BrowserJournals;
use crate::state::earlier;

const NOT_OPEN: &str = "the study can't be opened: try again in a moment";

/// Pause between two looks for the results of the first cases.
const LOOK_PAUSE: Duration = Duration::from_secs(2);

/// Least time between two messages on the progress of sending, in seconds.
const TELL_PAUSE_SECS: f64 = 0.1;

/// Sender of cases to one study.
#[derive(Default)]
pub(super) struct CaseSender {
    /// Reader of tables.
    tables: PointMaker,
    /// The page's address, and the key.
    access: Option<(String, AccessKey)>,
    open: Option<Open>,
    prepared: Option<Prepared>,
}

/// A study, and the sending to it. Clones share everything.
#[derive(Clone)]
struct Open {
    study: Study,
    keep: Rc<dyn KeyValueStore>,
    pause_handle: PauseHandle,
    /// The submission that is being sent. The task that sends holds the lock.
    sending: Rc<Mutex<Option<SubmissionSender>>>,
    /// Number of the current wait for first results; an earlier wait ends when the number has changed.
    wait: Rc<RefCell<u32>>,
    /// Number of the current wait for a script's table.
    points_wait: Rc<RefCell<u32>>,
    page: PageChannel,
    /// Asks other tabs whether they send.
    tab_lock: Rc<TabLock>,
    /// Tells other tabs that this one sends, as long as there is something to send, be it paused.
    claim: Rc<RefCell<Option<TabClaim>>>,
}

/// A plan that can be sent.
struct Prepared {
    plan: EnqueuePlan,
    model: Vec<u8>,
    selection: CaseSelection,
    again: CaseSelection,
}

impl CaseSender {
    /// Carries out an order of the page, and reports to it.
    pub(super) async fn follow(&mut self, order: SendOrder, parts: Parts, page: &PageChannel) {
        match order {
            SendOrder::Open { page_url, key } => {
                self.access = Some((page_url, key));
                self.open(page).await;
            }
            SendOrder::Import { reading } => {
                // The page has shown the result already.
                self.tables.import(reading, parts).await;
            }
            SendOrder::Prepare { file } => {
                let news = self.prepare(file, parts, page).await.unwrap_or_else(|reason| SendNews::Refused { reason });
                send_news(page, news);
            }
            SendOrder::Send { hold_after, again } => {
                self.send(hold_after, if again { SentBefore::SendAgain } else { SentBefore::Wait });
            }
            SendOrder::Pause => self.open.iter().for_each(|open| open.pause_handle.pause()),
            SendOrder::GoOn => self.go_on(page).await,
            SendOrder::Cancel => match &self.open {
                Some(open) => open.cancel(),
                None => send_news(page, SendNews::Nothing),
            },
            SendOrder::Forget => self.forget(page).await,
            SendOrder::Submitted => match &self.open {
                Some(open) => open.tell_submitted(),
                None => send_news(page, SendNews::NotSubmitted { reason: NOT_OPEN.to_owned() }),
            },
            SendOrder::ComputePoints { name, batch } => match &self.open {
                Some(open) => open.compute_points(name, batch.as_deref(), parts),
                None => send_news(page, SendNews::NoPoints(no_points(NOT_OPEN))),
            },
            SendOrder::FollowPoints(case) => match &self.open {
                Some(open) => open.follow_points(case),
                None => send_news(page, SendNews::NoPoints(no_points(NOT_OPEN))),
            },
            SendOrder::ForgetPoints => self.open.iter().for_each(|open| *open.points_wait.borrow_mut() += 1),
            SendOrder::ReadModel(design) => match &self.open {
                Some(open) => open.tell_model(design),
                None => send_news(page, SendNews::SubmittedModel(design, Err(NOT_OPEN.to_owned()), None)),
            },
        }
    }

    /// Opens the study, and goes on with an enqueueing that was begun earlier.
    async fn open(&mut self, page: &PageChannel) {
        match self.try_to_open(page).await {
            Ok(true) => {}
            Ok(false) => send_news(page, SendNews::Nothing),
            Err(stop) => send_news(page, SendNews::Stopped(SendProgress::default(), stop)),
        }
    }

    /// Goes on with the sending that was stopped, or tries once more to find out whether there is one.
    async fn go_on(&mut self, page: &PageChannel) {
        // A locked place belongs to a task that sends, or is about to.
        let is_known = |open: &&Open| open.sending.try_lock().is_none_or(|place| place.is_some());
        match self.open.as_ref().filter(is_known) {
            Some(open) => {
                open.pause_handle.go_on();
                open.go_on();
            }
            None => self.open(page).await,
        }
    }

    /// Opens the study. Returns whether there is an enqueueing to go on with.
    async fn try_to_open(&mut self, page: &PageChannel) -> Result<bool, StopReason> {
        let Some((page_url, key)) = &self.access else { return Ok(false) };
        let study = cruncher_backend::study::open(network(), page_url, key).await;
        let study = study.map_err(|error| stop(PageProblem::from(&error)))?;
        let open = Open {
            tab_lock: Rc::new(TabLock::new(&study.config.bucket)),
            claim: Rc::default(),
            study,
            keep: Rc::new(BrowserJournals::new(page_url)),
            pause_handle: PauseHandle::default(),
            sending: Rc::default(),
            wait: Rc::default(),
            points_wait: Rc::default(),
            page: page.clone(),
        };
        self.open = Some(open.clone());
        // A browser that keeps nothing has no journal to go on with.
        let unfinished = Journal::unfinished(&*open.keep, &open.study.config.bucket).await.unwrap_or_default();
        match unfinished.into_iter().next() {
            Some(journal) => open.resume(journal).await,
            None => Ok(false),
        }
    }

    /// Forgets enqueueings that can't go on.
    async fn forget(&mut self, page: &PageChannel) {
        if let Some(open) = &self.open {
            let bucket = &open.study.config.bucket;
            for journal in Journal::unfinished(&*open.keep, bucket).await.unwrap_or_default() {
                // A journal that can't be deleted comes up again when the page is opened the next time.
                let _ = SubmissionSender::forget(&open.study, &journal, &*open.keep).await;
            }
        }
        send_news(page, SendNews::Nothing);
    }

    async fn prepare(&mut self, file: DesignFile, parts: Parts, page: &PageChannel) -> Result<SendNews, String> {
        if self.open.is_none() {
            // The reason why the study couldn't be opened may be over.
            self.open(page).await;
        }
        let open = self.open.as_ref().ok_or(NOT_OPEN)?;
        let model: Option<Uint8Array> = parts.into_iter().next().map(JsCast::unchecked_into);
        let model = model.map(|model| model.to_vec()).unwrap_or_default();
        let submission = Submission {
            id: submission_id(open.study.client.ports()),
            time: open.study.now(),
            by: "operator".to_owned(),
        };
        let plan =
            EnqueuePlan::new(&self.tables.whole(file), &model, &submission).map_err(|error| error.to_string())?;
        plan.check_attempts(open.study.config.max_receives).map_err(|error| error.to_string())?;
        let looks = try_join3(preflight(&open.study, &plan), submitted(&open.study, &[]), control(&open.study));
        let (found, mut designs, control) = looks.await.map_err(|error| error.to_string())?;
        designs.retain(|design| design.retry_of.is_none() && !control.withdraws(&design.submission));
        let selection = found.selection(&plan, SentBefore::Wait);
        let again = found.selection(&plan, SentBefore::SendAgain);
        let effort = |selection: &CaseSelection| SendEffort {
            cases: selection.cases(),
            requests: selection.requests(&plan),
            expected_secs: found.expected_secs(selection),
        };
        let before = WaitingCases { cases: found.waiting, expected_secs: found.fleet.expected_secs(found.waiting) };
        let told = PreflightSummary {
            batch: plan.document().batch.to_string(),
            cases: found.cases,
            done: found.done(),
            sent_before: found.sent_before(),
            failed_before: found.failed_before(),
            duplicates: found.duplicates,
            left_out: found.left_out,
            new: effort(&selection),
            workers: found.fleet.workers,
            halted_workers: found.fleet.halted,
            before,
            unreadable: found.unreadable.clone(),
            earlier: earlier::of_other_models(plan.document(), &designs)
                .or_else(|| earlier::of_other_designs(found.others, found.others_done, found.cases)),
        };
        self.prepared = Some(Prepared { plan, model, selection, again });
        Ok(SendNews::Prospect(told))
    }

    fn send(&mut self, hold_after: Option<u64>, sent_before: SentBefore) {
        let (Some(open), Some(prepared)) = (self.open.clone(), self.prepared.take()) else { return };
        let Prepared { plan, model, selection, again } = prepared;
        let selection = match sent_before {
            SentBefore::Wait => selection,
            SentBefore::SendAgain => again,
        };
        *open.wait.borrow_mut() += 1;
        // From here on a pause is meant for this sending.
        open.pause_handle.go_on();
        *open.claim.borrow_mut() = Some(open.tab_lock.insist());
        wasm_bindgen_futures::spawn_local(async move {
            let mut place = open.sending.lock().await;
            let (study, keep) = (&open.study, open.keep.clone());
            *place = None;
            match SubmissionSender::begin(study, plan, &model, &selection, hold_after, keep).await {
                Ok(sending) => {
                    *place = Some(sending);
                    drop(place);
                    open.go_on();
                }
                Err(error) => {
                    *open.claim.borrow_mut() = None;
                    send_news(&open.page, SendNews::Refused { reason: error.to_string() });
                }
            }
        });
    }
}

impl Open {
    /// Goes on with an enqueueing that an earlier tab has begun, unless another tab sends. Returns whether there is something
    /// to go on with.
    async fn resume(&self, journal: Journal) -> Result<bool, StopReason> {
        let claim = self.tab_lock.claim();
        if self.tab_lock.is_elsewhere().await {
            return Err(StopReason::Elsewhere);
        }
        let stop = match (journal.is_held(), journal.is_paused() && !journal.is_cancelling()) {
            (true, _) => Some(StopReason::Held),
            (false, true) => Some(StopReason::Paused),
            (false, false) => None,
        };
        let read_back = SubmissionSender::read_back(&self.study, journal, self.keep.clone()).await;
        let Some(sending) = read_back.map_err(|error| failed(&error))? else { return Ok(false) };
        let sent = sent(&sending);
        *self.sending.lock().await = Some(sending);
        *self.claim.borrow_mut() = Some(claim);
        match stop {
            Some(stop) => {
                send_news(&self.page, SendNews::Stopped(sent, stop.clone()));
                self.look_on(&stop);
            }
            None => self.go_on(),
        }
        Ok(true)
    }

    /// Sends until everything is sent, or something stops it.
    fn go_on(&self) {
        let open = self.clone();
        wasm_bindgen_futures::spawn_local(async move {
            if let Some(stop) = open.run().await {
                open.look_on(&stop);
            }
        });
    }

    /// Shows the outcomes of the first cases, also while and after the rest is sent.
    fn look_on(&self, stop: &StopReason) {
        let open = self.clone();
        if *stop == StopReason::Held {
            // This runs as a task of its own, so that orders are carried out meanwhile.
            wasm_bindgen_futures::spawn_local(async move { open.show_first().await });
        }
    }

    /// Reports which designs were submitted. That may take long, so it runs as a task of its own, and orders are carried out
    /// meanwhile.
    fn tell_submitted(&self) {
        let open = self.clone();
        wasm_bindgen_futures::spawn_local(async move {
            let news = match submitted(&open.study, &[]).await {
                Ok(designs) => SendNews::Submitted(designs),
                Err(error) => SendNews::NotSubmitted { reason: error.to_string() },
            };
            send_news(&open.page, news);
        });
    }

    /// Reports the model of a design that was submitted.
    fn tell_model(&self, design: Box<DesignDocument>) {
        let open = self.clone();
        wasm_bindgen_futures::spawn_local(async move {
            let model = submitted_content(&open.study, &design.model).await;
            let script = match &design.combine {
                Some(combine) => Some(submitted_model(&open.study, &combine.model).await),
                None => None,
            };
            let parts = model.iter().map(|content| Uint8Array::from(&**content).into()).collect();
            let value = SendNews::SubmittedModel(design, model.map(|_| ()), script);
            open.page.send(JsonMessage { value, parts }).expect("an array of bytes can be handed over");
        });
    }

    /// Sends a script to a worker, and waits for its table.
    fn compute_points(&self, name: String, batch: Option<&str>, parts: Parts) {
        let (open, wait) = (self.clone(), self.new_points_wait());
        let batch = batch.and_then(|batch| Batch::parse(batch).ok());
        let script: Option<Uint8Array> = parts.into_iter().next().map(JsCast::unchecked_into);
        let script = script.map(|script| script.to_vec()).unwrap_or_default();
        wasm_bindgen_futures::spawn_local(async move {
            let sent = send_points(&open.study, batch.as_ref(), (&name, &script), "operator".to_owned()).await;
            if *open.points_wait.borrow() != wait {
                return;
            }
            match sent {
                Ok(plan) => {
                    let (batch, submission) = (plan.document().batch.to_string(), plan.document().submission.clone());
                    send_news(&open.page, SendNews::PointsSent(PointsCase { name, batch, submission }));
                    open.show_points(&plan, wait).await;
                }
                Err(error) => send_news(&open.page, SendNews::NoPoints(no_points(&error.to_string()))),
            }
        });
    }

    /// Waits for the table of a script that was sent before the page was opened.
    fn follow_points(&self, case: PointsCase) {
        let (open, wait) = (self.clone(), self.new_points_wait());
        wasm_bindgen_futures::spawn_local(async move {
            let Ok(batch) = Batch::parse(&case.batch) else { return };
            match EnqueuePlan::read_back(&open.study, &batch, &case.submission).await {
                Ok(plan) => open.show_points(&plan, wait).await,
                Err(error) => send_news(&open.page, SendNews::NoPoints(no_points(&error.to_string()))),
            }
        });
    }

    fn new_points_wait(&self) -> u32 {
        let mut wait = self.points_wait.borrow_mut();
        *wait += 1;
        *wait
    }

    /// Looks for the table of a script until it is there, or another wait has begun.
    async fn show_points(&self, plan: &EnqueuePlan, wait: u32) {
        loop {
            let found = points_outcome(&self.study, plan).await;
            if *self.points_wait.borrow() != wait {
                return;
            }
            match found {
                Ok(PointsOutcome::Table(table)) => {
                    let parts = Parts::from([Uint8Array::from(table.as_slice()).into()]);
                    let message = JsonMessage { value: SendNews::Points, parts };
                    return self.page.send(message).expect("an array of bytes can be handed over");
                }
                Ok(PointsOutcome::Failed(failure)) => {
                    return send_news(&self.page, SendNews::NoPoints(points_failed(&failure)));
                }
                Err(ReadError::TooLarge { .. }) => {
                    return send_news(&self.page, SendNews::NoPoints(no_points("the table is larger than 64 MiB")));
                }
                Err(error @ ReadError::Json { .. }) => {
                    let reason = format!("what was written as its table isn't one: {error}");
                    return send_news(&self.page, SendNews::NoPoints(no_points(&reason)));
                }
                // A bad network recovers; a refusal stays.
                Err(error) if !error.is_passing() => {
                    return send_news(&self.page, SendNews::NoPoints(no_points(&error.to_string())));
                }
                Ok(PointsOutcome::Waiting) | Err(_) => {}
            }
            self.study.client.ports().sleep.sleep(LOOK_PAUSE).await;
        }
    }

    async fn run(&self) -> Option<StopReason> {
        let mut place = self.sending.lock().await;
        let sending = place.as_mut()?;
        let batch = sending.plan().document().batch.to_string();
        let mut told_secs = 0.0;
        let mut tell = |progress: EnqueueProgress| {
            let now = self.study.now();
            if now - told_secs >= TELL_PAUSE_SECS || progress.sent == progress.of {
                told_secs = now;
                send_news(&self.page, SendNews::Progress(sent_of(&batch, &progress)));
            }
        };
        let ended = sending.run(&self.pause_handle, &mut tell).await;
        let stop = match ended {
            Ok(SendEnd::Complete) => StopReason::Complete,
            Ok(SendEnd::Held) => StopReason::Held,
            Ok(SendEnd::Paused) => StopReason::Paused,
            Ok(SendEnd::Cancelled) => StopReason::Cancelled,
            Err(error) => failed(&error),
        };
        send_news(&self.page, SendNews::Stopped(sent(sending), stop.clone()));
        if matches!(stop, StopReason::Complete | StopReason::Cancelled) {
            *place = None;
            *self.claim.borrow_mut() = None;
        }
        Some(stop)
    }

    /// Cancels the rest.
    fn cancel(&self) {
        let open = self.clone();
        open.pause_handle.pause();
        *open.wait.borrow_mut() += 1;
        wasm_bindgen_futures::spawn_local(async move {
            let mut place = open.sending.lock().await;
            let Some(sending) = place.as_mut() else { return send_news(&open.page, SendNews::Nothing) };
            let sent = sent(sending);
            match sending.cancel().await {
                Ok(_) => {
                    *place = None;
                    *open.claim.borrow_mut() = None;
                    send_news(&open.page, SendNews::Stopped(sent, StopReason::Cancelled));
                }
                Err(error) => send_news(&open.page, SendNews::Stopped(sent, failed(&error))),
            }
        });
    }

    /// Looks for the results of the first cases until they are there, or another wait has begun.
    async fn show_first(&self) {
        let wait = {
            let mut wait = self.wait.borrow_mut();
            *wait += 1;
            *wait
        };
        let Some((document, cases)) = self.first().await else { return };
        let ids: Vec<CaseId> = cases.iter().map(|(id, _)| *id).collect();
        loop {
            let found = outcomes(&self.study, &document, &ids).await;
            if *self.wait.borrow() != wait {
                return;
            }
            // A failed look is repeated: a bad network recovers.
            if let Ok(found) = found {
                let first = cases.iter().zip(&found).map(|(case, outcome)| first_case(case, outcome)).collect();
                send_news(&self.page, SendNews::First(first));
                if found.iter().all(CaseOutcome::is_settled) {
                    return;
                }
            }
            self.study.client.ports().sleep.sleep(LOOK_PAUSE).await;
        }
    }

    /// Returns the first cases that were sent, with their inputs, if the rest waited or waits for them.
    async fn first(&self) -> Option<(DesignDocument, Vec<(CaseId, Parameters)>)> {
        let place = self.sending.lock().await;
        let sending = place.as_ref()?;
        let count = usize::try_from(sending.journal().hold_after()?).ok()?;
        let places = sending.journal().first(count);
        let case = |place: u32| {
            let parameters = sending.plan().cases().case(place as usize).parameters;
            (sending.plan().cases().case_id(place as usize), parameters)
        };
        let cases = places.into_iter().map(case).collect();
        Some((sending.plan().document().clone(), cases))
    }
}

fn send_news(page: &PageChannel, news: SendNews) {
    page.send(JsonMessage::from(news)).expect("texts and numbers can be handed over");
}
