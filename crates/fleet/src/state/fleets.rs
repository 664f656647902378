//! Fleets: the computers that Auto Scaling starts, and how far their set-up is.

use cruncher_aws::autoscaling::GroupInstance;
use cruncher_backend::administer::fleet::FleetState;
use cruncher_study::fleet_setup::{FleetSetup, SetupState};
use cruncher_study::number_format::counted;

/// Time after which a computer that should have written something counts as silent, in seconds: it writes once a minute.
const SILENT_SECS: f64 = 150.0;

/// Maximum number of computers that have ended which are listed.
const MAX_PAST: usize = 20;

/// A computer of a fleet.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ComputerRow {
    /// Id of the instance; empty if it has none.
    pub(crate) instance: String,
    pub(crate) instance_type: String,
    pub(crate) zone: String,
    /// A symbol and the state, in words.
    pub(crate) state: (&'static str, String),
    /// What its set-up says, once it says something.
    pub(crate) setup: Option<FleetSetup>,
    /// Whether it has ended.
    pub(crate) is_past: bool,
}

impl ComputerRow {
    /// Returns the computers of a fleet: those that the group has, then those that have said that they ended, the last first.
    pub(crate) fn all(fleet: &FleetState, setups: &[FleetSetup], now: f64) -> Vec<Self> {
        let own: Vec<&FleetSetup> = setups.iter().filter(|setup| setup.group == fleet.group.name).collect();
        let latest = |id: &str| {
            let of_it = own.iter().copied().filter(|setup| setup.instance == id);
            of_it.max_by(|one, other| one.start_time.total_cmp(&other.start_time))
        };
        let mut rows: Vec<Self> =
            fleet.group.instances.iter().map(|instance| Self::there(instance, latest(&instance.id), now)).collect();
        let is_there = |setup: &FleetSetup| fleet.group.instances.iter().any(|instance| instance.id == setup.instance);
        let mut past: Vec<&FleetSetup> = own.iter().copied().filter(|setup| !is_there(setup)).collect();
        past.sort_by(|one, other| other.time.total_cmp(&one.time));
        rows.extend(past.into_iter().take(MAX_PAST).map(|setup| Self::gone(setup, now)));
        rows
    }

    fn there(instance: &GroupInstance, setup: Option<&FleetSetup>, now: f64) -> Self {
        let state = match setup {
            _ if instance.state.starts_with("Terminating") => ("◁", "ending".to_owned()),
            _ if !instance.is_healthy => ("✕", "unhealthy".to_owned()),
            Some(setup) => said(setup, now),
            None if instance.state.starts_with("Pending") => ("◌", "starting".to_owned()),
            None => ("◌", "started, nothing written yet".to_owned()),
        };
        Self {
            instance: instance.id.clone(),
            instance_type: instance.instance_type.clone(),
            zone: instance.zone.clone(),
            state,
            setup: setup.cloned(),
            is_past: false,
        }
    }

    fn gone(setup: &FleetSetup, now: f64) -> Self {
        Self {
            instance: setup.instance.clone(),
            instance_type: setup.instance_type.clone(),
            zone: setup.zone.clone(),
            state: said(setup, now),
            setup: Some(setup.clone()),
            is_past: setup.state.is_over() || now - setup.time > SILENT_SECS,
        }
    }
}

fn said(setup: &FleetSetup, now: f64) -> (&'static str, String) {
    if !setup.state.is_over() && now - setup.time > SILENT_SECS {
        return ("?", "silent".to_owned());
    }
    let (symbol, word) = setup.state.words();
    let code = setup.exit_code.filter(|_| setup.state == SetupState::Failed);
    (symbol, code.map_or_else(|| word.to_owned(), |code| format!("{word}, exit code {code}")))
}

/// Says how large a fleet is, and what it has cost.
pub(crate) fn summary(fleet: &FleetState, setups: &[FleetSetup], now: f64) -> String {
    let group = &fleet.group;
    let there = group.instances.iter().filter(|instance| instance.state == "InService").count();
    let wanted = counted(u64::from(group.desired), "computer", "computers");
    let cost = dollars(setups.iter().filter(|setup| setup.group == group.name), now);
    let cost = cost.map(|dollars| format!(" · about ${dollars:.2} so far")).unwrap_or_default();
    format!("{wanted} wanted, {there} in service, at most {}{cost}", group.max)
}

