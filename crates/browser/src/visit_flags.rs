//! Flags that a page notes for the next visit, so that this begins with what it will need.

use leptos::prelude::window;

/// Fact that is noted for the next visit.
#[derive(Debug, Clone, Copy)]
pub enum VisitFlag {
    /// Cases are being sent.
    Sending,
    /// The study is a large one.
    Large,
    /// Tabs give each other their access.
    Shared,
    /// The reader is told of events by the browser.
    Told,
    /// Shortcuts without Ctrl are off.
    SingleKeysOff,
}

impl VisitFlag {
    /// Notes the fact, or that it doesn't hold any more. Without storage the next visit takes a moment longer.
    pub fn set(self, is_so: bool) {
        let Ok(Some(storage)) = window().local_storage() else { return };
        let _ = if is_so { storage.set_item(&self.name(), "") } else { storage.remove_item(&self.name()) };
    }

    /// Whether the fact was noted.
    #[must_use]
    pub fn is_set(self) -> bool {
        let noted = || window().local_storage().ok()??.get_item(&self.name()).ok()?;
        noted().is_some()
    }

    /// Returns the flag's name in the storage. It contains the path, because in the local cloud several studies share an
    /// origin.
    fn name(self) -> String {
        let mark = match self {
            Self::Sending => "sending",
            Self::Large => "large",
            Self::Shared => "shared",
            Self::Told => "told",
            Self::SingleKeysOff => "single-keys-off",
        };
        format!("cruncher-{mark} {}", window().location().pathname().unwrap_or_default())
    }
}
