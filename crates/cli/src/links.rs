//! A study's addresses and links, and printing them.

use cruncher_aws::Endpoints;
use cruncher_backend::administer::keys::RoleKeys;
use cruncher_backend::administer::page::INDEX_KEY;
use cruncher_backend::administer::rotation::RenewedAccess;
use cruncher_backend::administer::sealed_access::RolePassphrases;
use cruncher_sealing::Passphrase;
use cruncher_study::access::StudyAccess;
use cruncher_study::config::StudyConfig;
use serde::Serialize;

use crate::output::result;

/// Access that is new: of all roles, or of some.
#[derive(Clone)]
pub(crate) struct NewAccess {
    operator: StudyAccess,
    operator_passphrase: Option<Passphrase>,
    /// The viewer's, if its key is new.
    viewer: Option<StudyAccess>,
    viewer_passphrase: Option<Passphrase>,
    is_public: bool,
}

impl NewAccess {
    /// The access of all roles.
    pub(crate) fn of_all(keys: &RoleKeys, RolePassphrases { viewer, operator }: &RolePassphrases) -> Self {
        Self {
            operator: keys.operator_access(),
            operator_passphrase: Some(operator.clone()),
            viewer: Some(keys.viewer_access()),
            viewer_passphrase: viewer.clone(),
            is_public: viewer.is_none(),
        }
    }

    /// The access of those whose keys were rotated.
    pub(crate) fn of_rotation(renewed: &RenewedAccess, is_public: bool) -> Self {
        Self {
            operator: renewed.operator.clone(),
            operator_passphrase: renewed.operator_passphrase.clone(),
            viewer: renewed.viewer.clone(),
            viewer_passphrase: renewed.viewer_passphrase.clone(),
            is_public,
        }
    }
}

/// Addresses and links for people who are to open a study's page.
#[derive(Serialize)]
pub(crate) struct StudyLinks {
    study: String,
    region: String,
    bucket: String,
    page_url: String,
    /// The page's address over http, on AWS only.
    website_url: Option<String>,
    /// Passphrases that open the page; `None` for the viewer if anyone may look.
    #[serde(skip_serializing_if = "Option::is_none")]
    viewer_passphrase: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operator_passphrase: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    viewer_link: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operator_link: Option<String>,
    #[serde(skip)]
    viewer_words: Option<&'static str>,
}

impl StudyLinks {
    /// Makes addresses, and links if there is new access.
    pub(crate) fn new(config: &StudyConfig, website_url: &str, new: Option<NewAccess>) -> Self {
        let words = |passphrase: Option<Passphrase>| passphrase.map(|passphrase| passphrase.as_str().to_owned());
        let viewer_words = new.as_ref().map(|new| match (&new.viewer, new.is_public) {
            (_, true) => "none: anyone with the address may look, at your cost",
            (None, false) => "stays as it was",
            (Some(_), false) => "",
        });
        let (operator, viewer) = match &new {
            Some(new) => (Some(&new.operator), new.viewer.as_ref()),
            None => (None, None),
        };
        let endpoints = Endpoints::new(&config.region, config.endpoint_url.clone());
        let page_url = endpoints.object_url(&config.bucket, INDEX_KEY);
        Self {
            study: config.study.clone(),
            region: config.region.clone(),
            bucket: config.bucket.clone(),
            website_url: config.endpoint_url.is_none().then(|| website_url.to_owned()),
            viewer_link: viewer.map(|access| access.link(&page_url)),
            operator_link: operator.map(|access| access.link(&page_url)),
            viewer_passphrase: words(new.as_ref().and_then(|new| new.viewer_passphrase.clone())),
            operator_passphrase: words(new.and_then(|new| new.operator_passphrase)),
            viewer_words,
            page_url,
        }
    }

    /// Prints them for programs.
    pub(crate) fn print_json(&self) {
        // This can't fail, since it is plain JSON.
        result(serde_json::to_string_pretty(self).unwrap_or_default());
    }

    /// Prints them for people.
    pub(crate) fn print(&self) {
        result(format_args!("Dashboard              {}", self.page_url));
        if let Some(url) = &self.website_url {
            result(format_args!("                       {url} (plain http, where https is blocked)"));
        }
        let Some(viewer_words) = self.viewer_words else { return };
        let viewer = self.viewer_passphrase.as_deref().unwrap_or(viewer_words);
        result(format_args!("Viewer's passphrase    {viewer}"));
        let operator = self.operator_passphrase.as_deref().unwrap_or("stays as it was");
        result(format_args!("Operator's passphrase  {operator}"));
        if self.viewer_passphrase.is_none() && self.operator_passphrase.is_none() {
            return;
        }
        result("");
        result(format_args!(
            "Write the passphrases down: they can't be printed again. `cruncher link {} --role viewer` makes a link that opens \
             without one.",
            self.study
        ));
    }
}