/// Reads the number of computers that somebody has typed; the error says why the fleet can't have as many.
pub(crate) fn typed_size(text: &str, max: u32, command: &str) -> Result<u32, String> {
    let size: u32 = text.trim().parse().ok().ok_or("Computers: a whole number, 0 or more.")?;
    if size > max {
        return Err(format!(
            "At most {}. {command} --max {size} allows more.",
            counted(u64::from(max), "computer", "computers")
        ));
    }
    Ok(size)
}

/// Says what becomes of a fleet that is made smaller: the question, and what it means.
pub(crate) fn shrinking(pool: &str, from: u32, to: u32) -> (String, String) {
    let ended = counted(u64::from(from - to), "computer ends", "computers end");
    let (whose, which, end) = match (from - to, to) {
        (1, 0) => ("its", "", " The fleet begins again when cases wait."),
        (1, _) => ("its", " Auto Scaling chooses which.", ""),
        (_, 0) => ("their", "", " The fleet begins again when cases wait."),
        _ => ("their", " Auto Scaling chooses which.", ""),
    };
    let title = if to == 0 {
        format!("Stop the fleet of pool {pool}?")
    } else {
        format!("Shrink the fleet of pool {pool} to {to}?")
    };
    (
        title,
        format!("{ended}; {whose} cases go back to the queue and are computed again from their beginning.{which}{end}"),
    )
}

/// Says that a fleet hasn't the size any more that it had when somebody was asked; `None` if it has.
pub(crate) fn changed_meanwhile(asked: u32, now: u32) -> Option<String> {
    let computers = |count: u32| counted(u64::from(count), "computer was", "computers were");
    (asked != now).then(|| format!("{} wanted when this was asked, and {now} now", computers(asked)))
}

/// Returns the commands that start fleets of pools that have none, each with the pool's name: `main` is the study's own queue.
pub(crate) fn missing_fleets<'a>(study: &str, pools: &'a [&'a str], fleets: &[FleetState]) -> Vec<(&'a str, String)> {
    let all = std::iter::once("main").chain(pools.iter().copied());
    let missing = all.filter(|pool| !fleets.iter().any(|fleet| fleet.pool == *pool));
    missing.map(|pool| (pool, start_command(study, pool))).collect()
}

/// Returns the command that starts the fleet of a pool, or changes it.
pub(crate) fn start_command(study: &str, pool: &str) -> String {
    let option = if pool == "main" { String::new() } else { format!(" --pool {pool}") };
    format!("cruncher fleet start {study}{option}")
}

/// What computers have cost, of which the price is known; `None` if no price is.
fn dollars<'a>(setups: impl Iterator<Item = &'a FleetSetup>, now: f64) -> Option<f64> {
    setups.filter_map(|setup| setup.dollars(now)).reduce(|sum, own| sum + own)
}

#[cfg(test)]
mod tests {
    use cruncher_aws::autoscaling::ScalingGroup;

    use super::*;

    const NOW: f64 = 1_790_000_000.0;

    fn setup(instance: &str, state: SetupState, age_secs: f64) -> FleetSetup {
        let json =
            r#"{"host": "h", "group": "g", "start_time": 0, "time": 0, "state": "working", "price_per_hour": 0.5}"#;
        let (start_time, time) = (NOW - 7200.0, NOW - age_secs);
        let read: FleetSetup = serde_json::from_str(json).expect("a set-up");
        FleetSetup { instance: instance.into(), state, start_time, time, ..read }
    }

    fn instance(id: &str, state: &str, is_healthy: bool) -> GroupInstance {
        let (instance_type, zone) = ("c7i.xlarge".into(), "a".into());
        GroupInstance { id: id.into(), instance_type, zone, state: state.into(), is_healthy }
    }

    fn fleet(instances: Vec<GroupInstance>) -> FleetState {
        FleetState { pool: "main".into(), group: ScalingGroup { name: "g".into(), desired: 3, max: 5, instances } }
    }

