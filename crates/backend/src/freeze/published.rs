//! The files of a study's page, read from its bucket.

use std::time::Duration;

use cruncher_aws::Error;
use cruncher_aws::s3::ListedObject;

use super::document::needed;
use crate::administer::page::{ASSETS_PREFIX, PageFile};
use crate::reading::{Body, ReadRequest};
use crate::study::Study;

/// Size of the largest file of a page that is read.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// Reads the files of the page that a frozen study needs. `index` is the page's own document, or its head: it names those
/// files whose names change with every version. A file that isn't there any more, since the page was renewed, is left out.
///
/// # Errors
/// If a request fails.
pub async fn published(study: &Study, index: &str) -> Result<Vec<PageFile>, Error> {
    let mut files = Vec::new();
    let mut add = |object: ListedObject, body: Body| {
        let path = object.key.trim_start_matches(ASSETS_PREFIX).to_owned();
        files.extend(body.ok().map(|content| PageFile { path, content }));
    };
    let wanted = needed(index).iter().map(|path| wanted(path)).collect();
    study.read_each(wanted, MAX_FILE_BYTES, &mut add).await?;
    Ok(files)
}

/// Requests a file that the page names, and that was not listed.
fn wanted(path: &str) -> ReadRequest {
    let key = format!("{ASSETS_PREFIX}{path}");
    ReadRequest::whole(ListedObject { key, etag: String::new(), size_bytes: 0, last_modified: Duration::ZERO })
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::sync::Arc;

    use flate2::read::GzDecoder;
    use futures::executor::block_on;

    use super::*;
    use crate::administer::page::{DashboardFiles, INDEX_KEY};
    use crate::administer::publish::{PublicScripts, uploads};
    use crate::freeze::document::tests::{content, glue, page};
    use crate::freeze::{FreezeError, document};
    use crate::testing::TestCloud;

    /// Returns a page with files that a frozen study doesn't need.
    fn release() -> DashboardFiles {
        let mut files = page(&glue());
        files.extend(
            ["icon-0123456789abcdef.svg", "cruncher-designer.js", "designer.css", "start.js"]
                .map(|path| PageFile { path: path.into(), content: "no".into() }),
        );
        let links = files.iter().filter(|file| file.path.contains("-0123456789abcdef")).map(|file| &file.path);
        let links: Vec<String> = links.map(|path| format!("<link href=\"./assets/{path}\" crossorigin>")).collect();
        let links = links.concat();
        let index = format!("<meta content=\"{{{{script-hashes}}}} {{{{endpoints}}}}\">{links}<script>1;</script>");
        files.push(PageFile { path: INDEX_KEY.into(), content: index.into() });
        DashboardFiles::new(files).unwrap()
    }

    /// Publishes the page, each file unpacked as a browser gets it, and returns its document.
    fn publish(cloud: &Arc<TestCloud>, study: &Study, page: &DashboardFiles) -> String {
        let mut index = String::new();
        for upload in uploads(page, PublicScripts { worker: b"", boot: b"" }, &study.config) {
            let mut content = Vec::new();
            if upload.is_gzip {
                GzDecoder::new(&*upload.body).read_to_end(&mut content).unwrap();
            }
            if upload.key == INDEX_KEY {
                index = String::from_utf8(content.clone()).unwrap();
            }
            cloud.put(&upload.key, content);
        }
        index
    }

    #[test]
    fn a_page_from_the_bucket_makes_the_same_document_as_one_from_a_release() {
        let (cloud, study) = TestCloud::study();
        let release = release();
        let index = publish(&cloud, &study, &release);
        assert!(!index.contains("{{"), "the policy is sealed: {index}");
        let read = block_on(published(&study, &index)).unwrap();
        assert_eq!(document(&read, &content()), document(release.assets(), &content()));
        assert_eq!(read.len(), 7, "no more is read than is needed");
    }

    #[test]
    fn a_page_that_was_renewed_meanwhile_is_not_mixed_with_the_new_one() {
        let (cloud, study) = TestCloud::study();
        let index = publish(&cloud, &study, &release()).replace("0123456789abcdef", "fedcba9876543210");
        let read = block_on(published(&study, &index)).unwrap();
        assert_eq!(document(&read, &content()), Err(FreezeError::Missing("tokens.css".into())));
    }
}
