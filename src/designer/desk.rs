//! What the designer knows: the draft, its model and table, what the worker made of them, and how far sending is.

use std::sync::Arc;

use cruncher_study::access::Access;
use cruncher_study::case::Parameters;
use cruncher_study::import::Reading;
use leptos::prelude::*;
use web_sys::Blob;

use super::messages::{Imported, Picture, Quality, WrongTable};
use super::sending::{Reports, Sending};
use crate::state::draft::Draft;

/// What the designer knows. Copies share everything.
#[derive(Clone, Copy)]
pub(super) struct Desk {
    /// What the tab may do, and with which key.
    pub(super) access: StoredValue<Access>,
    /// What stands in the form.
    pub(super) draft: RwSignal<Draft>,
    /// The model file.
    pub(super) model: RwSignal<Option<ModelText>>,
    /// Why the last file that was chosen as a model isn't one.
    pub(super) model_problem: RwSignal<Option<String>>,
    /// The imported table.
    pub(super) table: RwSignal<TableState>,
    /// The file that the table was imported from.
    pub(super) table_file: StoredValue<Option<Blob>, LocalStorage>,
    /// How it is read, where it may be meant in two ways.
    pub(super) reading: RwSignal<Reading>,
    /// What the design looks like.
    pub(super) preview: RwSignal<Preview>,
    /// Is told when there are new pictures of it.
    pub(super) pictures: Trigger,
    /// How good the points are; none while that is computed.
    pub(super) quality: RwSignal<Option<Quality>>,
    /// What is shown because somebody wanted to see it.
    pub(super) unfolded: RwSignal<Unfolded>,
    /// Which dimensions are drawn, by their position.
    pub(super) drawn: RwSignal<Vec<usize>>,
    /// The number of the case that is looked at, as typed.
    pub(super) case_number: RwSignal<String>,
    /// That case's inputs.
    pub(super) case: RwSignal<Option<Parameters>>,
    /// Whether fields that were left empty are complained about.
    pub(super) is_strict: RwSignal<bool>,
    /// How far sending is.
    pub(super) sending: RwSignal<Sending>,
    /// What is known beside that.
    pub(super) reports: Reports,
    /// What is said once, for instance that a file couldn't be read.
    pub(super) said: RwSignal<Option<Arc<str>>>,
    /// What stood in the form before a design was opened, and its model.
    pub(super) replaced: RwSignal<Option<(Draft, Option<ModelText>)>>,
    /// Why this browser doesn't keep the draft, if so.
    pub(super) not_kept: RwSignal<Option<String>>,
}

/// What is shown because somebody wanted to see it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Unfolded {
    /// The factors whose unit and note are shown though they are empty, by their position.
    pub(super) factors: Vec<usize>,
    /// Whether all lines of the rendered model are.
    pub(super) is_whole_model: bool,
}

/// What stands in the form.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Form {
    draft: Draft,
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
        table: Imported,
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
pub(super) enum Preview {
    /// There is no design yet.
    #[default]
    None,
    /// It has been asked for; an earlier one may be shown meanwhile.
    Busy(Option<Picture>),
    /// It is there.
    Ready(Picture),
    /// There is none, for a reason that no field of the form shows.
    Failed(String),
}

impl Preview {
    /// What is shown.
    pub(super) const fn picture(&self) -> Option<&Picture> {
        match self {
            Self::Ready(picture) | Self::Busy(Some(picture)) => Some(picture),
            Self::None | Self::Busy(None) | Self::Failed(_) => None,
        }
    }
}

impl Desk {
    /// Nothing is on it yet.
    pub(super) fn new(access: Access) -> Self {
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
            reports: Reports::default(),
            said: RwSignal::default(),
            replaced: RwSignal::default(),
            not_kept: RwSignal::default(),
        }
    }

    /// What stands in the form.
    pub(super) fn form(self) -> Form {
        Form { draft: self.draft.get(), model: self.model.get(), table: self.table.read().name() }
    }
}

impl Form {
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
