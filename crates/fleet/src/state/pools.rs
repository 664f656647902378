//! What is said of pools, and of the name of a new one.

use cruncher_backend::administer::pools::PoolState;
use cruncher_study::number_format::counted;
use cruncher_study::pool::{MAX_POOLS, Pool, PoolError};

/// Says what a pool's queues hold, and whether that is nothing.
pub(crate) fn content(PoolState { queue, dead_letters, .. }: &PoolState) -> (String, bool) {
    let Some(queue) = queue else { return ("its queue is gone".to_owned(), true) };
    let dead = (*dead_letters > 0).then(|| counted(*dead_letters, "dead letter", "dead letters"));
    let cases = (queue.messages() > 0).then(|| counted(queue.messages(), "case", "cases"));
    let held: Vec<String> = cases.into_iter().chain(dead).collect();
    if held.is_empty() { ("empty".to_owned(), true) } else { (held.join(", "), false) }
}

/// Says why no pool of this name can be made; nothing of a name that isn't typed yet.
pub(crate) fn name_problem(name: &str, known: &[PoolState]) -> Option<String> {
    let name = name.trim();
    if name.is_empty() {
        return None;
    }
    if known.len() >= MAX_POOLS {
        return Some(format!("The study has {MAX_POOLS} pools, and can't have more."));
    }
    match Pool::parse(name) {
        Ok(pool) if known.iter().any(|own| own.pool == Some(pool) && own.queue.is_some()) => {
            Some(format!("There is a pool {pool} already."))
        }
        Ok(_) => None,
        Err(PoolError::Reserved) => Some("The study's own queue is called main.".to_owned()),
        Err(PoolError::Form(_)) => {
            let form = "Lower-case letters, digits and hyphens, a letter first, at most 20";
            // Whoever types a machine kind of EC2 finds its pool.
            Some(match Pool::from_instance_type(name) {
                Ok(pool) => format!("{form}: {pool}?"),
                Err(_) => format!("{form}."),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use cruncher_study::diagnosis::QueueCounts;

    use super::*;

    fn pool(name: &str, waiting: u64, dead_letters: u64) -> PoolState {
        let queue = Some(QueueCounts { waiting, ..QueueCounts::default() });
        PoolState { pool: Pool::parse(name).ok(), queue, dead_letters, is_named: true }
    }

    #[test]
    fn what_a_pool_holds_is_said() {
        let words = |pool: &PoolState| content(pool);
        assert_eq!(words(&pool("gpu", 0, 0)), ("empty".to_owned(), true));
        assert_eq!(words(&pool("gpu", 1, 2)), ("1 case, 2 dead letters".to_owned(), false));
        let gone = PoolState { queue: None, ..pool("gpu", 0, 0) };
        assert_eq!(words(&gone), ("its queue is gone".to_owned(), true));
    }

    #[test]
    fn a_name_is_checked_as_it_is_typed() {
        let known = [pool("gpu", 0, 0)];
        let told = |name: &str| name_problem(name, &known).unwrap_or_default();
        for good in ["", " ", "cpu", "c5-large", " slow "] {
            assert_eq!(told(good), "", "{good}");
        }
        assert_eq!(told("gpu"), "There is a pool gpu already.");
        assert_eq!(told("main"), "The study's own queue is called main.");
        assert!(told("C5.large").ends_with(": c5-large?"), "{}", told("C5.large"));
        assert!(told("../x").ends_with("at most 20."));
        let gone = [PoolState { queue: None, ..pool("gpu", 0, 0) }];
        assert_eq!(name_problem("gpu", &gone), None, "whose queue is gone is made again");
        let full: Vec<_> = (0..MAX_POOLS).map(|number| pool(&format!("p{number}"), 0, 0)).collect();
        assert!(name_problem("another", &full).is_some());
    }
}
