//! Requests of the page to the program of its dialogs, as text: a line each for what is asked and for what belongs to it.

use cruncher_study::study_events::plain_line;

/// What the palette offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaletteEntry {
    /// Kind of thing: `Page`, `Batch`.
    pub kind: String,
    /// Words that are searched and shown.
    pub label: String,
    /// More words, which are shown only.
    pub hint: String,
}

impl PaletteEntry {
    /// Makes an entry; whatever names contain becomes one line.
    #[must_use]
    pub fn new(kind: &str, label: &str, hint: &str) -> Self {
        Self { kind: kind.to_owned(), label: plain_line(label), hint: plain_line(hint) }
    }
}

/// Request to the program of the dialogs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DialogRequest {
    /// Show the palette with these entries.
    Palette(Vec<PaletteEntry>),
    /// Show the shortcuts.
    Shortcuts,
    /// Show how the reader is told of events.
    News,
    /// Show the licences of what the page is made of.
    Licences,
    /// Tell the reader, and whoever else is to know, of an event.
    Tell(EventMessage),
}

/// Message of an event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventMessage {
    /// Name of the study.
    pub study: String,
    /// Name of the event, for a program.
    pub event: String,
    /// What has happened.
    pub text: String,
}

const PALETTE: &str = "palette";
const SHORTCUTS: &str = "shortcuts";
const NEWS: &str = "news";
const LICENCES: &str = "licences";
const TELL: &str = "tell";

impl DialogRequest {
    /// Writes the request.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::Palette(entries) => {
                let mut text = PALETTE.to_owned();
                for PaletteEntry { kind, label, hint } in entries {
                    text.extend(["\n", kind, "\t", label, "\t", hint]);
                }
                text
            }
            Self::Shortcuts => SHORTCUTS.to_owned(),
            Self::News => NEWS.to_owned(),
            Self::Licences => LICENCES.to_owned(),
            Self::Tell(EventMessage { study, event, text }) => [TELL, study, event, &plain_line(text)].join("\n"),
        }
    }

    /// Reads a request; `None` if it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.split('\n');
        let first = lines.next()?;
        match first {
            PALETTE => {
                let entry = |line: &str| {
                    let mut parts = line.splitn(3, '\t').map(str::to_owned);
                    Some(PaletteEntry { kind: parts.next()?, label: parts.next()?, hint: parts.next()? })
                };
                lines.map(entry).collect::<Option<_>>().map(Self::Palette)
            }
            SHORTCUTS => Some(Self::Shortcuts),
            NEWS => Some(Self::News),
            LICENCES => Some(Self::Licences),
            TELL => {
                let mut part = || lines.next().map(str::to_owned);
                Some(Self::Tell(EventMessage { study: part()?, event: part()?, text: part()? }))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_is_read_back() {
        let entries = vec![PaletteEntry::new("Page", "Overview", ""), PaletteEntry::new("Worker", "node7", "host a")];
        let message = EventMessage { study: "soil".into(), event: "ended".into(), text: "3 of 3 done".into() };
        for request in [
            DialogRequest::Palette(Vec::new()),
            DialogRequest::Palette(entries),
            DialogRequest::Shortcuts,
            DialogRequest::News,
            DialogRequest::Licences,
            DialogRequest::Tell(message),
        ] {
            assert_eq!(DialogRequest::parse(&request.to_text()), Some(request));
        }
        assert_eq!(DialogRequest::parse("open"), None);
    }

    #[test]
    fn a_hostile_name_makes_no_other_entry() {
        let entry = PaletteEntry::new("Worker", "a\nPage\tOverview\t", "<b>\n");
        let request = DialogRequest::Palette(vec![entry]);
        let Some(DialogRequest::Palette(read)) = DialogRequest::parse(&request.to_text()) else { panic!("no palette") };
        assert_eq!(
            read,
            [PaletteEntry { kind: "Worker".into(), label: "a Page Overview ".into(), hint: "‹b› ".into() }]
        );
    }
}
