//! Parts of the form that the browser keeps, each by itself, so that one of them may be missing, or be another tab's.

use crate::state::draft::DesignDraft;

/// A part of the form that is kept by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeptPart {
    /// The fields of the form, as typed and chosen.
    Draft,
    /// The model file, or the files of its folder.
    Model,
    /// The table of cases.
    Table,
    /// The case that computes a script's table.
    Points,
}

impl KeptPart {
    /// Returns the key that it is kept below.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Model => "model",
            Self::Table => "table",
            Self::Points => "points",
        }
    }
}

/// The parts that the browser doesn't keep, each with the reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct UnkeptParts(Vec<(KeptPart, String)>);

impl UnkeptParts {
    /// Notes that a part isn't kept for this reason, or that it is.
    pub(crate) fn note(&mut self, part: KeptPart, reason: Option<String>) {
        self.0.retain(|(other, _)| *other != part);
        self.0.extend(reason.map(|reason| (part, reason)));
    }

    /// Says what isn't kept, and how it is saved. `is_folder` tells whether the model is a folder, which a design file only names.
    pub(crate) fn words(&self, is_folder: bool) -> Option<String> {
        let (_, reason) = self.0.first()?;
        let is_unkept = |part| self.0.iter().any(|(other, _)| *other == part);
        let (draft, model, table) =
            (is_unkept(KeptPart::Draft), is_unkept(KeptPart::Model), is_unkept(KeptPart::Table));
        let (is_json, is_zip) = (draft || table || (model && !is_folder), model && is_folder);
        let what = match (draft, model, table) {
            (true, ..) => "what stands here",
            (false, true, true) => "model and table",
            (false, true, false) if is_folder => "the files of the folder",
            (false, true, false) => "the model",
            (false, false, true) => "the table",
            (false, false, false) => "which script is waited for",
        };
        let advice = match (is_json, is_zip) {
            (true, true) => "save the design as JSON, and its folder by Save ZIP, before the page is closed",
            (true, false) => "save the design as JSON before the page is closed",
            (false, true) => "choose the folder again when the page was closed, or what Save ZIP saves now",
            (false, false) => "leave the page open until its table is there",
        };
        Some(format!("This browser doesn't keep {what} ({reason}): {advice}."))
    }
}

/// Relation of a kept model to the kept draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeptModel {
    /// It is the draft's model.
    Current,
    /// It was chosen before the draft took up another kind of model.
    Aside,
    /// It belongs to another draft: the browser had no room for the draft's own, or another tab has kept it.
    Foreign,
}

impl DesignDraft {
    /// Whether a model is the one that the form names, of the kind that the form says.
    pub(crate) fn names_model(&self, name: &str, is_folder: bool) -> bool {
        self.model == name && self.is_folder() == is_folder
    }

    /// Returns what a model that was kept is to this draft.
    pub(crate) fn kept_model(&self, name: &str, is_folder: bool) -> KeptModel {
        if self.is_command() || (self.model.is_empty() && self.is_folder() != is_folder) {
            KeptModel::Aside
        } else if self.names_model(name, is_folder) {
            KeptModel::Current
        } else {
            KeptModel::Foreign
        }
    }
}

#[cfg(test)]
mod tests {
    use cruncher_study::model::ModelKind;

    use super::*;

    fn draft(kind: ModelKind, model: &str) -> DesignDraft {
        DesignDraft { kind, model: model.to_owned(), ..DesignDraft::default() }
    }

    #[test]
    fn only_a_model_of_the_draft_s_name_and_kind_is_its_model() {
        let (file, folder) = (draft(ModelKind::Python, "slope.py"), draft(ModelKind::Bundle, "slope.zip"));
        assert_eq!(file.kept_model("slope.py", false), KeptModel::Current);
        assert_eq!(file.kept_model("footing.py", false), KeptModel::Foreign);
        assert_eq!(folder.kept_model("slope.zip", true), KeptModel::Current);
        // A folder that was chosen before the file.
        assert_eq!(file.kept_model("slope.zip", true), KeptModel::Foreign);
        assert_eq!(draft(ModelKind::Python, "slope.zip").kept_model("slope.zip", true), KeptModel::Foreign);
        assert!(!draft(ModelKind::Bundle, "slope.py").names_model("slope.py", false));
    }

    #[test]
    fn a_model_that_was_chosen_before_another_kind_is_put_aside() {
        assert_eq!(draft(ModelKind::Bundle, "").kept_model("slope.py", false), KeptModel::Aside);
        assert_eq!(draft(ModelKind::CommandLine, "model.json").kept_model("slope.zip", true), KeptModel::Aside);
        assert_eq!(draft(ModelKind::Python, "").kept_model("slope.py", false), KeptModel::Foreign);
    }

    #[test]
    fn what_is_not_kept_is_told_until_it_is_with_what_saves_it() {
        let full = || Some("no room".to_owned());
        let mut unkept = UnkeptParts::default();
        assert_eq!(unkept.words(false), None);
        unkept.note(KeptPart::Model, full());
        // The next keystroke keeps the draft, and not the model.
        unkept.note(KeptPart::Draft, None);
        let file = "This browser doesn't keep the model (no room): save the design as JSON before the page is closed.";
        assert_eq!(unkept.words(false).unwrap(), file);
        let folder = unkept.words(true).unwrap();
        assert!(folder.contains("the files of the folder (no room)") && folder.contains("Save ZIP"), "{folder}");
        assert!(!folder.contains("JSON"), "a design file only names the folder: {folder}");
        unkept.note(KeptPart::Draft, full());
        let both = unkept.words(true).unwrap();
        assert!(both.contains("JSON") && both.contains("Save ZIP"), "{both}");
        unkept.note(KeptPart::Model, None);
        unkept.note(KeptPart::Draft, None);
        assert_eq!(unkept, UnkeptParts::default());
    }
}
