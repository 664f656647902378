//! What is shown, as the address says behind its `#`: a bucket has no rewrites.

use std::fmt;

use cruncher_study::batch::Batch;

/// A page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Page {
    #[default]
    Overview,
    Attach,
    Errors,
    Results,
    Design,
}

impl Page {
    /// All of them, in the order of the rail.
    pub(crate) const ALL: [Self; 5] = [Self::Overview, Self::Attach, Self::Errors, Self::Results, Self::Design];

    /// The name in the rail and the title.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Attach => "Attach",
            Self::Errors => "Errors",
            Self::Results => "Results",
            Self::Design => "Design",
        }
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Attach => "attach",
            Self::Errors => "errors",
            Self::Results => "results",
            Self::Design => "design",
        }
    }
}

/// A page, and what of the study it shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) page: Page,
    /// Only this batch; none is all of them.
    pub(crate) batch: Option<Batch>,
    /// The error group that stands open, by its signature.
    pub(crate) group: Option<String>,
}

impl Route {
    /// Reads an address' fragment. What it doesn't know is left out: an old link still leads somewhere.
    pub(crate) fn parse(fragment: &str) -> Self {
        let fragment = fragment.trim_start_matches(['#', '/']);
        let (path, query) = fragment.split_once('?').unwrap_or((fragment, ""));
        let page = Page::ALL.into_iter().find(|page| page.path() == path).unwrap_or_default();
        let field = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        let is_signature = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        Self {
            page,
            batch: field("batch").and_then(|path| Batch::parse(path).ok()),
            group: field("group").filter(is_signature).map(str::to_owned),
        }
    }

    /// The same part of the study on another page.
    pub(crate) fn on(&self, page: Page) -> Self {
        Self { page, batch: self.batch.clone(), group: None }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#/{}", self.page.path())?;
        let batch = self.batch.as_ref().map(|batch| format!("batch={batch}"));
        let group = self.group.as_ref().map(|group| format!("group={group}"));
        let query: Vec<String> = batch.into_iter().chain(group).collect();
        if query.is_empty() { Ok(()) } else { write!(f, "?{}", query.join("&")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_read_back() {
        for page in Page::ALL {
            for batch in [None, Batch::parse("prandtl/level-03").ok()] {
                for group in [None, Some("00ff".to_owned())] {
                    let route = Route { page, batch: batch.clone(), group };
                    assert_eq!(Route::parse(&route.to_string()), route);
                }
            }
        }
    }

    #[test]
    fn an_address_that_is_not_known_leads_to_the_overview() {
        for fragment in ["", "#", "#/", "#/nowhere", "#/overview?batch=../x&group=%3Cscript%3E", "#%%"] {
            assert_eq!(Route::parse(fragment), Route::default(), "{fragment}");
        }
    }
}
