//! What a page notes for the next visit, so that it begins with what is going to be needed.

use leptos::prelude::window;

/// What is noted.
#[derive(Debug, Clone, Copy)]
pub enum VisitFlag {
    /// Cases are being sent.
    Sending,
    /// The study is a large one.
    Large,
    /// Tabs give each other their access.
    Shared,
}

impl VisitFlag {
    /// Notes it, or that it isn't so any more. Without storage this costs a moment at the next visit.
    pub fn set(self, is_so: bool) {
        let Ok(Some(storage)) = window().local_storage() else { return };
        let _ = if is_so { storage.set_item(&self.name(), "") } else { storage.remove_item(&self.name()) };
    }

    /// Whether it was noted.
    #[must_use]
    pub fn is_set(self) -> bool {
        let noted = || window().local_storage().ok()??.get_item(&self.name()).ok()?;
        noted().is_some()
    }

    /// In the local cloud several studies share an origin: the path tells them apart.
    fn name(self) -> String {
        let mark = match self {
            Self::Sending => "sending",
            Self::Large => "large",
            Self::Shared => "shared",
        };
        format!("cruncher-{mark} {}", window().location().pathname().unwrap_or_default())
    }
}
