//! Uploading public files: the page, the worker, and the study's configuration.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use bytes::Bytes;
use cruncher_aws::{Client, Endpoints, Error, s3};
use cruncher_study::PROTOCOL_VERSION;
use cruncher_study::config::{CONFIG_KEY, StudyConfig};
use cruncher_study::control::{CONTROL_KEY, StudyControl};

use super::page::{ASSETS_PREFIX, DashboardFiles, INDEX_KEY, PageFile, ROBOTS_KEY, is_hashed, media_type, origins};
use crate::progress::{Progress, ProgressStep};

/// Key of the worker.
pub const WORKER_KEY: &str = "public/attach.py";

/// Number of Zopfli's iterations. More of them gain a thousandth each.
const ITERATIONS: NonZeroU64 = NonZeroU64::MIN;

const FOR_EVER: &str = "public, max-age=31536000, immutable";
const ASK_EACH_TIME: &str = "no-cache";

/// An object to be written, and the headers that it is served with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Key of the object.
    pub key: String,
    /// Content as it is stored.
    pub body: Bytes,
    /// Its media type.
    pub content_type: &'static str,
    /// Whether the body is packed by gzip.
    pub is_gzip: bool,
    /// Time for which browsers keep it, as a header.
    pub cache_control: &'static str,
}

/// Summary of a publication.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublishReport {
    /// Number of objects that were written.
    pub written: usize,
    /// Number of assets that were there already.
    pub kept: usize,
    /// Number of assets of earlier versions that were deleted.
    pub deleted: usize,
}

/// Makes everything that a study publishes, in the order of writing: files that a document refers to are there before the
/// document.
#[must_use]
pub fn uploads(page: &DashboardFiles, worker: &[u8], config: &StudyConfig) -> Vec<Upload> {
    let mut uploads: Vec<Upload> = page.assets().iter().map(|file| asset(page, file)).collect();
    uploads.push(Upload {
        key: WORKER_KEY.to_owned(),
        body: Bytes::copy_from_slice(worker),
        content_type: "text/x-python; charset=utf-8",
        // Python's urlopen doesn't unpack.
        is_gzip: false,
        cache_control: ASK_EACH_TIME,
    });
    uploads.push(Upload {
        key: CONFIG_KEY.to_owned(),
        body: serde_json::to_vec_pretty(config).unwrap_or_default().into(),
        content_type: "application/json",
        is_gzip: false,
        cache_control: ASK_EACH_TIME,
    });
    let endpoints = Endpoints::new(&config.region, config.endpoint_url.clone());
    uploads.push(Upload {
        key: INDEX_KEY.to_owned(),
        body: smallest_gzip(page.sealed_index(&origins(&endpoints, &config.bucket)).as_bytes()),
        content_type: media_type(INDEX_KEY).name,
        is_gzip: true,
        cache_control: ASK_EACH_TIME,
    });
    uploads
}

fn asset(page: &DashboardFiles, PageFile { path, content }: &PageFile) -> Upload {
    let media_type = media_type(path);
    let packed = || page.packed(path).cloned().unwrap_or_else(|| smallest_gzip(content));
    Upload {
        key: if path == ROBOTS_KEY { path.clone() } else { format!("{ASSETS_PREFIX}{path}") },
        body: if media_type.is_compressible { packed() } else { content.clone() },
        content_type: media_type.name,
        is_gzip: media_type.is_compressible,
        cache_control: if is_hashed(path) { FOR_EVER } else { ASK_EACH_TIME },
    }
}

/// Packs with Zopfli. It takes seconds, once, and saves a twentieth over gzip's best: each first view is that much faster.
#[must_use]
pub fn smallest_gzip(content: &[u8]) -> Bytes {
    let mut packed = Vec::new();
    let options = zopfli::Options { iteration_count: ITERATIONS, ..zopfli::Options::default() };
    // Neither reading from nor writing to memory fails.
    let _ = zopfli::compress(options, zopfli::Format::Gzip, content, &mut packed);
    packed.into()
}

/// Writes everything that a study publishes, and deletes the assets of earlier versions once the new page is there.
///
/// # Errors
/// If a request fails; files written before stay, and the earlier page with them.
pub async fn publish(
    client: &Client,
    config: &StudyConfig,
    page: &DashboardFiles,
    worker: &[u8],
    progress: Progress<'_>,
) -> Result<PublishReport, Error> {
    let bucket = &config.bucket;
    write_first_control(client, bucket).await?;
    let listed = s3::list_all(client, s3::ListObjects::new(bucket).prefix(ASSETS_PREFIX)).await?;
    let sizes: BTreeMap<&str, u64> = listed.iter().map(|object| (object.key.as_str(), object.size_bytes)).collect();
    let uploads = uploads(page, worker, config);
    let mut published = PublishReport::default();
    for (index, upload) in uploads.iter().enumerate() {
        if is_there(upload, &sizes) {
            published.kept += 1;
        } else {
            write(client, bucket, upload).await?;
            published.written += 1;
        }
        progress(ProgressStep::Published { key: upload.key.clone(), done: index + 1, of: uploads.len() });
    }
    let old: Vec<String> = old_assets(&uploads, &sizes);
    s3::delete_all(client, bucket, &old).await?;
    published.deleted = old.len();
    Ok(published)
}

