//! What opens a study: its configuration, sealed access, links, and the page's own document.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use cruncher_aws::Endpoints;
use cruncher_backend::administer::page::{DashboardFiles, INDEX_KEY, PageFile, origins};
use cruncher_sealing::AccessDocument;
use cruncher_study::access::StudyAccess;
use cruncher_study::config::StudyConfig;

use super::{kind, said};

pub(super) fn config(json: &[u8]) -> String {
    let read = match StudyConfig::parse(json) {
        Ok(read) => read,
        Err(error) => return said(&error),
    };
    let written = serde_json::to_vec(&read).expect("what was read can be written");
    assert_eq!(StudyConfig::parse(&written).expect("what was written can be read"), read);
    let endpoints = Endpoints::new(&read.region, read.endpoint_url.clone());
    kind(&(origins(&endpoints, &read.bucket).len(), endpoints.object_url(&read.bucket, "k").is_empty()))
}

pub(super) fn access(json: &[u8]) -> String {
    let read = match AccessDocument::parse(json) {
        Ok(read) => read,
        Err(error) => return said(&error),
    };
    let written = read.to_json();
    assert_eq!(AccessDocument::parse(&written).expect("what was written can be read").to_json(), written);
    kind(&(read.roles().collect::<Vec<_>>(), read.public_viewer.is_some()))
}

/// A link's fragment as it is, and one that holds the input.
pub(super) fn link(input: &[u8]) -> String {
    let as_it_is = StudyAccess::from_fragment(&String::from_utf8_lossy(input)).map(|access| access.is_some());
    let link = format!("#access={}", URL_SAFE_NO_PAD.encode(input));
    let holding = StudyAccess::from_fragment(&link);
    if let Ok(Some(access)) = &holding {
        let again = access.link("https://example.org/index.html");
        let fragment = again.split_once('#').map(|(_, fragment)| fragment).expect("a link has a fragment");
        let read = StudyAccess::from_fragment(fragment).expect("a link can be read").expect("it is a link");
        assert_eq!(read.link(""), access.link(""), "it reads otherwise");
        assert!(
            !format!("{access:?}").contains(&access.key.secret) || access.key.secret.len() < 20,
            "a secret is shown"
        );
    }
    kind(&(as_it_is, holding.map(|access| access.map(|access| access.role))))
}

/// The page's own document, which is sealed for a study.
pub(super) fn index(html: &[u8]) -> String {
    // Each placeholder is filled, so the document grows by their number times that of the scripts: it is ours, and has one.
    if String::from_utf8_lossy(html).matches("{{").count() > 2 {
        return "more placeholders".to_owned();
    }
    let file = PageFile { path: INDEX_KEY.to_owned(), content: Bytes::copy_from_slice(html) };
    let sealed = DashboardFiles::new([file]).map(|page| page.sealed_index(&["https://example.org".to_owned()]));
    kind(&sealed.map(|sealed| sealed.matches("'sha256-").count().min(8)))
}
