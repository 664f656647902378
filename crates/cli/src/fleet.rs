//! `cruncher fleet`

use std::collections::BTreeMap;

use cruncher_backend::administer::fleet::{
    self, FIRST_INSTANCES, FIRST_MAX_INSTANCES, FleetError, FleetOrder, FleetState, fleets,
};
use cruncher_backend::study::Study;
use cruncher_backend::watch::workers::WorkersWatch;
use cruncher_study::fleet_setup::FleetSetup;
use cruncher_study::number_format::{ago, counted};
use cruncher_study::pool::shown;

use crate::arguments::{
    CloudAccount, FleetCommand, FleetShowArguments, FleetSizeArguments, FleetStartArguments, FleetStopArguments,
    PoolChoice, PurchaseChoice,
};
use crate::cloud;
use crate::failure::{CommandFailure, of_stack, sentence};
use crate::output::{ProgressReporter, note, result, result_part};
use crate::release::FLEET_TEMPLATE;
use crate::text::{TextAlign, table};

/// Maximum size of an install script, in bytes.
const MAX_INSTALL_BYTES: usize = 1 << 20;

/// Starts, shows, sizes or stops a fleet.
pub(crate) async fn run(account: &CloudAccount, command: &FleetCommand) -> Result<(), CommandFailure> {
    let (FleetCommand::Start(FleetStartArguments { study, .. })
    | FleetCommand::Show(FleetShowArguments { study, .. })
    | FleetCommand::Grow(FleetSizeArguments { study, .. })
    | FleetCommand::Shrink(FleetSizeArguments { study, .. })
    | FleetCommand::Stop(FleetStopArguments { study, .. })) = command;
    let study = cloud::study(cloud::client(account).await?, study).await?;
    match command {
        FleetCommand::Start(arguments) => start(&study, arguments).await,
        FleetCommand::Show(arguments) => show(&study, arguments).await,
        FleetCommand::Grow(arguments) => resize(&study, arguments, true).await,
        FleetCommand::Shrink(arguments) => resize(&study, arguments, false).await,
        FleetCommand::Stop(arguments) => stop(&study, arguments).await,
    }
}

async fn start(study: &Study, arguments: &FleetStartArguments) -> Result<(), CommandFailure> {
    if let (Some(start), Some(max)) = (arguments.start, arguments.max)
        && start > max
    {
        let words = format!("--start {start} is more than the maximum of {max}: raise it by --max.");
        return Err(CommandFailure::new(words));
    }
    let pool = arguments.pool.and_then(PoolChoice::pool);
    let install = arguments.install.as_deref().map(read_install).transpose()?;
    let order = FleetOrder {
        pool: pool.as_ref(),
        parameters: parameters(arguments)?,
        install: install.as_ref().map(|(name, content)| (name.as_str(), content.as_slice())),
        start: arguments.start,
        max: arguments.max,
    };
    let mut reporter = ProgressReporter::new();
    let started = fleet::start(study, FLEET_TEMPLATE, &order, &mut |step| reporter.step(step)).await;
    drop(reporter);
    let is_new = started.map_err(|error| failure(error, study))?;
    let size = |desired, max| format!("{} of at most {max}", counted(u64::from(desired), "computer", "computers"));
    let name = &study.config.study;
    if is_new {
        let desired = arguments.start.unwrap_or(FIRST_INSTANCES);
        let size = size(desired, arguments.max.unwrap_or(FIRST_MAX_INSTANCES));
        result(format_args!("The fleet of pool {} begins with {size}.", shown(pool.as_ref())));
    } else {
        let FleetState { pool, group } =
            fleet::fleet(study, pool.as_ref()).await.map_err(|error| failure(error, study))?;
        let is_sized = arguments.start.is_some() || arguments.max.is_some();
        let stays = if is_sized { "New computers" } else { "What runs stays as it is; new computers" };
        let size = size(group.desired, group.max);
        result(format_args!("The fleet of pool {pool} has {size}. {stays} are as asked for."));
        if group.max == 0 {
            note("It may have none, as when it has reached its --max-dollars: --max N lifts that.");
        }
    }
    note(format_args!("How far it is:  cruncher fleet show {name}, or the page Fleet"));
    note(format_args!("To end it:      cruncher fleet stop {name}{}", pool_option(shown(pool.as_ref()))));
    Ok(())
}