/// Writes `control.json` unless it is there. Readers could do without it, but a browser reports a missing object as an error.
async fn write_first_control(client: &Client, bucket: &str) -> Result<(), Error> {
    let control = StudyControl { v: PROTOCOL_VERSION, ..StudyControl::default() };
    let json = serde_json::to_vec(&control).unwrap_or_default();
    let put = s3::PutObject::new(bucket, CONTROL_KEY, json).content_type("application/json").if_none_match_any();
    match client.send(&put).await {
        Err(error) if !error.is_precondition_failed() => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Whether an asset is there already: one whose name changes with its content, and whose size is the same.
fn is_there(upload: &Upload, sizes: &BTreeMap<&str, u64>) -> bool {
    upload.cache_control == FOR_EVER && sizes.get(upload.key.as_str()) == Some(&(upload.body.len() as u64))
}

fn old_assets(uploads: &[Upload], sizes: &BTreeMap<&str, u64>) -> Vec<String> {
    let is_old = |key: &&&str| !uploads.iter().any(|upload| upload.key == **key);
    sizes.keys().filter(is_old).map(|key| (*key).to_owned()).collect()
}

async fn write(client: &Client, bucket: &str, upload: &Upload) -> Result<(), Error> {
    let mut put = s3::PutObject::new(bucket, &upload.key, upload.body.clone())
        .content_type(upload.content_type)
        .cache_control(upload.cache_control);
    if upload.is_gzip {
        put = put.content_encoding("gzip");
    }
    client.send(&put).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::administer::page::PageFile;

    fn file(path: &str) -> PageFile {
        let content = if path == INDEX_KEY { "<p>{{script-hashes}} {{endpoints}}</p>" } else { path };
        PageFile { path: path.into(), content: Bytes::copy_from_slice(content.as_bytes()) }
    }

    fn config() -> StudyConfig {
        StudyConfig {
            v: 1,
            study: "s".into(),
            region: "eu-central-1".into(),
            bucket: "b".into(),
            endpoint_url: None,
            queue_url: "q".into(),
            dead_letter_queue_url: "d".into(),
            lease_secs: 120,
            max_receives: None,
            outputs_limit_bytes: None,
            launch_time: 1.0,
            cruncher_version: "0.1.0".into(),
        }
    }

    fn planned() -> Vec<Upload> {
        let page = ["index.html", "app-0123456789abcdef.js", "icon.svg", "a.png", "robots.txt"].map(file);
        uploads(&DashboardFiles::new(page).unwrap(), b"print()", &config())
    }

    #[test]
    fn the_page_comes_last_and_what_it_refers_to_first() {
        let keys: Vec<_> = planned().into_iter().map(|upload| upload.key).collect();
        assert_eq!(
            keys,
            [
                "assets/a.png",
                "assets/app-0123456789abcdef.js",
                "assets/icon.svg",
                "robots.txt",
                "public/attach.py",
                "public/config.json",
                "index.html"
            ]
        );
    }

    #[test]
    fn each_object_has_the_headers_that_it_needs() {
        let headers: Vec<_> = planned()
            .iter()
            .map(|upload| (upload.content_type, upload.is_gzip, upload.cache_control == FOR_EVER))
            .collect();
        assert_eq!(
            headers,
            [
                ("image/png", false, false),
                ("text/javascript; charset=utf-8", true, true),
                ("image/svg+xml", true, false),
                ("text/plain; charset=utf-8", true, false),
                ("text/x-python; charset=utf-8", false, false),
                ("application/json", false, false),
                ("text/html; charset=utf-8", true, false),
            ]
        );
        assert_eq!(planned()[4].body, Bytes::from("print()"));
        assert_eq!(planned()[1].body[..2], [0x1f, 0x8b], "gzip's mark");
        assert_eq!(planned(), planned(), "the same bytes each time");
    }

    #[test]
    fn what_is_there_is_kept_and_what_is_left_over_goes() {
        let uploads = planned();
        let sizes = BTreeMap::from([
            ("assets/app-0123456789abcdef.js", uploads[1].body.len() as u64),
            ("assets/icon.svg", uploads[2].body.len() as u64),
            ("assets/app-fedcba9876543210.js", 7),
        ]);
        let kept: Vec<bool> = uploads.iter().map(|upload| is_there(upload, &sizes)).collect();
        assert_eq!(kept, [false, true, false, false, false, false, false], "a name without a hash says nothing");
        assert_eq!(old_assets(&uploads, &sizes), ["assets/app-fedcba9876543210.js"]);
        let damaged = BTreeMap::from([("assets/app-0123456789abcdef.js", 1)]);
        assert!(!is_there(&uploads[1], &damaged));
    }
}
