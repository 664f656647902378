//! The dashboard's files: sealing them for one study, and the media type of each.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cruncher_aws::{Endpoints, Service};
use sha2::{Digest as _, Sha256, Sha384};

/// Key of the page's own document, at the top of the bucket.
pub const INDEX_KEY: &str = "index.html";

/// Key of the rules for crawlers, also at the top of the bucket, since they look nowhere else.
pub const ROBOTS_KEY: &str = "robots.txt";

/// Prefix of all other files of the page.
pub const ASSETS_PREFIX: &str = "assets/";

/// Placeholder in the page's Content-Security-Policy for the hashes of its inline scripts.
const HASHES_PLACEHOLDER: &str = "{{script-hashes}}";

/// Placeholder there for the addresses that the page may talk to.
const ENDPOINTS_PLACEHOLDER: &str = "{{endpoints}}";

/// The script that starts the page's other programs.
const START: &str = "start.js";

/// Placeholder in it for the digests of what it loads, as JSON.
const INTEGRITY_PLACEHOLDER: &str = "{{integrity}}";

/// Placeholder in the page for its own digest.
const START_PLACEHOLDER: &str = "{{start-integrity}}";

/// Placeholder in the page for the digests of the scripts that it imports, as an import map.
const IMPORTS_PLACEHOLDER: &str = "{{imports}}";

/// A built dashboard.
#[derive(Debug, Clone)]
pub struct DashboardFiles {
    index: String,
    assets: Vec<PageFile>,
    /// Assets that are packed already, by their paths.
    packed: BTreeMap<String, Bytes>,
}

/// A file of a built dashboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageFile {
    /// Its path below the folder of the build, parts joined by `/`.
    pub path: String,
    /// Its content.
    pub content: Bytes,
}

/// A dashboard that can't be published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// There is no `index.html`.
    #[error("the dashboard has no index.html")]
    NoIndex,
    /// `index.html` isn't text.
    #[error("the dashboard's index.html is no text")]
    NotText,
    /// A placeholder is missing, so that nothing would keep foreign scripts out of the page.
    #[error("the dashboard's index.html has no {0} in its Content-Security-Policy")]
    NotSealable(&'static str),
}

impl DashboardFiles {
    /// Makes a dashboard of these files. Hidden ones are left out: they are a build's own.
    ///
    /// # Errors
    /// If there is no `index.html` among them that can be sealed.
    ///
    /// Each file comes to name the digests of those that it loads: a browser refuses one that was changed on its own.
    pub fn new(files: impl IntoIterator<Item = PageFile>) -> Result<Self, PageError> {
        let is_hidden = |file: &PageFile| file.path.split('/').any(|part| part.starts_with('.'));
        let (index, mut assets): (Vec<_>, Vec<_>) =
            files.into_iter().filter(|file| !is_hidden(file)).partition(|file| file.path == INDEX_KEY);
        assets.sort_by(|a, b| a.path.cmp(&b.path));
        let index = index.into_iter().next().ok_or(PageError::NoIndex)?;
        let index = String::from_utf8(index.content.to_vec()).ok().ok_or(PageError::NotText)?;
        for placeholder in [HASHES_PLACEHOLDER, ENDPOINTS_PLACEHOLDER] {
            if !index.contains(placeholder) {
                return Err(PageError::NotSealable(placeholder));
            }
        }
        let start = seal_start(&mut assets);
        let index = seal_loads(&index.replace(START_PLACEHOLDER, &start), &assets);
        Ok(Self { index, assets, packed: BTreeMap::new() })
    }

    /// Returns its files but `index.html`, in the order of their paths.
    #[must_use]
    pub fn assets(&self) -> &[PageFile] {
        &self.assets
    }

    /// Takes over an asset as [`smallest_gzip`](super::publish::smallest_gzip) has packed it: it isn't packed again.
    pub fn set_packed(&mut self, path: String, packed: Bytes) {
        // The build packed it without its digests.
        if path != START {
            self.packed.insert(path, packed);
        }
    }

    /// Returns an asset as it was packed, if it was.
    #[must_use]
    pub fn packed(&self, path: &str) -> Option<&Bytes> {
        self.packed.get(path)
    }

    /// Returns `index.html` with a policy that allows its own inline scripts and these addresses, and nothing else.
    #[must_use]
    pub fn sealed_index(&self, origins: &[String]) -> String {
        let hashes: Vec<String> = inline_scripts(&self.index).into_iter().map(script_hash).collect();
        self.index.replace(HASHES_PLACEHOLDER, &hashes.join(" ")).replace(ENDPOINTS_PLACEHOLDER, &origins.join(" "))
    }
}

