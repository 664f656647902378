//! What the page knows of the study. It looks while it is shown, and only then.

use std::time::Duration;

use cruncher_aws::s3::ListedObject;
use cruncher_backend::administer::control::control;
use cruncher_backend::administer::fleet::{self, FleetState as Fleet};
use cruncher_backend::study::{self, Study};
use cruncher_backend::watch::workers::WorkersWatch;
use cruncher_browser::state::problem::PageProblem;
use cruncher_browser::state::route::{Page, Route};
use cruncher_browser::{address, network};
use cruncher_study::access::{Role, StudyAccess};
use cruncher_study::cost::WorkerUsage;
use cruncher_study::fleet_setup::FleetSetup;
use cruncher_study::heartbeat::Heartbeat;
use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::state::section::PageSection;

/// Pause between two looks.
const PAUSE: Duration = Duration::from_secs(10);

/// State of the page. Copies share it.
#[derive(Clone, Copy)]
pub(crate) struct FleetState {
    /// What this tab may do.
    pub(crate) access: StoredValue<StudyAccess>,
    /// Section that the address names.
    pub(crate) section: RwSignal<PageSection>,
    /// Route that the address names.
    pub(crate) route: RwSignal<Route>,
    /// Workers, as of the last look; `None` before the first has ended.
    pub(crate) workers: RwSignal<Option<Vec<Heartbeat>>>,
    /// What workers have used, as of the last look.
    pub(crate) usages: RwSignal<Vec<WorkerUsage>>,
    /// Words that say whose use isn't known, if so.
    pub(crate) missing_usages: RwSignal<Option<String>>,
    /// All objects below `workers/`, as of the last look.
    pub(crate) listed: RwSignal<Vec<ListedObject>>,
    /// Set-ups of computers of fleets, as of the last look.
    pub(crate) setups: RwSignal<Vec<FleetSetup>>,
    /// Number of further set-ups, which are left out.
    pub(crate) setups_left_out: RwSignal<usize>,
    /// Fleets, as of the last look.
    pub(crate) fleets: RwSignal<Vec<Fleet>>,
    /// Names of the study's pools beside its own queue, as of the last look.
    pub(crate) pools: RwSignal<Vec<String>>,
    /// Words that say why fleets can't be seen, if so.
    pub(crate) fleets_problem: RwSignal<Option<String>>,
    /// Reason why the last look failed, if it did.
    pub(crate) problem: RwSignal<Option<PageProblem>>,
    /// Time by the servers' clock, as of the last look.
    pub(crate) now: RwSignal<f64>,
    /// The opened study; `None` before the first look. A section sends its own requests with it.
    study: StoredValue<Option<Study>>,
    watch: StoredValue<Option<WorkersWatch>>,
    looks: StoredValue<LookCourse>,
}

/// Course of the looks.
#[derive(Debug, Clone, Copy, Default)]
struct LookCourse {
    is_looking: bool,
    /// Whether somebody has asked for a look while one was under way.
    is_wanted_again: bool,
    /// Number of sizes that were given to fleets: a look that began before one knows the old size.
    resizes: u32,
}

impl FleetState {
    /// Creates the state, and looks from now on.
    pub(crate) fn follow(access: StudyAccess) -> Self {
        let fragment = address::fragment();
        let state = Self {
            access: StoredValue::new(access),
            section: RwSignal::new(PageSection::parse(&fragment)),
            route: RwSignal::new(Route::parse(&fragment)),
            workers: RwSignal::new(None),
            usages: RwSignal::new(Vec::new()),
            missing_usages: RwSignal::new(None),
            listed: RwSignal::new(Vec::new()),
            setups: RwSignal::new(Vec::new()),
            setups_left_out: RwSignal::new(0),
            fleets: RwSignal::new(Vec::new()),
            pools: RwSignal::new(Vec::new()),
            fleets_problem: RwSignal::new(None),
            problem: RwSignal::new(None),
            now: RwSignal::new(0.0),
            study: StoredValue::new(None),
            watch: StoredValue::new(None),
            looks: StoredValue::new(LookCourse::default()),
        };
        let listener = window_event_listener(ev::hashchange, move |_| state.follow_address());
        on_cleanup(move || listener.remove());
        if let Ok(ticks) = set_interval_with_handle(move || state.look(), PAUSE) {
            on_cleanup(move || ticks.clear());
        }
        state.look();
        state
    }

