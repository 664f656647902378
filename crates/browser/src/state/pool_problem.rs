//! Why a pool isn't made or removed, as the page tells it.

use cruncher_backend::administer::pools::PoolChangeError;
use cruncher_study::number_format::counted;
use cruncher_study::pool::{MAX_POOLS, Pool};

use super::problem::PageProblem;

/// Returns why a pool of a study isn't made or removed, with the command that does it where this page can't.
#[must_use]
pub fn pool_problem(error: &PoolChangeError, study: &str, pool: Pool) -> PageProblem {
    let told = |title: String, advice: String| PageProblem { title, advice, detail: error.to_string() };
    match error {
        PoolChangeError::Aws(error) if error.is_access_denied() => {
            let verb = if error.operation() == "DeleteQueue" { "remove" } else { "add" };
            let advice = format!(
                "The study was launched by an earlier version of Cruncher: cruncher configure {study} gives it the right, and \
                 cruncher pool {verb} {study} {pool} does it without."
            );
            PageProblem { detail: error.to_string(), ..told("This key makes and removes no pools.".into(), advice) }
        }
        PoolChangeError::Aws(error) => PageProblem::from(error),
        PoolChangeError::Control(error) => PageProblem::from(error),
        PoolChangeError::TooMany => told(
            format!("A study has at most {MAX_POOLS} pools."),
            "Each is counted with every look. Remove one that is empty first.".into(),
        ),
        PoolChangeError::NotConfigured => {
            told("The study's keys may not use pools.".into(), format!("Run cruncher configure {study} first."))
        }
        PoolChangeError::Missing { .. } => {
            told(format!("There is no pool {pool} any more."), "Somebody else has removed it.".into())
        }
        PoolChangeError::HasFleet { .. } => told(
            format!("Pool {pool} has a fleet, whose computers would go on, and cost."),
            format!("Run cruncher fleet stop {study} --pool {pool} first."),
        ),
        PoolChangeError::UnknownFleet(error) => PageProblem {
            detail: error.to_string(),
            ..told(
                "Auto Scaling doesn't say whether the pool has a fleet.".into(),
                format!("Nothing was removed. cruncher pool remove {study} {pool} looks by another way."),
            )
        },
        PoolChangeError::NotEmpty { cases, dead_letters, .. } => told(
            format!(
                "Pool {pool} has {} and {}, which would be lost.",
                counted(*cases, "case", "cases"),
                counted(*dead_letters, "dead letter", "dead letters")
            ),
            format!("Attach a worker that computes them; cruncher pool remove {study} {pool} --force takes the loss."),
        ),
        PoolChangeError::DeletedRecently(_) => told(
            format!("A pool {pool} was removed a moment ago."),
            "SQS makes no queue of that name for a minute: press the button again then.".into(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_problem_says_what_to_do() {
        let pool = Pool::parse("gpu").unwrap();
        let of = |error: PoolChangeError| pool_problem(&error, "prandtl", pool);
        let full = of(PoolChangeError::NotEmpty { pool, cases: 1, dead_letters: 0 });
        assert_eq!(full.title, "Pool gpu has 1 case and 0 dead letters, which would be lost.");
        assert!(full.advice.ends_with("cruncher pool remove prandtl gpu --force takes the loss."));
        let fleet = of(PoolChangeError::HasFleet { pool, stack: "cruncher-prandtl-Fleet-gpu".into() });
        assert_eq!(fleet.advice, "Run cruncher fleet stop prandtl --pool gpu first.");
        assert!(fleet.detail.contains("cruncher-prandtl-Fleet-gpu"));
    }
}
