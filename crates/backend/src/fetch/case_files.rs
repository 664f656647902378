//! Files that a single case produced.

use bytes::Bytes;
use cruncher_aws::{Error, s3};
use cruncher_study::case::CaseRef;
use cruncher_study::key::DATA_PREFIX;

use super::download::portable_end;
use crate::study::{ReadError, Study};

/// Maximum size of a file that is read into memory, in bytes.
pub const MAX_FILE_BYTES: u64 = 256 << 20;

/// A file that a case produced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseFile {
    /// The object's key.
    pub key: String,
    /// The path below the case's own files, as its key says: it comes from outside.
    pub path: String,
    /// The size in bytes.
    pub size_bytes: u64,
}

/// Files that a case produced, as a listing names them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaseFiles {
    /// The files in the order of their keys, at most 1,000.
    pub files: Vec<CaseFile>,
    /// Whether there are more.
    pub has_more: bool,
}

impl CaseFile {
    /// Returns a name under which it can be saved on every computer: the beginning of its case's id, and the end of its path.
    #[must_use]
    pub fn download_name(&self, (_, case): &CaseRef) -> String {
        format!("{:.8}-{}", case.to_string(), portable_end(self.path.rsplit('/').next().unwrap_or_default()))
    }
}

impl Study {
    /// Lists the files that a case produced.
    ///
    /// # Errors
    /// If the request fails.
    pub async fn case_files(&self, (batch, case): &CaseRef) -> Result<CaseFiles, Error> {
        let prefix = format!("{DATA_PREFIX}{batch}/files/{case}/");
        let page = self.client.send(&s3::ListObjects::new(&self.config.bucket).prefix(&*prefix)).await?;
        let file = |object: s3::ListedObject| {
            let path = object.key.strip_prefix(&prefix).filter(|path| !path.is_empty())?.to_owned();
            Some(CaseFile { path, key: object.key, size_bytes: object.size_bytes })
        };
        Ok(CaseFiles { files: page.objects.into_iter().filter_map(file).collect(), has_more: page.next.is_some() })
    }

    /// Reads a file that a case produced.
    ///
    /// # Errors
    /// If it isn't there any more, is larger than [`MAX_FILE_BYTES`], or the request fails.
    pub async fn case_file(&self, file: &CaseFile) -> Result<Bytes, ReadError> {
        self.case_file_up_to(file, MAX_FILE_BYTES).await
    }

    /// Reads a file that a case produced, if it has at most `max_bytes`.
    ///
    /// # Errors
    /// If it isn't there any more, is larger, or the request fails.
    pub async fn case_file_up_to(&self, file: &CaseFile, max_bytes: u64) -> Result<Bytes, ReadError> {
        self.read(&file.key, max_bytes).await
    }
}

#[cfg(test)]
mod tests {
    use cruncher_study::batch::Batch;
    use cruncher_study::case::CaseId;
    use futures::executor::block_on;

    use super::*;
    use crate::testing::TestCloud;

    const CASE: &str = "9f86d081884c7d659a2feaa0c55ad015";

    fn case() -> CaseRef {
        (Batch::parse("a/b").unwrap(), CaseId::parse(CASE).unwrap())
    }

    #[test]
    fn the_files_of_a_case_are_listed_and_read_and_nobody_else_s() {
        let (cloud, study) = TestCloud::study();
        assert_eq!(block_on(study.case_files(&case())).unwrap(), CaseFiles::default());
        cloud.put(&format!("data/a/b/files/{CASE}/mesh/a.vtk"), "mesh");
        cloud.put(&format!("data/a/b/files/{CASE}/curve.csv"), "1,2");
        cloud.put(&format!("data/a/b/files/{CASE}0/other.csv"), "");
        cloud.put(&format!("data/a/files/{CASE}/other.csv"), "");
        let listed = block_on(study.case_files(&case())).unwrap();
        let told: Vec<_> = listed.files.iter().map(|file| (file.path.as_str(), file.size_bytes)).collect();
        assert_eq!(told, [("curve.csv", 3), ("mesh/a.vtk", 4)]);
        assert!(!listed.has_more);
        assert_eq!(&block_on(study.case_file(&listed.files[0])).unwrap()[..], b"1,2");
    }

    #[test]
    fn a_file_is_saved_under_a_name_that_does_no_harm() {
        let name = |path: &str| {
            let file = CaseFile { key: String::new(), path: path.to_owned(), size_bytes: 0 };
            file.download_name(&case())
        };
        for (path, expected) in [
            ("mesh/a.vtk", "9f86d081-a.vtk"),
            ("../../etc/passwd", "9f86d081-passwd"),
            ("a/..", "9f86d081-"),
            ("con.txt", "9f86d081-con.txt"),
            ("<img src=x>.html", "9f86d081-_img_src_x_.html"),
            ("a\u{202e}gpj.exe", "9f86d081-a_gpj.exe"),
            ("ä ö.csv", "9f86d081-ä_ö.csv"),
        ] {
            assert_eq!(name(path), expected, "{path:?}");
        }
        let long = name(&format!("{}.csv", "x".repeat(500)));
        assert!(long.len() < 200 && long.ends_with("x.csv"), "{long}");
    }
}