/// Returns the addresses that the page of a study talks to: those of the bucket and of SQS.
#[must_use]
pub fn origins(endpoints: &Endpoints, bucket: &str) -> Vec<String> {
    let services = [Service::Sqs, Service::AutoScaling].map(|service| endpoints.service_url(service));
    let mut origins: Vec<String> =
        [endpoints.bucket_url(bucket)].iter().chain(&services).map(|url| origin(url)).collect();
    origins.dedup();
    origins
}

/// Returns scheme, host and port of an address.
fn origin(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    format!("{scheme}://{host}")
}

/// Fills in the digests of what the start script loads: files without a hash in their names. Returns the script's own digest.
fn seal_start(assets: &mut [PageFile]) -> String {
    let is_loaded = |path: &str| path != START && !is_hashed(path) && is_code(path);
    let digests: BTreeMap<String, String> = assets
        .iter()
        .filter(|file| is_loaded(&file.path))
        .map(|file| (file.path.clone(), integrity(&file.content)))
        .collect();
    // Paths and digests hold neither quotation marks nor backslashes.
    let digests = serde_json::to_string(&digests).unwrap_or_default();
    let Some(start) = assets.iter_mut().find(|file| file.path == START) else { return String::new() };
    let script = String::from_utf8_lossy(&start.content).replace(INTEGRITY_PLACEHOLDER, &digests);
    start.content = script.into();
    integrity(&start.content)
}

/// Fills in the digests of what the page itself loads.
fn seal_loads(index: &str, assets: &[PageFile]) -> String {
    let mut imports = BTreeMap::new();
    let mut index = index.to_owned();
    for file in assets.iter().filter(|file| is_code(&file.path)) {
        let address = format!("./{ASSETS_PREFIX}{}", file.path);
        if !index.contains(&address) {
            continue;
        }
        let digest = integrity(&file.content);
        match media_type(&file.path).name {
            "application/wasm" => {
                let checked = format!("fetch('{address}', {{ integrity: '{digest}' }})");
                index = index.replace(&format!("'{address}'"), &checked);
            }
            "text/javascript; charset=utf-8" => {
                imports.insert(address, digest);
            }
            // Trunk has put the digests of style sheets beside them.
            _ => {}
        }
    }
    let imports = serde_json::json!({ "integrity": imports }).to_string();
    index.replace(IMPORTS_PLACEHOLDER, &imports)
}

/// Whether a file of the page runs, or lays it out.
fn is_code(path: &str) -> bool {
    [".js", ".wasm", ".css"].iter().any(|end| path.ends_with(end))
}

/// Returns a digest as a browser compares it. <https://www.w3.org/TR/SRI/>
fn integrity(content: &[u8]) -> String {
    format!("sha384-{}", STANDARD.encode(Sha384::digest(content)))
}

/// Returns the hash source for a script's content as a browser sees it: with line feeds alone.
/// <https://www.w3.org/TR/CSP3/#framework-directive-source-list>
pub(crate) fn script_hash(content: &str) -> String {
    let content = content.replace("\r\n", "\n").replace('\r', "\n");
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(content.as_bytes())))
}

/// Returns the contents of the scripts that are in the document itself.
fn inline_scripts(html: &str) -> Vec<&str> {
    // Lower-casing ASCII keeps every position.
    let lower = html.to_ascii_lowercase();
    let mut scripts = Vec::new();
    let mut position = 0;
    while let Some(found) = lower[position..].find('<') {
        let start = position + found;
        let rest = &lower[start..];
        if rest.starts_with("<!--") {
            position = rest.find("-->").map_or(html.len(), |end| start + end + 3);
        } else if is_script(rest) {
            let Some(open_end) = tag_end(rest).map(|end| start + end) else { break };
            let Some(close) = lower[open_end..].find("</script").map(|end| open_end + end) else { break };
            if !has_source(&lower[start..open_end]) {
                scripts.push(&html[open_end..close]);
            }
            position = close + 1;
        } else {
            position = start + 1;
        }
    }
    scripts
}

fn is_script(rest: &str) -> bool {
    rest.strip_prefix("<script")
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/'))
}

/// Returns the end of a tag: behind the first `>` outside of quotation marks.
fn tag_end(tag: &str) -> Option<usize> {
    let mut quote = None;
    for (index, c) in tag.char_indices() {
        match (quote, c) {
            (None, '>') => return Some(index + 1),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
    }
    None
}

fn has_source(tag: &str) -> bool {
    let names = tag.split(|c: char| c.is_ascii_whitespace() || c == '/').map(|part| part.split('=').next());
    names.flatten().any(|name| name.trim_end_matches('>') == "src")
}

/// Media type of an object of the page, and whether it is stored packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaType {
    /// The content type.
    pub name: &'static str,
    /// Whether gzip makes it smaller.
    pub is_compressible: bool,
}

