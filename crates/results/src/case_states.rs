//! States of cases that no row tells: of those that are open, lost or called off.

use cruncher_study::accounting::CaseState;
use cruncher_study::batch::Batch;
use cruncher_study::case::CaseId;
use serde::{Deserialize, Serialize};

use crate::case_lists;

/// First bytes of the encoded form. The last two are its version.
const MAGIC: &[u8; 8] = b"crstat01";

/// Changes of the states of cases since those that were told before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaseStates(Vec<StateCases>);

/// Cases of a batch that have come to the same state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateCases {
    /// The batch.
    pub batch: Batch,
    /// The name of the state; empty if it is the one that the case's row tells, or if no table names the case any more.
    pub state: String,
    /// The cases.
    pub cases: Vec<CaseId>,
}

/// Header in front of the cases.
#[derive(Serialize, Deserialize)]
struct Header {
    batch: Batch,
    state: String,
}

impl CaseStates {
    /// Notes that a case has come to a state; `None` if its row tells it, or no table names the case any more.
    pub fn add(&mut self, batch: &Batch, case: CaseId, state: Option<CaseState>) {
        let state = state.map_or("", CaseState::name);
        // Cases come batch by batch, and there are few states.
        let known = self.0.iter_mut().rev().find(|own| own.batch == *batch && own.state == state);
        match known {
            Some(own) => own.cases.push(case),
            None => self.0.push(StateCases { batch: batch.clone(), state: state.to_owned(), cases: vec![case] }),
        }
    }

    /// Whether nothing has changed.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the cases by batch and state.
    #[must_use]
    pub fn parts(&self) -> &[StateCases] {
        &self.0
    }

    /// Encodes as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let header = |own: &StateCases| Header { batch: own.batch.clone(), state: own.state.clone() };
        case_lists::to_bytes(MAGIC, self.0.iter().map(|own| (header(own), &own.cases[..])))
    }

    /// Decodes bytes of [`Self::to_bytes`]; `None` if they are something else. It takes memory in proportion to the bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let lists = case_lists::from_bytes(MAGIC, bytes)?;
        Some(Self(
            lists.into_iter().map(|(Header { batch, state }, cases)| StateCases { batch, state, cases }).collect(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(number: u8) -> CaseId {
        CaseId::from_bytes([number; 16])
    }

    #[test]
    fn it_is_read_back_and_nothing_else_is() {
        let mut states = CaseStates::default();
        for (batch, number, state) in [
            ("soil", 1, Some(CaseState::Queued)),
            ("soil", 2, Some(CaseState::Running)),
            ("soil", 3, Some(CaseState::Queued)),
            ("steel", 1, None),
        ] {
            states.add(&Batch::parse(batch).unwrap(), case(number), state);
        }
        let told: Vec<_> =
            states.parts().iter().map(|own| (own.batch.as_str(), &*own.state, own.cases.len())).collect();
        assert_eq!(told, [("soil", "queued", 2), ("soil", "running", 1), ("steel", "", 1)]);
        let bytes = states.to_bytes();
        assert_eq!(CaseStates::from_bytes(&bytes), Some(states));
        for end in 0..bytes.len() {
            assert_eq!(CaseStates::from_bytes(&bytes[..end]), None, "{end} bytes");
        }
        assert_eq!(CaseStates::from_bytes(&[&bytes[..], b"x"].concat()), None);
    }
}