/// Returns the option that names a pool in a command.
fn pool_option(pool: &str) -> String {
    if pool == "main" { String::new() } else { format!(" --pool {pool}") }
}

fn parameters(arguments: &FleetStartArguments) -> Result<BTreeMap<String, String>, CommandFailure> {
    let mut parameters = BTreeMap::new();
    let mut set = |name: &str, value: String| drop(parameters.insert(name.to_owned(), value));
    if arguments.types.len() > 3 {
        return Err(CommandFailure::new("A fleet has up to three types of instances: leave out some --type."));
    }
    if !arguments.types.is_empty() {
        let mut types = arguments.types.iter().cloned();
        for name in ["InstanceType", "SecondInstanceType", "ThirdInstanceType"] {
            set(name, types.next().unwrap_or_default());
        }
    }
    if let Some(purchase) = arguments.purchase {
        let value = if purchase == PurchaseChoice::Spot { "spot" } else { "on-demand" };
        set("Purchase", value.to_owned());
    }
    let counts = [("CasesPerInstance", arguments.cases_per_computer), ("WorkersPerCore", arguments.workers_per_core)];
    for (name, count) in counts {
        if let Some(count) = count {
            set(name, count.to_string());
        }
    }
    for (name, option, dollars, max, digits) in [
        ("PricePerHour", "--price", arguments.price, 9_999.0, 6),
        ("MaxDollars", "--max-dollars", arguments.max_dollars, 9_999_999.0, 2),
    ] {
        let Some(dollars) = dollars else { continue };
        if !(0.0..=max).contains(&dollars) {
            return Err(CommandFailure::new(format!("{option} is a number of dollars from 0 to {max}.")));
        }
        set(name, format!("{dollars:.digits$}"));
    }
    if let Some(image) = &arguments.image {
        set("Image", image.clone());
    }
    Ok(parameters)
}

