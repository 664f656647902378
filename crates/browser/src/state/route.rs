//! Route: the page and the part of the study that are shown, as the address's fragment names them. It is in the fragment
//! because a bucket has no rewrites.

use std::fmt;

use cruncher_study::batch::Batch;
use cruncher_study::pool::Pool;

/// A page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Page {
    #[default]
    Overview,
    Attach,
    Cases,
    Errors,
    Results,
    Fleet,
    Design,
}

impl Page {
    /// All pages, in the order of the rail.
    pub const ALL: [Self; 7] =
        [Self::Overview, Self::Attach, Self::Cases, Self::Errors, Self::Results, Self::Fleet, Self::Design];

    /// Whether it shows single cases.
    #[must_use]
    pub const fn needs_rows(self) -> bool {
        matches!(self, Self::Cases | Self::Errors | Self::Results)
    }

    /// Returns the name in the rail and the title.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Attach => "Attach",
            Self::Cases => "Cases",
            Self::Errors => "Errors",
            Self::Results => "Results",
            Self::Fleet => "Fleet",
            Self::Design => "Design",
        }
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Attach => "attach",
            Self::Cases => "cases",
            Self::Errors => "errors",
            Self::Results => "results",
            Self::Fleet => "fleet",
            Self::Design => "design",
        }
    }
}

/// Choice of the batches that are shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum BatchChoice {
    /// The address names none: the choice is made as soon as the batches are known.
    #[default]
    Unsaid,
    /// All batches.
    All,
    /// One batch, and those below it.
    One(Batch),
}

/// Value of `batch=` for all batches, and of `host=` for all hosts. Neither a batch nor an encoded host can have this name.
pub const ALL: &str = "*";

impl BatchChoice {
    /// Reads the value of `batch=`. A text that can't be a batch counts as unsaid.
    pub fn parse(text: &str) -> Self {
        if text == ALL { Self::All } else { Batch::parse(text).map_or(Self::Unsaid, Self::One) }
    }

    /// Returns the only batch that is shown; `None` if all are, or if the address doesn't say.
    #[must_use]
    pub const fn one(&self) -> Option<&Batch> {
        match self {
            Self::One(batch) => Some(batch),
            Self::Unsaid | Self::All => None,
        }
    }

    /// Returns the field of an address that names this choice; `None` if it is unsaid.
    #[must_use]
    pub fn field(&self) -> Option<String> {
        match self {
            Self::Unsaid => None,
            Self::All => Some(format!("batch={ALL}")),
            Self::One(batch) => Some(format!("batch={batch}")),
        }
    }

    /// Writes the choice into a fragment that names no batches. A fragment with other fields was made when all batches were
    /// shown: it gets all of them.
    pub fn written_into(self, fragment: &str) -> String {
        let (path, query) = fragment.split_once('?').unwrap_or((fragment, ""));
        let path = if path.len() > 2 { path.to_owned() } else { Route::default().to_string() };
        let says = |field: &&str| !field.is_empty() && !field.starts_with("batch=");
        let others: Vec<&str> = query.split('&').filter(says).collect();
        let batches = if others.is_empty() { self } else { Self::All };
        let fields: Vec<String> = batches.field().into_iter().chain(others.into_iter().map(str::to_owned)).collect();
        if fields.is_empty() { path } else { format!("{path}?{}", fields.join("&")) }
    }
}

/// Page, and the part of the study that it shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Route {
    pub page: Page,
    pub batches: BatchChoice,
    /// Signature of the error group that stands open.
    pub group: Option<String>,
    /// Column by which the workers are sorted, with a `-` in front if the largest value comes first.
    pub sort: Option<String>,
    /// Host whose workers stand open, percent-encoded; [`ALL`] for all workers, one by one, as often as there are portions of them.
    pub host: Option<String>,
    /// Pool that the lines attach workers to; `None` for the study's own queue.
    pub pool: Option<Pool>,
}

impl Route {
    /// Reads an address's fragment. Unknown parts are ignored, so that an old link still leads somewhere.
    pub fn parse(fragment: &str) -> Self {
        let fragment = fragment.trim_start_matches(['#', '/']);
        let (path, query) = fragment.split_once('?').unwrap_or((fragment, ""));
        let page = Page::ALL.into_iter().find(|page| page.path() == path).unwrap_or_default();
        let field = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        let is_word =
            |text: &&str| !text.is_empty() && text.bytes().all(|byte| is_plain(byte) || matches!(byte, b'%' | b'*'));
        Self {
            page,
            batches: field("batch").map_or(BatchChoice::Unsaid, BatchChoice::parse),
            group: field("group").filter(is_word).and_then(decoded),
            sort: field("sort")
                .filter(|text| matches!(page, Page::Overview | Page::Attach) && is_word(text))
                .map(str::to_owned),
            host: field("host").filter(is_word).map(str::to_owned),
            pool: field("pool").and_then(|name| Pool::parse(name).ok()),
        }
    }

