//! `cruncher pool`

use cruncher_backend::administer::pool_account::{add_pool, list_pools, remove_pool};
use cruncher_backend::administer::pools::{PoolChangeError, PoolState};
use cruncher_backend::study::Study;
use cruncher_study::number_format::{counted, thousands};
use cruncher_study::pool::{in_words, shown};

use crate::arguments::{CloudAccount, PoolAddArguments, PoolCommand, PoolListArguments, PoolRemoveArguments};
use crate::cloud;
use crate::failure::{CommandFailure, sentence};
use crate::output::{note, result, result_part};
use crate::text::{TextAlign, table};

/// Makes, lists or removes a pool.
pub(crate) async fn run(account: &CloudAccount, command: &PoolCommand) -> Result<(), CommandFailure> {
    let (PoolCommand::Add(PoolAddArguments { study, .. })
    | PoolCommand::List(PoolListArguments { study, .. })
    | PoolCommand::Remove(PoolRemoveArguments { study, .. })) = command;
    let study = cloud::study(cloud::client(account).await?, study).await?;
    match command {
        PoolCommand::Add(arguments) => add(&study, arguments).await,
        PoolCommand::List(arguments) => list(&study, arguments).await,
        PoolCommand::Remove(arguments) => remove(&study, arguments).await,
    }
}

async fn add(study: &Study, PoolAddArguments { pool, .. }: &PoolAddArguments) -> Result<(), CommandFailure> {
    let is_new = add_pool(study, pool).await.map_err(|error| failure(error, study))?;
    let name = &study.config.study;
    if is_new {
        result(format_args!("Study {name} has the pool {pool}."));
    } else {
        result(format_args!("Study {name} had the pool {pool} already; its queues have the study's settings."));
    }
    note(format_args!("To send cases to it:   cruncher enqueue {name} DESIGN --pool {pool}"));
    note(format_args!(
        "To attach workers to it: add  pool='{pool}'  to the attach line, or choose it on the Attach page"
    ));
    Ok(())
}

async fn list(study: &Study, arguments: &PoolListArguments) -> Result<(), CommandFailure> {
    let pools = list_pools(study).await?;
    if arguments.json {
        let pools: Vec<_> = pools.iter().map(as_json).collect();
        result(serde_json::json!({"study": study.config.study, "pools": pools}));
        return Ok(());
    }
    let columns = [
        ("pool", TextAlign::Left),
        ("waiting", TextAlign::Right),
        ("with workers", TextAlign::Right),
        ("dead letters", TextAlign::Right),
        ("", TextAlign::Left),
    ];
    result_part(table(&columns, &pools.iter().map(row).collect::<Vec<_>>()));
    let name = &study.config.study;
    if let Some(half) = pools.iter().find(|state| !state.is_named || state.queue.is_none()) {
        let pool = shown(half.pool.as_ref());
        note(format_args!(
            "`cruncher pool add {name} {pool}` finishes it, `cruncher pool remove {name} {pool}` takes it away."
        ));
    }
    Ok(())
}

fn row(PoolState { pool, queue, dead_letters, is_named }: &PoolState) -> Vec<String> {
    let number = |number: Option<u64>| number.map_or_else(|| "–".to_owned(), thousands);
    let remark = match (is_named, queue) {
        (true, Some(_)) => "",
        (true, None) => "its queue is gone",
        (false, _) => "not finished",
    };
    vec![
        shown(pool.as_ref()).to_owned(),
        number(queue.map(|queue| queue.waiting + queue.delayed)),
        number(queue.map(|queue| queue.leased)),
        thousands(*dead_letters),
        remark.to_owned(),
    ]
}

fn as_json(PoolState { pool, queue, dead_letters, is_named }: &PoolState) -> serde_json::Value {
    serde_json::json!({
        "pool": shown(pool.as_ref()),
        "waiting": queue.map(|queue| queue.waiting + queue.delayed),
        "leased": queue.map(|queue| queue.leased),
        "dead_letters": dead_letters,
        "is_complete": *is_named && queue.is_some(),
    })
}

async fn remove(study: &Study, arguments: &PoolRemoveArguments) -> Result<(), CommandFailure> {
    let PoolRemoveArguments { pool, force, .. } = arguments;
    let lost = remove_pool(study, pool, *force).await.map_err(|error| failure(error, study))?;
    let name = &study.config.study;
    result(format_args!("Study {name} has no pool {pool} any more. Workers that are attached to it end."));
    if lost > 0 {
        result(format_args!(
            "{} went with its queues. Cases that have no result are lost: `cruncher retry {name} --lost` sends them again once \
             there is a pool {pool}.",
            counted(lost, "message", "messages")
        ));
    }
    Ok(())
}

fn failure(error: PoolChangeError, study: &Study) -> CommandFailure {
    let name = &study.config.study;
    let words = sentence(&error);
    match error {
        PoolChangeError::Aws(error) | PoolChangeError::UnknownFleet(error) => error.into(),
        PoolChangeError::Control(error) => CommandFailure::new(sentence(&error)),
        PoolChangeError::NotConfigured => {
            CommandFailure::new(format!("{words} Run `cruncher configure {name}` first, then this again."))
        }
        PoolChangeError::TooMany => {
            CommandFailure::new(format!("{words} `cruncher pool remove {name} POOL` takes one away."))
        }
        PoolChangeError::Missing { pools, .. } => {
            CommandFailure::new(format!("{words} Study {name} has {}.", in_words(&pools)))
        }
        PoolChangeError::HasFleet { pool, .. } => CommandFailure::new(format!(
            "{words} Its computers would go on, and cost: `cruncher fleet stop {name} --pool {pool}` first."
        )),
        PoolChangeError::DeletedRecently(pool) => {
            CommandFailure::new(format!("{words} Run `cruncher pool add {name} {pool}` again then."))
        }
        PoolChangeError::NotEmpty { pool, cases, dead_letters } => CommandFailure::new(format!(
            "{words} It has {} in its queue and {}: removed with it, they are lost. Wait until workers have computed them, or take \
             the loss: cruncher pool remove {name} {pool} --force",
            counted(cases, "case", "cases"),
            counted(dead_letters, "dead letter", "dead letters")
        )),
    }
}
