//! Outcomes of the cases that were sent first, in one line.

use cruncher_study::case::{ParameterValue, Parameters};
use cruncher_study::factor::{Factor, FactorValues};

/// Maximum number of choices that are named.
const MAX_CHOICES: usize = 8;

/// Lists the choices of a design that none of its first cases has, by factor: `soil silt, gravel`. `None` if each was tried.
pub(crate) fn untried_choices(factors: &[Factor], cases: &[&Parameters]) -> Option<String> {
    let mut left = MAX_CHOICES;
    let of_factor = |factor: &Factor| {
        let FactorValues::Levels(levels) = &factor.values else { return None };
        let is_tried = |choice: &ParameterValue| {
            cases.iter().any(|inputs| match inputs.get(&factor.name) {
                Some(ParameterValue::List(components)) => components.contains(choice),
                value => value == Some(choice),
            })
        };
        let texts = levels.iter().filter(|choice| !is_tried(choice)).filter_map(|choice| match choice {
            ParameterValue::Text(text) => Some(text.as_str()),
            _ => None,
        });
        let texts: Vec<&str> = texts.collect();
        let named = texts.len().min(left);
        left -= named;
        let more = if named < texts.len() { format!(" and {} more", texts.len() - named) } else { String::new() };
        (!texts.is_empty()).then(|| format!("{} {}{more}", factor.name, texts[..named].join(", ")))
    };
    let untried: Vec<String> = factors.iter().filter_map(of_factor).collect();
    (!untried.is_empty()).then(|| untried.join("; "))
}

/// Numbers of the first cases by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct FirstTally {
    /// Done, with a result that holds something.
    pub(crate) done: u64,
    /// Done, though the model put nothing into its result.
    pub(crate) empty: u64,
    /// Failed, with no attempt left.
    pub(crate) failed: u64,
    /// Failed, with attempts left.
    pub(crate) repeated: u64,
    /// Without an outcome yet.
    pub(crate) waiting: u64,
}

impl FirstTally {
    /// Writes the numbers: `3 done, 2 failed`.
    pub(crate) fn words(self) -> String {
        let Self { done, empty, failed, repeated, waiting } = self;
        let parts = [
            (done, "done"),
            (empty, "done without a result"),
            (failed, "failed"),
            (repeated, "failed and tried again"),
            (waiting, "waiting"),
        ];
        let parts = parts.into_iter().filter(|(count, _)| *count > 0);
        parts.map(|(count, words)| format!("{count} {words}")).collect::<Vec<_>>().join(", ")
    }

    /// Whether the model should be checked before more cases are sent.
    pub(crate) const fn has_trouble(self) -> bool {
        self.empty + self.failed + self.repeated > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_that_no_first_case_has_are_named() {
        let json = serde_json::json!([
            {"name": "soil", "levels": ["clay", "silt", "sand"]}, {"name": "depth", "levels": [1, 2]},
            {"name": "layers", "count": 2, "levels": ["thin", "thick"]}
        ]);
        let factors: Vec<Factor> = serde_json::from_value(json).unwrap();
        let case = |soil: &str| -> Parameters {
            serde_json::from_value(serde_json::json!({"soil": soil, "depth": 1, "layers": ["thin", "thin"]})).unwrap()
        };
        let cases = [case("clay"), case("sand")];
        let told = untried_choices(&factors, &cases.each_ref());
        assert_eq!(told.as_deref(), Some("soil silt; layers thick"));
        let all = serde_json::json!([{"name": "soil", "levels": ["clay", "sand"]}]);
        assert_eq!(untried_choices(&serde_json::from_value::<Vec<Factor>>(all).unwrap(), &cases.each_ref()), None);
    }

    #[test]
    fn first_what_is_done_then_what_failed_then_what_waits() {
        let all = FirstTally { done: 1, empty: 2, failed: 3, repeated: 4, waiting: 5 };
        let words = "1 done, 2 done without a result, 3 failed, 4 failed and tried again, 5 waiting";
        assert_eq!(all.words(), words);
        let (tally, words) = (FirstTally { done: 3, failed: 2, ..FirstTally::default() }, "3 done, 2 failed");
        assert_eq!(tally.words(), words);
    }

    #[test]
    fn what_failed_or_returned_nothing_is_trouble() {
        assert!(!FirstTally { done: 3, waiting: 2, ..FirstTally::default() }.has_trouble());
        for tally in [
            FirstTally { empty: 1, ..FirstTally::default() },
            FirstTally { failed: 1, ..FirstTally::default() },
            FirstTally { repeated: 1, ..FirstTally::default() },
        ] {
            assert!(tally.has_trouble(), "{tally:?}");
        }
    }
}
