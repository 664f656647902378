//! The cases of a design: its points, each with the identity that it gets from the model and its inputs.

use serde::{Deserialize, Serialize};

use crate::case::{CaseId, Parameters};
use crate::design::DesignPoints;
use crate::model::ModelDigest;
use crate::pool::Pool;

/// One case of a design.
#[derive(Debug, Clone, PartialEq)]
pub struct DesignCase {
    /// Its identity.
    pub case_id: CaseId,
    /// Its place in the order of the batch.
    pub level: u32,
    /// Its inputs.
    pub parameters: Parameters,
    /// Its number among equal cases.
    pub replicate: u32,
    /// The pool that it is sent to; `None` is the study's own queue.
    pub pool: Option<Pool>,
}

/// Number of cases of a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelSize {
    /// The level.
    pub level: u32,
    /// Its cases.
    pub cases: u64,
}

/// The cases of a design, level by level, each once.
#[derive(Debug, Clone, PartialEq)]
pub struct DesignCases {
    design: DesignPoints,
    entries: Vec<Entry>,
    duplicates: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    case_id: CaseId,
    row: u32,
    level: u32,
    replicate: u32,
}

impl DesignCases {
    /// Makes the cases of `design` for a model of this content; each point becomes `replicates` cases.
    ///
    /// # Panics
    /// Never: a design has at most [`MAX_CASES`](crate::sampler::MAX_CASES) points.
    #[must_use]
    pub fn of(design: DesignPoints, model: &ModelDigest, replicates: u32) -> Self {
        let mut entries = Vec::with_capacity(design.len() * replicates as usize);
        for row in 0..design.len() {
            let (mark, parameters) = (design.mark(row), design.parameters(row));
            // In a design that was checked, nothing wraps.
            let first = mark.replicate.wrapping_mul(replicates);
            for replicate in (0..replicates).map(|number| first.wrapping_add(number)) {
                let case_id = CaseId::of(model, &parameters, replicate);
                let row = u32::try_from(row).expect("a design has at most a million points");
                entries.push(Entry { case_id, row, level: mark.level, replicate });
            }
        }
        Self::once_each(design, entries)
    }

    /// Leaves out repetitions of a case in an earlier level or further up, and brings the levels into their order. Of a level, those of
    /// one pool stand together: a request sends to one queue.
    fn once_each(design: DesignPoints, mut entries: Vec<Entry>) -> Self {
        entries.sort_by_key(|entry| (entry.level, design.mark(entry.row as usize).pool));
        let mut order: Vec<u32> = (0..).take(entries.len()).collect();
        order.sort_unstable_by_key(|index| (entries[*index as usize].case_id, *index));
        let ids = |pair: &[u32]| entries[pair[0] as usize].case_id == entries[pair[1] as usize].case_id;
        let mut repeated = vec![false; entries.len()];
        for pair in order.windows(2).filter(|pair| ids(pair)) {
            repeated[pair[1] as usize] = true;
        }
        let all = entries.len();
        let mut repeated = repeated.into_iter();
        entries.retain(|_| repeated.next() == Some(false));
        let duplicates = (all - entries.len()) as u64;
        Self { design, entries, duplicates }
    }

    /// The design whose points the cases are.
    #[must_use]
    pub const fn design(&self) -> &DesignPoints {
        &self.design
    }

    /// Number of cases.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no case.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Number of points of the design that were the same case as another one, and were left out.
    #[must_use]
    pub const fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// A case by its place in the order.
    ///
    /// # Panics
    /// If there are no more than `index` cases.
    #[must_use]
    pub fn case(&self, index: usize) -> DesignCase {
        let Entry { case_id, row, level, replicate } = self.entries[index];
        let (parameters, pool) = (self.design.parameters(row as usize), self.design.mark(row as usize).pool);
        DesignCase { case_id, level, parameters, replicate, pool }
    }

    /// The id of a case by its place in the order.
    ///
    /// # Panics
    /// If there are no more than `index` cases.
    #[must_use]
    pub fn case_id(&self, index: usize) -> CaseId {
        self.entries[index].case_id
    }

    /// The pool that a case is sent to, by its place in the order.
    ///
    /// # Panics
    /// If there are no more than `index` cases.
    #[must_use]
    pub fn pool(&self, index: usize) -> Option<Pool> {
        self.design.mark(self.entries[index].row as usize).pool
    }

    /// The row of the design that a case comes from, from 1, by its place in the order.
    ///
    /// # Panics
    /// If there are no more than `index` cases.
    #[must_use]
    pub fn row(&self, index: usize) -> usize {
        self.entries[index].row as usize + 1
    }

    /// Whether any case is sent to a pool.
    #[must_use]
    pub fn have_pools(&self) -> bool {
        (0..self.len()).any(|index| self.pool(index).is_some())
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = DesignCase> {
        (0..self.len()).map(|index| self.case(index))
    }

    /// Leaves out the cases whose places in the order `keep` rejects.
    pub fn retain(&mut self, mut keep: impl FnMut(usize) -> bool) {
        let mut places = 0..;
        self.entries.retain(|_| places.next().is_some_and(&mut keep));
    }

    /// Returns the number of cases of each level, in order.
    #[must_use]
    pub fn levels(&self) -> Vec<LevelSize> {
        let mut levels: Vec<LevelSize> = Vec::new();
        for entry in &self.entries {
            match levels.last_mut() {
                Some(last) if last.level == entry.level => last.cases += 1,
                _ => levels.push(LevelSize { level: entry.level, cases: 1 }),
            }
        }
        levels
    }
}
