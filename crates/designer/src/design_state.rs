//! State of the designer: the draft, its model and table, the worker's answers about them, and the progress of sending.

use std::sync::Arc;

use cruncher_backend::unzip::is_zip;
use cruncher_browser::state::problem::PageProblem;
use cruncher_study::access::StudyAccess;
use cruncher_study::case::Parameters;
use cruncher_study::import::NumberReading;
use cruncher_study::model_document::MODEL_DOCUMENT_NAME;
use cruncher_study::pool::Pool;
use leptos::prelude::*;
use web_sys::Blob;

use super::messages::{DesignPicture, PointsCase, PointsFailure, PointsQuality, TableSummary, WrongTable};
use super::send_state::{SendReports, SendState};
use crate::state::draft::DesignDraft;
use crate::state::folder::FolderIndex;
use crate::state::kept::UnkeptParts;

/// State of the designer. Copies share everything.
#[derive(Clone, Copy)]
pub(super) struct DesignState {
    /// The tab's role, and its key.
    pub(super) access: StoredValue<StudyAccess>,
    /// The content of the form.
    pub(super) draft: RwSignal<DesignDraft>,
    /// The model file, or the files of its folder.
    pub(super) model: RwSignal<Option<ModelText>>,
    /// What was chosen as the model, whatever it is now.
    pub(super) chosen: StoredValue<ChosenModels>,
    /// The reason why the last file that was chosen as a model isn't one.
    pub(super) model_problem: RwSignal<Option<String>>,
    /// The imported table.
    pub(super) table: RwSignal<TableState>,
    /// The script that computes the table, if one does.
    pub(super) points: RwSignal<PointsState>,
    /// The file that the table was imported from.
    pub(super) table_file: StoredValue<Option<Blob>, LocalStorage>,
    /// The reading of its numbers, where they are ambiguous.
    pub(super) reading: RwSignal<NumberReading>,
    /// The preview of the design.
    pub(super) preview: RwSignal<PreviewState>,
    /// Notified when there is a new image of it.
    pub(super) image: Trigger,
    /// The quality of the points; `None` while it is computed.
    pub(super) quality: RwSignal<Option<PointsQuality>>,
    /// The parts of the page that were unfolded.
    pub(super) unfolded: RwSignal<UnfoldedParts>,
    /// The dimensions that are drawn, by their position.
    pub(super) drawn: RwSignal<Vec<usize>>,
    /// The number of the case that is looked at, as typed.
    pub(super) case_number: RwSignal<String>,
    /// That case's inputs.
    pub(super) case: RwSignal<Option<Parameters>>,
    /// Whether fields that were left empty are reported.
    pub(super) is_strict: RwSignal<bool>,
    /// The progress of sending.
    pub(super) sending: RwSignal<SendState>,
    /// The number of workers that are alive, as far as the page knows it; `None` before its first look.
    pub(super) alive_workers: RwSignal<Option<u64>>,
    /// The study's pools.
    pub(super) pools: RwSignal<StudyPools>,
    /// Further news about sending.
    pub(super) reports: SendReports,
    /// A message that is shown once, for instance that a file couldn't be read.
    pub(super) said: RwSignal<Option<Arc<str>>>,
    /// The content of the form before a design was opened, and its model.
    pub(super) replaced: RwSignal<Option<(DesignDraft, Option<ModelText>)>>,
    /// The parts of the form that this browser doesn't keep.
    pub(super) unkept: RwSignal<UnkeptParts>,
}

/// Parts of the page that were unfolded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct UnfoldedParts {
    /// The factors whose unit and note are shown though they are empty, by their position.
    pub(super) factors: Vec<usize>,
    /// Whether all lines of the rendered model are shown.
    pub(super) is_whole_model: bool,
}

/// Content of the form.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FormState {
    draft: DesignDraft,
    model: Option<ModelText>,
    table: String,
}

/// What was chosen as the model, and what is known of the folder that it may be.
pub(super) struct ChosenModels {
    /// The model file that was chosen before the model became something else.
    pub(super) file: Option<ModelText>,
    /// The folder that was chosen before the model became something else.
    pub(super) folder: Option<ModelText>,
    index: Memo<Option<Arc<FolderIndex>>>,
    progress: RwSignal<Option<FolderProgress>>,
    /// Number of the reading of a folder that counts.
    pub(super) turn: u32,
}

/// How far the reading of a folder is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FolderProgress {
    /// Its name.
    pub(super) name: String,
    /// Number of files that were read.
    pub(super) read: usize,
    /// Number of its files; 0 as long as that isn't known.
    pub(super) of: usize,
    /// Size of the files that were read.
    pub(super) read_bytes: u64,
    /// Size of all files.
    pub(super) all_bytes: u64,
}

/// A model file; or a ZIP of the files of a folder, to which that what is run of it isn't added yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ModelText {
    /// Its name.
    pub(super) name: String,
    /// Its content, as it is uploaded.
    pub(super) content: Arc<[u8]>,
}

/// Pools of the study, as far as this page knows them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct StudyPools {
    /// Those that there are; `None` as long as nobody has said.
    pub(super) known: Option<Vec<Pool>>,
    /// The making of those that are missing.
    pub(super) making: PoolMaking,
}

/// Progress of making pools that are missing.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum PoolMaking {
    /// Nobody has asked for it.
    #[default]
    Idle,
    /// They are being made.
    Going,
    /// One of them couldn't be made.
    Failed(PageProblem),
}

