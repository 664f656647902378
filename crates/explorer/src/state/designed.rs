//! Units and scales of factors, as the designs of the shown batches name them.

use std::collections::{BTreeMap, BTreeSet};

use cruncher_backend::fetch::submitted;
use cruncher_study::design_document::DesignDocument;
use cruncher_study::factor::{Factor, FactorScale, FactorValues};

use cruncher_browser::state::route::BatchChoice;

/// Units and scales of factors, as the designs of the shown batches name them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DesignedFactors {
    /// Unit of each factor that has one, and the same in all designs.
    pub(crate) units: BTreeMap<String, String>,
    /// Factors whose scale is logarithmic in one of the designs.
    pub(crate) logarithmic: BTreeSet<String>,
}

impl DesignedFactors {
    pub(crate) fn of(designs: &[DesignDocument], batches: &BatchChoice) -> Self {
        let is_logarithmic =
            |factor: &&Factor| matches!(factor.values, FactorValues::Range { scale: FactorScale::Log, .. });
        let logarithmic = factors(designs, batches).filter(is_logarithmic).map(|factor| factor.name.clone());
        Self { units: submitted::units(factors(designs, batches)), logarithmic: logarithmic.collect() }
    }
}

fn factors<'a>(designs: &'a [DesignDocument], batches: &BatchChoice) -> impl Iterator<Item = &'a Factor> {
    let is_shown = |design: &&DesignDocument| batches.one().is_none_or(|batch| batch.contains(design.batch.as_str()));
    designs.iter().filter(is_shown).flat_map(|design| &design.factors)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn design(batch: &str, factors: &serde_json::Value) -> DesignDocument {
        let document = json!({"v": 1, "submission": "00f1e2d3c4b5a697", "batch": batch, "submit_time": 1.0, "submitted_by": "operator",
            "model": {"key": format!("models/{}/m.py", "0".repeat(64)), "kind": "python"}, "factors": factors,
            "sampler": {"kind": "random", "cases": 2}, "seed": 1, "max_attempts": 3, "levels": [{"level": 0, "cases": 2}]});
        serde_json::from_value(document).unwrap()
    }

    #[test]
    fn units_and_scales_are_those_of_the_batches_that_are_shown() {
        let depth = |unit: &str| json!({"name": "depth", "minimum": 1.0, "maximum": 2.0, "unit": unit, "scale": "log"});
        let stiffness = json!({"name": "stiffness", "minimum": 1.0, "maximum": 2.0});
        let designs = [
            design("soil", &json!([depth("m"), stiffness])),
            design("soil", &json!([depth("m")])),
            design("steel", &json!([{"name": "depth", "minimum": 1.0, "maximum": 2.0, "unit": "mm"}])),
        ];
        let told = |batches: &str| {
            let DesignedFactors { units, logarithmic } = DesignedFactors::of(&designs, &BatchChoice::parse(batches));
            (units.get("depth").cloned(), logarithmic.len())
        };
        assert_eq!(told("soil"), (Some("m".into()), 1));
        assert_eq!(told("steel"), (Some("mm".into()), 0));
        assert_eq!(told("nowhere"), (None, 0));
        assert_eq!(told("*"), (None, 1), "its values are in both");
    }
}