    fn follow_address(self) {
        let fragment = address::fragment();
        let route = Route::parse(&fragment);
        if route.page == Page::Fleet {
            self.section.set(PageSection::parse(&fragment));
            self.route.set(route);
            self.look();
        }
    }

    /// Looks at the workers, unless a look is under way or nobody sees the page.
    pub(crate) fn look(self) {
        let is_seen = Route::parse(&address::fragment()).page == Page::Fleet && !document().hidden();
        if !is_seen {
            return;
        }
        if self.looks.get_value().is_looking {
            self.looks.update_value(|looks| looks.is_wanted_again = true);
            return;
        }
        self.looks.update_value(|looks| looks.is_looking = true);
        spawn_local(async move {
            self.problem.set(self.try_look().await.err());
            let is_wanted_again = self.looks.try_update_value(|looks| {
                looks.is_looking = false;
                std::mem::take(&mut looks.is_wanted_again)
            });
            if is_wanted_again == Some(true) {
                self.look();
            }
        });
    }

    /// Notes the size that a pool's fleet was given, which Auto Scaling has accepted.
    pub(crate) fn note_size(self, pool: &str, desired: u32) {
        self.looks.update_value(|looks| looks.resizes += 1);
        self.fleets.update(|fleets| {
            if let Some(fleet) = fleets.iter_mut().find(|fleet| fleet.pool == pool) {
                fleet.group.desired = desired;
            }
        });
    }

    async fn try_look(self) -> Result<(), PageProblem> {
        let study = self.study().await?;
        let mut watch = self.watch.try_update_value(Option::take).flatten().unwrap_or_else(|| WorkersWatch::of(study));
        let looked = watch.look().await;
        self.now.set(watch.study().now());
        self.workers.set(Some(watch.workers()));
        self.usages.set(watch.usages());
        self.missing_usages.set(watch.missing_usages());
        self.listed.set(watch.listed().to_vec());
        self.setups.set(watch.setups());
        self.setups_left_out.set(watch.setups_left_out());
        // A viewer's key may not ask Auto Scaling, and what it doesn't know isn't missed.
        if self.access.with_value(|access| access.role == Role::Operator) {
            self.look_at_fleets(watch.study()).await;
        }
        self.watch.set_value(Some(watch));
        looked.map_err(|error| PageProblem::from(&error))
    }

    async fn look_at_fleets(self, study: &Study) {
        // Of whose pools nothing is known those that were known stay.
        if let Ok(control) = control(study).await {
            self.pools.set(control.pools.iter().map(|pool| pool.as_str().to_owned()).collect());
        }
        let resizes = self.looks.get_value().resizes;
        match fleet::fleets(study).await {
            Ok(fleets) => {
                self.fleets_problem.set(None);
                if self.looks.get_value().resizes == resizes {
                    self.fleets.set(fleets);
                }
            }
            Err(error) => {
                let words = format!("Auto Scaling doesn't say which fleets there are: {error}");
                self.fleets_problem.set(Some(words));
            }
        }
    }

    /// Returns the study, if it was opened.
    pub(crate) fn opened(self) -> Option<Study> {
        self.study.get_value()
    }

    /// Returns the study, which is opened the first time.
    pub(crate) async fn study(self) -> Result<Study, PageProblem> {
        if let Some(study) = self.study.get_value() {
            return Ok(study);
        }
        let key = self.access.with_value(|access| access.key.clone());
        let opened = study::open(network(), &address::page_url(), &key).await;
        let study = opened.map_err(|error| PageProblem::from(&error))?;
        self.study.set_value(Some(study.clone()));
        Ok(study)
    }
}
