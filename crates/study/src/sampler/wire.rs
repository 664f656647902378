//! A sampler in JSON: `kind`, and the fields that this kind needs.

use cruncher_sampling::OptimisationCriterion;
use serde::{Deserialize, Serialize};

use super::{Sampler, SamplerSize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireSampler {
    kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cases: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    levels: Option<[u32; 2]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    optimised: Option<WireCriterion>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    doublings: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scrambled: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    steps: Option<u32>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Random,
    LatinHypercube,
    Sobol,
    Halton,
    FullGrid,
    OneAtATime,
    Table,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WireCriterion {
    CentredDiscrepancy,
    Maximin,
}

impl From<WireCriterion> for OptimisationCriterion {
    fn from(criterion: WireCriterion) -> Self {
        match criterion {
            WireCriterion::CentredDiscrepancy => Self::CentredDiscrepancy,
            WireCriterion::Maximin => Self::Maximin,
        }
    }
}

impl From<OptimisationCriterion> for WireCriterion {
    fn from(criterion: OptimisationCriterion) -> Self {
        match criterion {
            OptimisationCriterion::CentredDiscrepancy => Self::CentredDiscrepancy,
            OptimisationCriterion::Maximin => Self::Maximin,
        }
    }
}

impl TryFrom<WireSampler> for Sampler {
    type Error = &'static str;

    fn try_from(wire: WireSampler) -> Result<Self, &'static str> {
        let size = || match (wire.cases, wire.levels) {
            (Some(cases), None) => Ok(SamplerSize::Cases(cases)),
            (None, Some([first, last])) => Ok(SamplerSize::Levels { first, last }),
            _ => Err("the sampler needs either `cases`, a number, or `levels`, the first and the last"),
        };
        let steps = || wire.steps.ok_or("the sampler needs `steps`, the number of values of a range");
        let is_scrambled = wire.scrambled.unwrap_or(true);
        Ok(match wire.kind {
            Kind::Random => Self::Random { size: size()? },
            Kind::LatinHypercube => Self::LatinHypercube {
                size: size()?,
                criterion: wire.optimised.map(OptimisationCriterion::from),
                doublings: wire.doublings.unwrap_or(0),
            },
            Kind::Sobol => Self::Sobol { size: size()?, is_scrambled },
            Kind::Halton => Self::Halton { size: size()?, is_scrambled },
            Kind::FullGrid => Self::FullGrid { steps: steps()? },
            Kind::OneAtATime => Self::OneAtATime { steps: steps()? },
            Kind::Table => Self::Table,
        })
    }
}

impl From<Sampler> for WireSampler {
    fn from(sampler: Sampler) -> Self {
        let empty = |kind| Self {
            kind,
            cases: None,
            levels: None,
            optimised: None,
            doublings: None,
            scrambled: None,
            steps: None,
        };
        let sized = |kind, size| match size {
            SamplerSize::Cases(cases) => Self { cases: Some(cases), ..empty(kind) },
            SamplerSize::Levels { first, last } => Self { levels: Some([first, last]), ..empty(kind) },
        };
        match sampler {
            Sampler::Random { size } => sized(Kind::Random, size),
            Sampler::LatinHypercube { size, criterion, doublings } => Self {
                optimised: criterion.map(WireCriterion::from),
                doublings: (doublings > 0).then_some(doublings),
                ..sized(Kind::LatinHypercube, size)
            },
            Sampler::Sobol { size, is_scrambled } => Self { scrambled: Some(is_scrambled), ..sized(Kind::Sobol, size) },
            Sampler::Halton { size, is_scrambled } => {
                Self { scrambled: Some(is_scrambled), ..sized(Kind::Halton, size) }
            }
            Sampler::FullGrid { steps } => Self { steps: Some(steps), ..empty(Kind::FullGrid) },
            Sampler::OneAtATime { steps } => Self { steps: Some(steps), ..empty(Kind::OneAtATime) },
            Sampler::Table => empty(Kind::Table),
        }
    }
}
