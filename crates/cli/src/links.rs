//! A study's addresses and links, and printing them.

use cruncher_aws::Endpoints;
use cruncher_backend::administer::keys::RoleKeys;
use cruncher_backend::administer::page::INDEX_KEY;
use cruncher_backend::administer::sealed_access::RolePassphrases;
use cruncher_sealing::Passphrase;
use cruncher_study::config::StudyConfig;
use serde::Serialize;

use crate::output::result;

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
}

impl StudyLinks {
    /// Makes addresses, and links if there are new keys.
    pub(crate) fn new(config: &StudyConfig, website_url: &str, new: Option<(&RoleKeys, &RolePassphrases)>) -> Self {
        let (keys, passphrases) = (new.map(|(keys, _)| keys), new.map(|(_, passphrases)| passphrases));
        let words = |passphrase: &Passphrase| passphrase.as_str().to_owned();
        let endpoints = Endpoints::new(&config.region, config.endpoint_url.clone());
        let page_url = endpoints.object_url(&config.bucket, INDEX_KEY);
        Self {
            study: config.study.clone(),
            region: config.region.clone(),
            bucket: config.bucket.clone(),
            website_url: config.endpoint_url.is_none().then(|| website_url.to_owned()),
            viewer_passphrase: passphrases.and_then(|own| own.viewer.as_ref()).map(words),
            operator_passphrase: passphrases.map(|own| words(&own.operator)),
            viewer_link: keys.map(|keys| keys.viewer_link(&page_url)),
            operator_link: keys.map(|keys| keys.operator_link(&page_url)),
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
        let Some(operator) = &self.operator_passphrase else { return };
        match &self.viewer_passphrase {
            Some(viewer) => result(format_args!("Viewer's passphrase    {viewer}")),
            None => result("Viewer's passphrase    none: anyone with the address may look, at your cost"),
        }
        result(format_args!("Operator's passphrase  {operator}"));
        result("");
        result(format_args!(
            "Write the passphrases down: they can't be printed again. `cruncher link {} --role viewer` makes a link that opens \
             without one.",
            self.study
        ));
    }
}
