//! Effect of constraints on a design that fills every interval of every factor.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::number_format::{counted, thousands};
use crate::sampler::{Sampler, SamplerSize};

/// A design that has lost the evenness that its sampler is chosen for, since constraints left some of its points out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThinnedDesign {
    sampler: Sampler,
    left_out: u64,
    points: u64,
}

impl ThinnedDesign {
    /// Makes a design of which `left_out` points were left out and `kept` weren't. `None` if that does no harm: independent
    /// points stay independent, and a grid is still a grid.
    #[must_use]
    pub fn of(sampler: Sampler, left_out: u64, kept: u64) -> Option<Self> {
        let is_even =
            matches!(sampler, Sampler::LatinHypercube { .. } | Sampler::Sobol { .. } | Sampler::Halton { .. });
        (is_even && left_out > 0 && kept > 0).then_some(Self { sampler, left_out, points: left_out + kept })
    }

    /// Number of points before any was left out: this number is wanted.
    #[must_use]
    pub const fn wanted(&self) -> u64 {
        self.points
    }

    /// Returns the same sampler with more points, so that about as many as are wanted meet the constraints. It is as uneven;
    /// `None` if the number of points would be too large.
    #[must_use]
    pub fn enlarged(&self) -> Option<Sampler> {
        Some(match self.sampler {
            Sampler::LatinHypercube { size, criterion, doublings } => {
                Sampler::LatinHypercube { size: self.enough(size)?, criterion, doublings }
            }
            Sampler::Sobol { size, is_scrambled } => Sampler::Sobol { size: self.enough(size)?, is_scrambled },
            Sampler::Halton { size, is_scrambled } => Sampler::Halton { size: self.enough(size)?, is_scrambled },
            other => other,
        })
    }

    /// Returns a sampler of independent points, of which about as many as are wanted meet the constraints, as likely everywhere
    /// within these.
    #[must_use]
    pub fn random(&self) -> Option<Sampler> {
        let size = match self.sampler {
            Sampler::LatinHypercube { size: size @ SamplerSize::Levels { .. }, .. }
            | Sampler::Sobol { size, .. }
            | Sampler::Halton { size, .. } => size,
            _ => SamplerSize::Cases(u32::try_from(self.points).ok()?),
        };
        Some(Sampler::Random { size: self.enough(size)? })
    }

    fn enough(&self, size: SamplerSize) -> Option<SamplerSize> {
        let kept = self.points - self.left_out;
        Some(match size {
            SamplerSize::Cases(cases) => {
                SamplerSize::Cases(u32::try_from((u64::from(cases) * self.points).div_ceil(kept)).ok()?)
            }
            SamplerSize::Levels { first, last } => {
                let more = self.points.div_ceil(kept).next_power_of_two().ilog2();
                SamplerSize::Levels { first: first + more, last: last + more }
            }
        })
    }
}

impl fmt::Display for ThinnedDesign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let points = counted(self.points, "point", "points");
        let was = if self.left_out == 1 { "was" } else { "were" };
        write!(f, "{} of {points} {was} left out by the constraints: ", thousands(self.left_out))?;
        f.write_str(match self.sampler {
            Sampler::LatinHypercube { .. } => {
                "what is left is no Latin hypercube any more, and some intervals of a factor may be empty"
            }
            _ => "what is left doesn't fill every interval of a factor any more",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sobol(size: SamplerSize) -> Sampler {
        Sampler::Sobol { size, is_scrambled: true }
    }

    fn hypercube(size: SamplerSize, doublings: u32) -> Sampler {
        Sampler::LatinHypercube { size, criterion: None, doublings }
    }

    #[test]
    fn a_hypercube_with_holes_is_none() {
        let thinning = ThinnedDesign::of(hypercube(SamplerSize::Cases(100), 0), 38, 62).unwrap();
        assert_eq!(
            thinning.to_string(),
            "38 of 100 points were left out by the constraints: what is left is no Latin hypercube any more, and some \
             intervals of a factor may be empty"
        );
        assert_eq!(thinning.enlarged(), Some(hypercube(SamplerSize::Cases(162), 0)));
        assert_eq!(thinning.random(), Some(Sampler::Random { size: SamplerSize::Cases(162) }));
    }

    #[test]
    fn levels_become_larger_by_whole_ones_and_doublings_stay() {
        let levels = |first, last| SamplerSize::Levels { first, last };
        let thinning = ThinnedDesign::of(sobol(levels(3, 5)), 30, 26).unwrap();
        assert_eq!(thinning.enlarged(), Some(sobol(levels(5, 7))), "a little less than half is kept");
        assert_eq!(thinning.random(), Some(Sampler::Random { size: levels(5, 7) }));
        let doubled = ThinnedDesign::of(hypercube(SamplerSize::Cases(10), 2), 20, 20).unwrap();
        assert_eq!(doubled.enlarged(), Some(hypercube(SamplerSize::Cases(20), 2)));
        assert_eq!(doubled.random(), Some(Sampler::Random { size: SamplerSize::Cases(80) }));
    }

    #[test]
    fn where_nothing_is_lost_nothing_is_said() {
        let random = Sampler::Random { size: SamplerSize::Cases(100) };
        for (sampler, left_out, kept) in [
            (random, 38, 62),
            (Sampler::FullGrid { steps: 3 }, 3, 6),
            (sobol(SamplerSize::Cases(100)), 0, 100),
            (sobol(SamplerSize::Cases(100)), 100, 0),
        ] {
            assert_eq!(ThinnedDesign::of(sampler, left_out, kept), None);
        }
        let hopeless = ThinnedDesign::of(sobol(SamplerSize::Cases(1_000_000)), 999_999, 1).unwrap();
        assert_eq!((hopeless.enlarged(), hopeless.random()), (None, None));
    }
}