    #[test]
    fn a_computer_is_in_the_state_that_group_and_set_up_tell() {
        let fleet = fleet(vec![
            instance("i-1", "InService", true),
            instance("i-2", "Pending", true),
            instance("i-3", "InService", true),
            instance("i-4", "Terminating:Wait", true),
            instance("i-5", "InService", false),
            instance("i-6", "InService", true),
        ]);
        let failed = FleetSetup { exit_code: Some(7), ..setup("i-0", SetupState::Failed, 100.0) };
        let setups = [
            setup("i-1", SetupState::Installing, 5.0),
            setup("i-4", SetupState::Working, 5.0),
            setup("i-6", SetupState::Working, 1000.0),
            failed,
            setup("i-9", SetupState::Ended, 20.0),
            FleetSetup { group: "another".into(), ..setup("i-8", SetupState::Ended, 0.0) },
        ];
        let rows = ComputerRow::all(&fleet, &setups, NOW);
        let told: Vec<_> = rows.iter().map(|row| (row.instance.as_str(), row.state.1.as_str(), row.is_past)).collect();
        assert_eq!(
            told,
            [
                ("i-1", "installing", false),
                ("i-2", "starting", false),
                ("i-3", "started, nothing written yet", false),
                ("i-4", "ending", false),
                ("i-5", "unhealthy", false),
                ("i-6", "silent", false),
                ("i-9", "ended", true),
                ("i-0", "failed, exit code 7", true),
            ]
        );
    }

    #[test]
    fn a_typed_size_is_a_number_that_the_fleet_may_have() {
        let size = |text| typed_size(text, 5, "cruncher fleet start s");
        assert_eq!((size(" 3 "), size("0"), size("5")), (Ok(3), Ok(0), Ok(5)));
        assert_eq!(size("6").unwrap_err(), "At most 5 computers. cruncher fleet start s --max 6 allows more.");
        for text in ["", "-1", "1.5", "many", "99999999999"] {
            assert_eq!(size(text).unwrap_err(), "Computers: a whole number, 0 or more.", "{text}");
        }
    }

    #[test]
    fn who_ends_computers_is_told_what_becomes_of_their_cases() {
        let cases = "go back to the queue and are computed again from their beginning.";
        let (title, words) = shrinking("gpu", 3, 1);
        assert_eq!(title, "Shrink the fleet of pool gpu to 1?");
        assert_eq!(words, format!("2 computers end; their cases {cases} Auto Scaling chooses which."));
        let (title, words) = shrinking("main", 1, 0);
        assert_eq!(title, "Stop the fleet of pool main?");
        assert_eq!(words, format!("1 computer ends; its cases {cases} The fleet begins again when cases wait."));
    }

    #[test]
    fn what_was_agreed_to_of_another_size_is_not_done() {
        assert_eq!(changed_meanwhile(3, 3), None);
        assert_eq!(changed_meanwhile(1, 4).unwrap(), "1 computer was wanted when this was asked, and 4 now");
    }

    #[test]
    fn pools_without_a_fleet_have_a_command() {
        let (main, fleets) = ("cruncher fleet start s".to_owned(), [fleet(Vec::new())]);
        let gpu = ("gpu", "cruncher fleet start s --pool gpu".to_owned());
        assert_eq!(missing_fleets("s", &["gpu"], &[]), [("main", main), gpu.clone()]);
        assert_eq!(missing_fleets("s", &["gpu"], &fleets), [gpu]);
    }

    #[test]
    fn a_fleet_tells_its_size_and_what_it_has_cost() {
        let fleet = fleet(vec![instance("i-1", "InService", true)]);
        let setups = [setup("i-1", SetupState::Working, 0.0), setup("i-0", SetupState::Ended, 3600.0)];
        let told = summary(&fleet, &setups, NOW);
        assert_eq!(told, "3 computers wanted, 1 in service, at most 5 · about $1.50 so far");
        let free = FleetSetup { price_per_hour: 0.0, ..setups[0].clone() };
        assert_eq!(summary(&fleet, &[free], NOW), "3 computers wanted, 1 in service, at most 5");
    }
}
