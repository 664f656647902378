//! Entries that are missing before points can be chosen.

use super::factor::{FactorField, FactorKind};
use super::{DesignDraft, FormPlace};

/// Maximum number of factors that are listed.
const MAX_TOLD: usize = 4;

impl DesignDraft {
    /// Lists the missing entries, in sentences: `Still missing: minimum and maximum of `a`.` `has_model` tells whether
    /// the model is there.
    #[must_use]
    pub(crate) fn missing(&self, has_model: bool) -> String {
        let complaints = self.points().err().unwrap_or_default();
        let is_wrong = complaints.iter().any(|complaint| !self.is_missing(complaint.place));
        let missing: Vec<FormPlace> =
            complaints.iter().map(|complaint| complaint.place).filter(|place| self.is_missing(*place)).collect();
        if self.is_untouched() {
            let first = if has_model {
                format!("Add the factors of {}", self.model_words())
            } else {
                "Choose a model with placeholders".to_owned()
            };
            return format!("{first}, or name a factor and its range.");
        }
        let mut sentences = Vec::new();
        if !missing.is_empty() {
            sentences.push(format!("Still missing: {}.", self.told(&missing)));
        }
        if is_wrong {
            sentences.push("Something is wrong: see the marked fields.".to_owned());
        }
        sentences.join(" ")
    }

    fn told(&self, missing: &[FormPlace]) -> String {
        let mut parts: Vec<String> = Vec::new();
        for index in 0..self.factors.len() {
            let fields = missing.iter().filter_map(|place| match place {
                FormPlace::Factor(of, field) if *of == index => Some(field_name(*field, self.factors[index].kind)),
                _ => None,
            });
            let fields: Vec<&str> = fields.collect();
            if !fields.is_empty() {
                parts.push(format!("{} of {}", listed(&fields), self.factor_name(index)));
            }
        }
        let more = parts.len().saturating_sub(MAX_TOLD);
        parts.truncate(MAX_TOLD);
        if more > 0 {
            parts.push(format!("and those of {more} more"));
        }
        parts.extend(missing.iter().filter_map(|place| place_name(*place)).map(str::to_owned));
        parts.join(", ")
    }

    fn factor_name(&self, index: usize) -> String {
        let (factor, has_name) = (&self.factors[index], !self.factors[index].name.trim().is_empty());
        if has_name { format!("`{}`", factor.called(index)) } else { factor.called(index) }
    }
}

fn listed(words: &[&str]) -> String {
    match words {
        [all @ .., last] if !all.is_empty() => format!("{} and {last}", all.join(", ")),
        _ => words.concat(),
    }
}

const fn field_name(field: FactorField, kind: FactorKind) -> &'static str {
    match field {
        FactorField::Name => "name",
        FactorField::Minimum => "minimum",
        FactorField::Maximum => "maximum",
        FactorField::Levels if matches!(kind, FactorKind::Choices) => "choices",
        FactorField::Levels => "levels",
        FactorField::Value => "value",
        FactorField::Count => "vector length",
    }
}

const fn place_name(place: FormPlace) -> Option<&'static str> {
    match place {
        FormPlace::Cases => Some("number of cases"),
        FormPlace::FirstLevel => Some("first level"),
        FormPlace::Levels => Some("last level"),
        FormPlace::Steps => Some("number of values of a range"),
        FormPlace::Seed => Some("seed"),
        FormPlace::Replicates => Some("number of replicates"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use cruncher_study::model::ModelKind;

    use super::super::factor::FactorDraft;
    use super::*;

    fn draft(factors: Vec<FactorDraft>) -> DesignDraft {
        DesignDraft { factors, ..DesignDraft::default() }
    }

    #[test]
    fn what_is_missing_is_named_by_factor() {
        let named = FactorDraft::named;
        assert_eq!(draft(vec![named("a")]).missing(false), "Still missing: minimum and maximum of `a`.");
        let nameless = FactorDraft { minimum: "1".into(), maximum: "2".into(), ..FactorDraft::default() };
        let choice = FactorDraft { kind: FactorKind::Choices, ..named("soil") };
        let fixed = FactorDraft { kind: FactorKind::Fixed, ..named("width") };
        let several = DesignDraft { cases: " ".into(), ..draft(vec![nameless, choice, fixed]) };
        let expected = "Still missing: name of factor 1, choices of `soil`, value of `width`, number of cases.";
        assert_eq!(several.missing(false), expected);
        let many = draft((0..6).map(|index| named(&format!("a{index}"))).collect());
        assert!(many.missing(false).ends_with("maximum of `a3`, and those of 2 more."), "{}", many.missing(false));
    }

    #[test]
    fn what_is_wrong_is_no_missing_thing() {
        let wrong = FactorDraft { minimum: "x".into(), ..FactorDraft::named("a") };
        let expected = "Still missing: maximum of `a`. Something is wrong: see the marked fields.";
        assert_eq!(draft(vec![wrong]).missing(false), expected);
        assert_eq!(draft(Vec::new()).missing(false), "Something is wrong: see the marked fields.");
        assert!(DesignDraft::default().missing(false).starts_with("Choose a model"));
        for (kind, model, words) in [
            (ModelKind::Python, "slope.py", "slope.py"),
            (ModelKind::Bundle, "wave.zip", "wave"),
            (ModelKind::CommandLine, "model.json", "the command"),
        ] {
            let draft = DesignDraft { kind, model: model.to_owned(), ..DesignDraft::default() };
            assert!(draft.missing(true).starts_with(&format!("Add the factors of {words},")), "{model}");
        }
    }
}
