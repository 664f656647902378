//! The pools that a design may be sent to.

use cruncher_study::pool::{Pool, shown};

/// Returns the pools that are offered, each with its words: the study's own queue, the study's `known` pools, and the `chosen` one
/// in any case, since the cases go there. Whether that is there is said only if the study's pools are known.
pub(crate) fn offered_pools(known: Option<&[Pool]>, chosen: Option<Pool>) -> Vec<(Option<Pool>, String)> {
    let named = |pool: Option<Pool>| (pool, shown(pool.as_ref()).to_owned());
    let pools = known.unwrap_or_default().iter().copied().map(Some);
    let mut offered: Vec<_> = std::iter::once(None).chain(pools).map(named).collect();
    if !offered.iter().any(|(pool, _)| *pool == chosen) {
        let (pool, name) = named(chosen);
        offered.push((pool, if known.is_some() { format!("{name} (not there)") } else { name }));
    }
    offered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(known: Option<&[Pool]>, chosen: Option<Pool>) -> Vec<String> {
        offered_pools(known, chosen).into_iter().map(|(_, words)| words).collect()
    }

    #[test]
    fn the_pool_of_the_design_is_shown_also_if_the_study_s_pools_are_not_known() {
        let gpu = Pool::parse("gpu").unwrap();
        assert_eq!(words(None, None), ["main"]);
        assert_eq!(words(None, Some(gpu)), ["main", "gpu"]);
        assert_eq!(words(Some(&[]), Some(gpu)), ["main", "gpu (not there)"]);
        assert_eq!(words(Some(&[gpu]), Some(gpu)), ["main", "gpu"]);
        assert_eq!(words(Some(&[gpu]), None), ["main", "gpu"]);
    }
}
