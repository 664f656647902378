//! Sections of the page. The address names the one that is shown: `#/fleet?section=hosts`.

use cruncher_browser::state::route::{Page, Route};

/// A section.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum PageSection {
    /// The computers, with their workers.
    #[default]
    Hosts,
    /// What workers say of themselves.
    Logs,
    /// What was used, and what it costs.
    Cost,
}

impl PageSection {
    /// All sections, in their order.
    pub(crate) const ALL: [Self; 3] = [Self::Hosts, Self::Logs, Self::Cost];

    /// Returns the name that a reader sees.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Hosts => "Hosts",
            Self::Logs => "Logs",
            Self::Cost => "Cost",
        }
    }

    /// Returns the name in the address.
    const fn path(self) -> &'static str {
        match self {
            Self::Hosts => "hosts",
            Self::Logs => "logs",
            Self::Cost => "cost",
        }
    }

    /// Reads an address's fragment. One that names no section, or one that isn't known, is of the first.
    pub(crate) fn parse(fragment: &str) -> Self {
        let query = fragment.split_once('?').map_or("", |(_, query)| query);
        let named = query.split('&').find_map(|pair| pair.strip_prefix("section="));
        Self::ALL.into_iter().find(|section| Some(section.path()) == named).unwrap_or_default()
    }

    /// Returns the address of the section, for the batches that `route` shows.
    pub(crate) fn address(self, route: &Route) -> String {
        route.on(Page::Fleet).with("section", self.path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_is_read_back() {
        for fragment in ["#/fleet", "#/fleet?batch=soil", "#/results?batch=*&y=response.x"] {
            for section in PageSection::ALL {
                assert_eq!(PageSection::parse(&section.address(&Route::parse(fragment))), section, "{fragment}");
            }
        }
    }

    #[test]
    fn an_unknown_section_is_the_first() {
        for fragment in ["", "#/fleet", "#/fleet?section=", "#/fleet?section=<b>&batch=x", "#/fleet?sections=hosts"] {
            assert_eq!(PageSection::parse(fragment), PageSection::default(), "{fragment}");
        }
    }
}
