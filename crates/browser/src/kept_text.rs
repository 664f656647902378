//! Texts that this browser keeps for the study of this page.

use leptos::prelude::window;

/// Text that is kept.
#[derive(Debug, Clone, Copy)]
pub enum KeptText {
    /// Events that are known, so that each is told once.
    KnownEvents,
    /// Address that is called at each event.
    Webhook,
    /// What was chosen in the palette, the latest first.
    Recent,
}

impl KeptText {
    /// Returns the text; `None` if there is none, or no storage.
    #[must_use]
    pub fn get(self) -> Option<String> {
        window().local_storage().ok()??.get_item(&self.name()).ok()?
    }

    /// Keeps a text, or none. Without storage it is forgotten.
    pub fn set(self, text: &str) {
        let Ok(Some(storage)) = window().local_storage() else { return };
        let name = self.name();
        let _ = if text.is_empty() { storage.remove_item(&name) } else { storage.set_item(&name, text) };
    }

    /// Returns its name in the storage. It contains the path, because in the local cloud several studies share an origin.
    fn name(self) -> String {
        let mark = match self {
            Self::KnownEvents => "events",
            Self::Webhook => "webhook",
            Self::Recent => "recent",
        };
        format!("cruncher-{mark} {}", window().location().pathname().unwrap_or_default())
    }
}