/// Returns the media type of a file, by the end of its name.
#[must_use]
pub fn media_type(path: &str) -> MediaType {
    let file = path.rsplit('/').next().unwrap_or(path);
    let (name, is_compressible) = match file.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase()).as_deref() {
        Some("html") => ("text/html; charset=utf-8", true),
        Some("js" | "mjs") => ("text/javascript; charset=utf-8", true),
        Some("css") => ("text/css; charset=utf-8", true),
        Some("wasm") => ("application/wasm", true),
        Some("svg") => ("image/svg+xml", true),
        Some("json" | "map") => ("application/json", true),
        Some("webmanifest") => ("application/manifest+json", true),
        Some("txt" | "md") => ("text/plain; charset=utf-8", true),
        Some("ico") => ("image/x-icon", true),
        Some("png") => ("image/png", false),
        Some("jpg" | "jpeg") => ("image/jpeg", false),
        Some("webp") => ("image/webp", false),
        Some("woff2") => ("font/woff2", false),
        _ => ("application/octet-stream", false),
    };
    MediaType { name, is_compressible }
}

/// Whether a file's name, or that of a folder above it, changes with its content: it has a part of 10 or more hex digits.
#[must_use]
pub fn is_hashed(path: &str) -> bool {
    path.split(['/', '-', '_', '.']).any(|part| {
        part.len() >= 10
            && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
            && part.bytes().any(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, content: &str) -> PageFile {
        PageFile { path: path.into(), content: Bytes::copy_from_slice(content.as_bytes()) }
    }

    const POLICY: &str = r#"<meta http-equiv="Content-Security-Policy" content="script-src 'self' {{script-hashes}}; connect-src 'self' {{endpoints}}">"#;

    #[test]
    fn the_page_is_sealed_by_the_hashes_of_its_scripts_and_the_addresses_that_it_talks_to() {
        let html = format!("{POLICY}<script type=\"module\">alert(1)</script>");
        let page = DashboardFiles::new([file("index.html", &html)]).unwrap();
        let sealed = page.sealed_index(&["https://b.s3.r.amazonaws.com".into(), "https://sqs.r.amazonaws.com".into()]);
        // printf 'alert(1)' | openssl dgst -sha256 -binary | base64
        assert!(
            sealed.contains("script-src 'self' 'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI=';"),
            "{sealed}"
        );
        assert!(
            sealed.contains("connect-src 'self' https://b.s3.r.amazonaws.com https://sqs.r.amazonaws.com\""),
            "{sealed}"
        );
        assert!(!sealed.contains("{{"), "{sealed}");
    }

    #[test]
    fn a_page_without_the_placeholders_is_refused() {
        let without = |placeholder| DashboardFiles::new([file("index.html", &POLICY.replace(placeholder, ""))]).err();
        assert_eq!(without(HASHES_PLACEHOLDER), Some(PageError::NotSealable(HASHES_PLACEHOLDER)));
        assert_eq!(without(ENDPOINTS_PLACEHOLDER), Some(PageError::NotSealable(ENDPOINTS_PLACEHOLDER)));
        assert_eq!(DashboardFiles::new([file("app.js", "")]).err(), Some(PageError::NoIndex));
    }

    // printf x | openssl dgst -sha384 -binary | base64
    const X: &str = "sha384-11LCxR+6DimqGQVwqdQlPkQHegWNMpf6OlYw1b0BJiL5fCisrtMTtcg7uZDKp9qF";

    #[test]
    fn each_file_names_the_digests_of_those_that_it_loads() {
        let html = format!(
            "{POLICY}<meta name=start content=\"{{{{start-integrity}}}}\"><script type=importmap>{{{{imports}}}}</script>\
             <script type=module>import init from './assets/app-0123456789abcdef.js'; \
             init({{ module_or_path: './assets/app-0123456789abcdef_bg.wasm' }});</script><link rel=icon href=./assets/x.svg>\
             <link href=./assets/app-0123456789abcdef_bg.wasm rel=preload>"
        );
        let page = DashboardFiles::new([
            file("index.html", &html),
            file("app-0123456789abcdef.js", "x"),
            file("app-0123456789abcdef_bg.wasm", "x"),
            file("other.js", "x"),
            file("other_bg.wasm", "x"),
            file("other.css", "x"),
            file("start.js", "const digests = JSON.parse('{{integrity}}');"),
        ])
        .unwrap();
        let start = page.assets().iter().find(|file| file.path == START).unwrap();
        assert_eq!(
            std::str::from_utf8(&start.content).unwrap(),
            format!(r#"const digests = JSON.parse('{{"other.css":"{X}","other.js":"{X}","other_bg.wasm":"{X}"}}');"#)
        );
        let index = page.sealed_index(&[]);
        for expected in [
            format!("<meta name=start content=\"{}\">", integrity(&start.content)),
            format!(r#"<script type=importmap>{{"integrity":{{"./assets/app-0123456789abcdef.js":"{X}"}}}}</script>"#),
            format!("module_or_path: fetch('./assets/app-0123456789abcdef_bg.wasm', {{ integrity: '{X}' }}) }}"),
            "<link href=./assets/app-0123456789abcdef_bg.wasm rel=preload>".to_owned(),
        ] {
            assert!(index.contains(&expected), "{expected}\n{index}");
        }
        assert!(!index.contains("{{"), "{index}");
    }

    #[test]
    fn hidden_files_are_left_out_and_the_rest_is_sorted() {
        let page = DashboardFiles::new([
            file("z.css", ""),
            file("index.html", POLICY),
            file(".stage/index.html", ""),
            file("a/.DS_Store", ""),
            file("a/b.js", ""),
        ]);
        let paths: Vec<_> = page.unwrap().assets().iter().map(|file| file.path.clone()).collect();
        assert_eq!(paths, ["a/b.js", "z.css"]);
    }

    fn check_scripts(html: &str, expected: &[&str]) {
        assert_eq!(inline_scripts(html), expected, "{html}");
    }

    #[test]
    fn inline_scripts_are_found_as_a_browser_finds_them() {
        check_scripts("<p>none</p>", &[]);
        check_scripts(
            "<script>a</script><SCRIPT\n type='module' >b < c</Script ><script></script>",
            &["a", "b < c", ""],
        );
        check_scripts("<script src=\"x.js\"></script><script SRC=x.js async>n</script><script>y</script>", &["y"]);
        check_scripts("<!-- <script>no</script> --><script>yes</script>", &["yes"]);
        check_scripts("<script data-a=\"1 > 0\">x</script>", &["x"]);
        check_scripts("<scripted>no</scripted><script>if (a) b('<script>')</script>", &["if (a) b('<script>')"]);
        check_scripts("<script>ä</script><script>\n  1\n</script>", &["ä", "\n  1\n"]);
        check_scripts("<script>never ends", &[]);
    }

    #[test]
    fn a_script_is_hashed_with_the_line_ends_that_a_browser_sees() {
        assert_eq!(script_hash("a\r\nb\rc"), script_hash("a\nb\nc"));
    }

    #[test]
    fn the_page_talks_to_the_bucket_and_to_the_queue() {
        let aws = Endpoints::new("eu-central-1", None);
        assert_eq!(
            origins(&aws, "b"),
            [
                "https://b.s3.eu-central-1.amazonaws.com",
                "https://sqs.eu-central-1.amazonaws.com",
                "https://autoscaling.eu-central-1.amazonaws.com"
            ]
        );
        let local = Endpoints::new("eu-central-1", Some("http://127.0.0.1:8124/".into()));
        assert_eq!(origins(&local, "b"), ["http://127.0.0.1:8124"]);
    }

    #[test]
    fn files_are_served_as_what_they_are() {
        for (path, name, is_compressible) in [
            ("assets/app-0123456789abcdef_bg.wasm", "application/wasm", true),
            ("app.js", "text/javascript; charset=utf-8", true),
            ("a.b/main.CSS", "text/css; charset=utf-8", true),
            ("icon.svg", "image/svg+xml", true),
            ("font.woff2", "font/woff2", false),
            ("picture.png", "image/png", false),
            ("LICENSE", "application/octet-stream", false),
            ("a.js/unknown", "application/octet-stream", false),
        ] {
            assert_eq!(media_type(path), MediaType { name, is_compressible }, "{path}");
        }
    }

    #[test]
    fn a_name_with_a_hash_is_told_from_one_without() {
        for path in [
            "cruncher-dashboard-7f6a1c0de2b3f4a5_bg.wasm",
            "main-00ff00ff00.css",
            "snippets/gloo-0a1b2c3d4e5f6a7b/inline0.js",
        ] {
            assert!(is_hashed(path), "{path}");
        }
        for path in [
            "favicon.svg",
            "main.css",
            "icon-256.png",
            "deadbeefs.js",
            "accede-facade.js",
            "icon-20261121.png",
            "cruncher-designer_bg.wasm",
            "start.js",
        ] {
            assert!(!is_hashed(path), "{path}");
        }
    }
}