fn read_install(path: &std::path::Path) -> Result<(String, Vec<u8>), CommandFailure> {
    let shown = path.display();
    let content =
        std::fs::read(path).map_err(|error| CommandFailure::new(format!("{shown} can't be read: {error}.")))?;
    if content.len() > MAX_INSTALL_BYTES {
        return Err(CommandFailure::new(format!("{shown} is no install script: it has more than a MiB.")));
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let name = path.file_name().and_then(std::ffi::OsStr::to_str).unwrap_or_default();
    let name: String = name.chars().map(|c| if is_plain(c) { c } else { '-' }).take(100).collect();
    Ok((if name.is_empty() { "install.sh".to_owned() } else { name }, content))
}

async fn show(study: &Study, arguments: &FleetShowArguments) -> Result<(), CommandFailure> {
    let fleets = fleets(study).await?;
    let mut watch = WorkersWatch::of(study.clone());
    watch.look().await?;
    let setups = watch.setups();
    if arguments.json {
        let fleets: Vec<_> = fleets.iter().map(|fleet| as_json(fleet, &setups)).collect();
        let left_out = watch.setups_left_out();
        result(serde_json::json!({"study": study.config.study, "fleets": fleets, "setups_left_out": left_out}));
        return Ok(());
    }
    if fleets.is_empty() {
        result(format_args!("Study {} has no fleet.", study.config.study));
        note(format_args!("To start one:  cruncher fleet start {} --type c7i.xlarge", study.config.study));
    }
    for fleet in &fleets {
        let FleetState { pool, group } = fleet;
        let of = counted(u64::from(group.desired), "computer", "computers");
        result(format_args!("Pool {pool}: {of} wanted, {} there, at most {}", group.instances.len(), group.max));
    }
    if !setups.is_empty() {
        let columns = ["host", "instance", "type", "state", "workers", "heard of", ""];
        let columns = columns.map(|name| (name, if name == "workers" { TextAlign::Right } else { TextAlign::Left }));
        let rows: Vec<_> = setups.iter().map(|setup| row(setup, study.now())).collect();
        result_part(table(&columns, &rows));
    }
    if watch.setups_left_out() > 0 {
        let others = counted(watch.setups_left_out() as u64, "computer", "computers");
        note(format_args!("Left out: {others} heard of longest ago"));
    }
    for setup in setups.iter().filter(|setup| setup.exit_code.is_some()) {
        note(format_args!("{}: {}", setup.host, setup.message));
    }
    Ok(())
}

fn row(setup: &FleetSetup, now: f64) -> Vec<String> {
    let message = setup.message.lines().next().unwrap_or_default();
    vec![
        setup.host.clone(),
        setup.instance.clone(),
        setup.instance_type.clone(),
        setup.state.words().1.to_owned(),
        setup.workers.to_string(),
        ago(now - setup.time),
        message.to_owned(),
    ]
}

fn as_json(FleetState { pool, group }: &FleetState, setups: &[FleetSetup]) -> serde_json::Value {
    let instances: Vec<_> = group
        .instances
        .iter()
        .map(|instance| {
            let setup = setups.iter().find(|setup| setup.instance == instance.id);
            serde_json::json!({"id": instance.id, "type": instance.instance_type, "state": instance.state, "setup": setup})
        })
        .collect();
    let gone: Vec<_> = setups.iter().filter(|setup| setup.group == group.name).collect();
    serde_json::json!({"pool": pool, "desired": group.desired, "max": group.max, "instances": instances, "setups": gone})
}

async fn resize(study: &Study, arguments: &FleetSizeArguments, grows: bool) -> Result<(), CommandFailure> {
    let pool = arguments.pool.and_then(PoolChoice::pool);
    let known = fleet::fleet(study, pool.as_ref()).await.map_err(|error| failure(error, study))?;
    let desired = known.group.desired;
    let desired = if grows { desired.saturating_add(arguments.by) } else { desired.saturating_sub(arguments.by) };
    fleet::resize(study, &known, desired).await.map_err(|error| failure(error, study))?;
    let of = counted(u64::from(desired), "computer", "computers");
    result(format_args!("The fleet of pool {} has {of}, of at most {}.", known.pool, known.group.max));
    if !grows {
        note("Computers that end have two minutes to give their cases back.");
    }
    Ok(())
}

async fn stop(study: &Study, arguments: &FleetStopArguments) -> Result<(), CommandFailure> {
    let pool = arguments.pool.and_then(PoolChoice::pool);
    let mut reporter = ProgressReporter::new();
    let stopped = fleet::stop(study, pool.as_ref(), &mut |step| reporter.step(step)).await;
    drop(reporter);
    stopped.map_err(|error| failure(error, study))?;
    result(format_args!("The fleet of pool {} is gone.", shown(pool.as_ref())));
    Ok(())
}

fn failure(error: FleetError, study: &Study) -> CommandFailure {
    let name = &study.config.study;
    let words = sentence(&error);
    match error {
        FleetError::Aws(error) => error.into(),
        FleetError::Stack(error) => of_stack(error, name),
        FleetError::Missing { pool } => {
            let option = pool_option(&pool);
            CommandFailure::new(format!("{words} `cruncher fleet start {name}{option}` makes one."))
        }
        FleetError::TooMany { pool, .. } => {
            let option = pool_option(&pool);
            CommandFailure::new(format!("{words} `cruncher fleet start {name}{option} --max N` raises that."))
        }
        FleetError::Unusable { .. } => CommandFailure::new(format!(
            "{words} Wait until that is over; if it has failed, `cruncher fleet stop {name}` takes it away."
        )),
    }
}
