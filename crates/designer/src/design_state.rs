//! What the designer knows: the draft, its model and table, what the worker made of them, and how far sending is.

use std::sync::Arc;

use cruncher_study::access::StudyAccess;
use cruncher_study::case::Parameters;
use cruncher_study::import::NumberReading;
use leptos::prelude::*;
use web_sys::Blob;

use super::messages::{DesignPicture, PointsQuality, TableSummary, WrongTable};
use super::sending::{SendReports, SendState};
use crate::state::draft::DesignDraft;

/// What the designer knows. Copies share everything.
#[derive(Clone, Copy)]
pub(super) struct DesignState {
    /// What the tab may do, and with which key.
    pub(super) access: StoredValue<StudyAccess>,
    /// What stands in the form.
    pub(super) draft: RwSignal<DesignDraft>,
    /// The model file.
    pub(super) model: RwSignal<Option<ModelText>>,
    /// Why the last file that was chosen as a model isn't one.
    pub(super) model_problem: RwSignal<Option<String>>,
    /// The imported table.
    pub(super) table: RwSignal<TableState>,
    /// The file that the table was imported from.
    pub(super) table_file: StoredValue<Option<Blob>, LocalStorage>,
    /// How it is read, where it may be meant in two ways.
    pub(super) reading: RwSignal<NumberReading>,
    /// What the design looks like.
    pub(super) preview: RwSignal<PreviewState>,
    /// Is told when there are new pictures of it.
    pub(super) pictures: Trigger,
    /// How good the points are; none while that is computed.
    pub(super) quality: RwSignal<Option<PointsQuality>>,
    /// What is shown because somebody wanted to see it.
    pub(super) unfolded: RwSignal<UnfoldedParts>,
    /// Which dimensions are drawn, by their position.
    pub(super) drawn: RwSignal<Vec<usize>>,
    /// The number of the case that is looked at, as typed.
    pub(super) case_number: RwSignal<String>,
    /// That case's inputs.
    pub(super) case: RwSignal<Option<Parameters>>,
    /// Whether fields that were left empty are complained about.
    pub(super) is_strict: RwSignal<bool>,
    /// How far sending is.
    pub(super) sending: RwSignal<SendState>,
    /// How many workers are alive, as the page knows it; none before its first look.
    pub(super) alive_workers: RwSignal<Option<u64>>,
    /// What is known beside that.
    pub(super) reports: SendReports,
    /// What is said once, for instance that a file couldn't be read.
    pub(super) said: RwSignal<Option<Arc<str>>>,
    /// What stood in the form before a design was opened, and its model.
    pub(super) replaced: RwSignal<Option<(DesignDraft, Option<ModelText>)>>,
    /// Why this browser doesn't keep the draft, if so.
    pub(super) not_kept: RwSignal<Option<String>>,
}

/// What is shown because somebody wanted to see it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct UnfoldedParts {
    /// The factors whose unit and note are shown though they are empty, by their position.
    pub(super) factors: Vec<usize>,
    /// Whether all lines of the rendered model are.
    pub(super) is_whole_model: bool,
}

/// What stands in the form.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FormState {
    draft: DesignDraft,
    model: Option<ModelText>,
    table: String,
}

/// A model file, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ModelText {
    /// Its name.
    pub(super) name: String,
    /// Its content, as it is uploaded.
    pub(super) content: Arc<[u8]>,
}

/// What came of importing a table.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum TableState {
    /// Nothing was imported.
    #[default]
    None,
    /// It is being read.
    Reading {
        /// Where it comes from.
        name: String,
    },
    /// It was read.
    Read {
        /// Where it comes from.
        name: String,
        /// What it has.
        table: TableSummary,
    },
    /// It can't be used.
    Wrong {
        /// Where it comes from.
        name: String,
        /// Why.
        problem: WrongTable,
    },
}

/// What the design looks like.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum PreviewState {
    /// There is no design yet.
    #[default]
    None,
    /// It has been asked for; an earlier one may be shown meanwhile.
    Busy(Option<DesignPicture>),
    /// It is there.
    Ready(DesignPicture),
    /// There is none, for a reason that no field of the form shows.
    Failed(String),
}

impl PreviewState {
    /// What is shown.
    pub(super) const fn picture(&self) -> Option<&DesignPicture> {
        match self {
            Self::Ready(picture) | Self::Busy(Some(picture)) => Some(picture),
            Self::None | Self::Busy(None) | Self::Failed(_) => None,
        }
    }
}

impl DesignState {
    /// Nothing is on it yet.
    pub(super) fn new(access: StudyAccess) -> Self {
        Self {
            access: StoredValue::new(access),
            draft: RwSignal::default(),
            model: RwSignal::default(),
            model_problem: RwSignal::default(),
            table: RwSignal::default(),
            table_file: StoredValue::new_local(None),
            reading: RwSignal::default(),
            preview: RwSignal::default(),
            pictures: Trigger::new(),
            quality: RwSignal::default(),
            unfolded: RwSignal::default(),
            drawn: RwSignal::default(),
            case_number: RwSignal::new("1".to_owned()),
            case: RwSignal::default(),
            is_strict: RwSignal::new(false),
            sending: RwSignal::default(),
            alive_workers: RwSignal::new(None),
            reports: SendReports::default(),
            said: RwSignal::default(),
            replaced: RwSignal::default(),
            not_kept: RwSignal::default(),
        }
    }

    /// What stands in the form.
    pub(super) fn form(self) -> FormState {
        FormState { draft: self.draft.get(), model: self.model.get(), table: self.table.read().name() }
    }
}

impl FormState {
    /// The name of the model, if another one stands in `later`.
    pub(super) fn replaced_model(&self, later: &Self) -> Option<&str> {
        (self.model != later.model).then_some(&self.draft.model)
    }
}

impl TableState {
    /// Where the table comes from.
    pub(super) fn name(&self) -> String {
        match self {
            Self::None => String::new(),
            Self::Reading { name } | Self::Read { name, .. } | Self::Wrong { name, .. } => name.clone(),
        }
    }
}