    /// Returns the route to the same part of the study on another page. The pool stays chosen: the palette copies its line everywhere.
    #[must_use]
    pub fn on(&self, page: Page) -> Self {
        Self { page, batches: self.batches.clone(), pool: self.pool, ..Self::default() }
    }

    /// Returns the route to the same page for other batches.
    #[must_use]
    pub fn of(&self, batches: BatchChoice) -> Self {
        Self { batches, group: None, ..self.clone() }
    }

    /// Returns the address of the cases of these batches that meet conditions, written as in an address: `case.state:done`. All are
    /// those of `case.state:*`: an address without conditions keeps what was chosen on that page before.
    #[must_use]
    pub fn list(&self, conditions: &str) -> String {
        self.on(Page::Cases).with("select", conditions)
    }

    /// Returns the address with one more field.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> String {
        let address = self.to_string();
        let joint = if address.contains('?') { '&' } else { '?' };
        format!("{address}{joint}{name}={value}")
    }
}

/// Writes a text so that no character of it has a meaning in an address or in the conditions of a list, by percent signs.
#[must_use]
pub fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if is_plain(byte) {
            encoded.push(char::from(byte));
        } else {
            let digit = |half: u8| char::from(b"0123456789ABCDEF"[usize::from(half)]);
            encoded.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    encoded
}

/// Reads what [`encoded`] has written; `None` if it is something else.
#[must_use]
pub fn decoded(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::new(), text.bytes());
    while let Some(byte) = rest.next() {
        let mut digit = || char::from(rest.next()?).to_digit(16);
        bytes.push(if byte == b'%' { u8::try_from(digit()? * 16 + digit()?).ok()? } else { byte });
    }
    String::from_utf8(bytes).ok()
}

/// Whether a byte of a text has no meaning in an address.
const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#/{}", self.page.path())?;
        let mut query: Vec<String> = self.batches.field().into_iter().collect();
        // A worker's signature is of hexadecimal digits; others write anything.
        let group = self.group.as_deref().map(encoded);
        for (name, value) in [("group", &group), ("sort", &self.sort), ("host", &self.host)] {
            query.extend(value.as_ref().map(|value| format!("{name}={value}")));
        }
        query.extend(self.pool.map(|pool| format!("pool={pool}")));
        if query.is_empty() { Ok(()) } else { write!(f, "?{}", query.join("&")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(path: &str) -> BatchChoice {
        BatchChoice::One(Batch::parse(path).unwrap())
    }

    #[test]
    fn an_address_without_a_batch_gets_one_and_keeps_the_rest() {
        for (fragment, expected) in [
            ("", "#/overview?batch=soil"),
            ("#/", "#/overview?batch=soil"),
            ("#/results", "#/results?batch=soil"),
            ("#/results?", "#/results?batch=soil"),
            ("#/errors?batch=../x", "#/errors?batch=soil"),
            ("#/errors?group=00ff", "#/errors?batch=*&group=00ff"),
            ("#/results?y=response.double&zoom=1,2,3,4", "#/results?batch=*&y=response.double&zoom=1,2,3,4"),
        ] {
            assert_eq!(one("soil").written_into(fragment), expected, "{fragment}");
        }
    }

    #[test]
    fn every_route_is_read_back() {
        for page in Page::ALL {
            for batches in [BatchChoice::Unsaid, BatchChoice::All, one("prandtl/level-03"), one("all")] {
                for group in [None, Some("00ff".to_owned()), Some("ä&batch=x#\"<%41 \n".to_owned())] {
                    let route = Route { page, batches: batches.clone(), group, ..Route::default() };
                    assert_eq!(Route::parse(&route.to_string()), route);
                }
            }
        }
        for (sort, host) in
            [("-failed", "*".to_owned()), ("-failed", "***".to_owned()), ("worker", encoded("näh/..~*|, x"))]
        {
            let pool = Pool::parse("gpu").ok();
            let route = Route { sort: Some(sort.into()), host: Some(host), pool, ..Route::default() };
            assert_eq!(Route::parse(&route.to_string()), route);
        }
    }

    #[test]
    fn a_list_is_the_cases_page_with_conditions() {
        let route = Route { batches: one("soil"), sort: Some("done".into()), ..Route::default() };
        assert_eq!(route.list("case.state:done"), "#/cases?batch=soil&select=case.state:done");
        assert_eq!(Route::default().list("case.level:3..3"), "#/cases?select=case.level:3..3");
        let attach = Route::parse("#/attach?batch=soil&host=x&pool=gpu");
        assert_eq!(attach.on(Page::Cases).to_string(), "#/cases?batch=soil&pool=gpu");
        assert_eq!(encoded("~a..b|c,d:e*&#ä_-"), "%7Ea%2E%2Eb%7Cc%2Cd%3Ae%2A%26%23%C3%A4_-");
    }

    #[test]
    fn an_address_that_is_not_known_leads_to_the_overview() {
        for fragment in
            ["", "#", "#/", "#/nowhere", "#/overview?batch=../x&group=<script>&sort=<b>&host=&pool=Gpu", "#%%"]
        {
            assert_eq!(Route::parse(fragment), Route::default(), "{fragment}");
        }
    }
}