/// Result of importing a table.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum TableState {
    /// Nothing was imported.
    #[default]
    None,
    /// It is being read.
    Reading {
        /// Name of the file or text that it comes from.
        name: String,
    },
    /// It was read.
    Read {
        /// Name of the file or text that it comes from.
        name: String,
        /// Its content.
        table: TableSummary,
    },
    /// It can't be used.
    Wrong {
        /// Name of the file or text that it comes from.
        name: String,
        /// The problem with it.
        problem: WrongTable,
    },
}

/// Script that computes the table.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum PointsState {
    /// There is none.
    #[default]
    None,
    /// It is being sent.
    Sending {
        /// Its name.
        name: String,
    },
    /// A worker computes it, or will.
    Waiting(PointsCase),
    /// It gave no points.
    Failed {
        /// Its name.
        name: String,
        /// The problem.
        failure: PointsFailure,
    },
}

impl PointsState {
    /// Returns the name of the script that is waited for; empty if none is.
    pub(super) fn name(&self) -> String {
        match self {
            Self::None | Self::Failed { .. } => String::new(),
            Self::Sending { name } | Self::Waiting(PointsCase { name, .. }) => name.clone(),
        }
    }
}

/// Preview of the design.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum PreviewState {
    /// There is no design yet.
    #[default]
    None,
    /// It was asked for; an earlier one may be shown meanwhile.
    Busy(Option<DesignPicture>),
    /// It is there.
    Ready(DesignPicture),
    /// There is none, for a reason that no field of the form shows.
    Failed(String),
}

impl PreviewState {
    /// Returns the picture that is shown.
    pub(super) const fn picture(&self) -> Option<&DesignPicture> {
        match self {
            Self::Ready(picture) | Self::Busy(Some(picture)) => Some(picture),
            Self::None | Self::Busy(None) | Self::Failed(_) => None,
        }
    }
}

impl DesignState {
    /// Returns the state of an empty form.
    pub(super) fn new(access: StudyAccess) -> Self {
        let model = RwSignal::<Option<ModelText>>::default();
        Self {
            access: StoredValue::new(access),
            draft: RwSignal::default(),
            model,
            chosen: StoredValue::new(ChosenModels {
                file: None,
                folder: None,
                index: Memo::new(move |_| {
                    let model = model.read();
                    let folder = model.as_ref().filter(|model| model.is_folder())?;
                    FolderIndex::of(&folder.content).map(Arc::new)
                }),
                progress: RwSignal::default(),
                turn: 0,
            }),
            model_problem: RwSignal::default(),
            table: RwSignal::default(),
            points: RwSignal::default(),
            table_file: StoredValue::new_local(None),
            reading: RwSignal::default(),
            preview: RwSignal::default(),
            image: Trigger::new(),
            quality: RwSignal::default(),
            unfolded: RwSignal::default(),
            drawn: RwSignal::default(),
            case_number: RwSignal::new("1".to_owned()),
            case: RwSignal::default(),
            is_strict: RwSignal::new(false),
            sending: RwSignal::default(),
            alive_workers: RwSignal::new(None),
            pools: RwSignal::default(),
            reports: SendReports::default(),
            said: RwSignal::default(),
            replaced: RwSignal::default(),
            unkept: RwSignal::default(),
        }
    }

    /// Returns what is known of the model's folder, if it is one.
    pub(super) fn folder(self) -> Memo<Option<Arc<FolderIndex>>> {
        self.chosen.with_value(|chosen| chosen.index)
    }

    /// Returns how far the reading of a folder is, if one is read.
    pub(super) fn folder_progress(self) -> RwSignal<Option<FolderProgress>> {
        self.chosen.with_value(|chosen| chosen.progress)
    }

    /// Returns the content of the form.
    pub(super) fn form(self) -> FormState {
        FormState { draft: self.draft.get(), model: self.model.get(), table: self.table.read().name() }
    }
}

impl ModelText {
    /// Returns a command as a model, of its document.
    pub(super) fn of_command(document: Vec<u8>) -> Self {
        Self { name: MODEL_DOCUMENT_NAME.to_owned(), content: document.into() }
    }

    /// Whether it is a folder.
    pub(super) fn is_folder(&self) -> bool {
        is_zip(&self.content)
    }

    /// Whether it is a command.
    pub(super) fn is_command(&self) -> bool {
        !self.is_folder() && self.name == MODEL_DOCUMENT_NAME
    }
}

impl ChosenModels {
    /// Puts a model aside that isn't the form's any more. A command stands in the draft.
    pub(super) fn set_aside(&mut self, model: ModelText) {
        if model.is_folder() {
            self.folder = Some(model);
        } else if !model.is_command() {
            self.file = Some(model);
        }
    }
}

impl FormState {
    /// Returns what the model is called, if `later` has another one.
    pub(super) fn replaced_model(&self, later: &Self) -> Option<String> {
        (self.model != later.model).then(|| self.draft.model_words())
    }
}

impl TableState {
    /// Returns the name of the file or text that the table comes from.
    pub(super) fn name(&self) -> String {
        match self {
            Self::None => String::new(),
            Self::Reading { name } | Self::Read { name, .. } | Self::Wrong { name, .. } => name.clone(),
        }
    }
}
