//! The document of a frozen study.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::FrozenContent;
use super::layout::FrozenLayout;
use crate::administer::page::{ASSETS_PREFIX, PageFile, script_hash};

const UNPACKS: &str = include_str!("frozen.js");
const HIDES: &str = include_str!("frozen.css");

/// End of a program's glue, as wasm-bindgen writes it.
const EXPORTS: &str = "export { initSync, __wbg_init as default };";

/// Beginnings of the names of the style sheets, in their order.
const STYLES: [&str; 3] = ["tokens", "page", "explorer"];

/// The programs: the name of each in a frozen study, and that of its files.
const PROGRAMS: [(&str, &str); 2] = [("dashboard", "cruncher-dashboard"), ("explorer", "cruncher-explorer")];

/// A page that can't be frozen: it was built by another version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FreezeError {
    /// A file isn't there.
    #[error("the dashboard has no {0}")]
    Missing(String),
    /// A script or a style sheet isn't as expected.
    #[error("the dashboard's {0} can't stand inside a document")]
    Unfit(String),
}

/// A part of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DocumentPart {
    /// Text that is in the document as it is.
    Markup(String),
    /// Bytes in pieces, one behind another: gzip packs them together, and they are in the document as [`as_text`] writes them.
    Packed(Vec<Bytes>),
}

impl DocumentPart {
    /// Returns its number of bytes before it is packed.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        let size = match self {
            Self::Markup(markup) => markup.len(),
            Self::Packed(pieces) => pieces.iter().map(Bytes::len).sum(),
        };
        size as u64
    }
}

/// Writes the document, which is complete in itself.
///
/// # Errors
/// If the page's files aren't those of this version.
pub fn document(files: &[PageFile], content: &FrozenContent) -> Result<String, FreezeError> {
    let written = |part| match part {
        DocumentPart::Markup(markup) => markup,
        DocumentPart::Packed(pieces) => as_text(&packed(&pieces)),
    };
    Ok(parts(files, content)?.into_iter().map(written).collect())
}

/// Returns the parts of the document, in their order, for callers that have a gzip of their own. `files` may have others
/// beside those that are needed; the page's `index.html` isn't.
///
/// # Errors
/// If the page's files aren't those of this version.
pub fn parts(files: &[PageFile], content: &FrozenContent) -> Result<Vec<DocumentPart>, FreezeError> {
    let mut styles = String::new();
    for name in STYLES {
        styles.push_str(text(files, name, ".css")?);
    }
    styles.push_str(HIDES);
    fits("style sheets", &styles, "</style")?;
    let mut scripts = vec![("", UNPACKS.to_owned())];
    let layout = FrozenLayout::of(content);
    let mut data = element("frozen-study", layout.study).to_vec();
    for (number, pack) in layout.packs.into_iter().enumerate() {
        data.extend(element(&format!("frozen-documents-{number}"), pack));
    }
    for (name, file) in PROGRAMS {
        let glue = text(files, file, ".js")?;
        let start = format!("await __wbg_init(await cruncherProgram(\"{name}\"));");
        if !glue.contains(EXPORTS) {
            return Err(FreezeError::Unfit(format!("{file}.js")));
        }
        scripts.push((" type=\"module\"", glue.replace(EXPORTS, &start)));
        data.extend(element(&format!("frozen-{name}"), vec![bytes(files, file, "_bg.wasm")?.clone()]));
    }
    for (_, script) in &scripts {
        fits("scripts", script, "</script")?;
        fits("scripts", script, "<!--")?;
    }
    let hashes: Vec<String> = scripts.iter().map(|(_, script)| script_hash(script)).collect();
    let head = DocumentPart::Markup(head(&content.study, &hashes.join(" "), &styles));
    let scripts =
        scripts.iter().map(|(kind, script)| DocumentPart::Markup(format!("<script{kind}>{script}</script>\n")));
    let end = DocumentPart::Markup("</body>\n</html>\n".to_owned());
    Ok([head].into_iter().chain(data).chain(scripts).chain([end]).collect())
}

/// Writes packed bytes as text. Pieces can be written one after another only if the length of each but the last is a multiple
/// of 3.
#[must_use]
pub fn as_text(packed: &[u8]) -> String {
    STANDARD.encode(packed)
}

/// Returns the paths of the files that are needed, of a page whose `index.html` names those that have a hash.
pub(super) fn needed(index: &str) -> Vec<String> {
    let named: Vec<&str> =
        index.split(ASSETS_PREFIX).skip(1).filter_map(|rest| rest.split(['"', '\'']).next()).collect();
    let styles = STYLES.map(|name| (name, ".css"));
    let programs = PROGRAMS.iter().flat_map(|(_, file)| [(*file, ".js"), (*file, "_bg.wasm")]);
    let path = |(start, end): (&str, &str)| {
        let named = named.iter().find(|path| is_called(path, start, end));
        named.map_or_else(|| format!("{start}{end}"), |path| (*path).to_owned())
    };
    styles.into_iter().chain(programs).map(path).collect()
}

fn head(study: &str, scripts: &str, styles: &str) -> String {
    let style = script_hash(styles);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; script-src 'wasm-unsafe-eval' {scripts}; style-src {style}; img-src data:; connect-src \
         'none'; base-uri 'none'; form-action 'none'\">\n<meta name=\"viewport\" content=\"width=device-width, \
         initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" \
         content=\"no-referrer\">\n<title>{study} · Cruncher</title>\n<style>{styles}</style>\n</head>\n<body>\n<p id=\"loading\" \
         class=\"loading\">Opening the study …</p>\n<noscript><p class=\"loading\">This page is a program: allow JavaScript for it \
         to show the study.</p></noscript>\n<script type=\"application/octet-stream\" id=\"explorer-start\"></script>\n<script \
         type=\"application/octet-stream\" id=\"fleet-start\"></script>\n<script type=\"application/octet-stream\" \
         id=\"designer-start\"></script>\n"
    )
}

/// Puts bytes into an element of the document, which no browser runs.
fn element(id: &str, pieces: Vec<Bytes>) -> [DocumentPart; 3] {
    let start = format!("<script type=\"application/octet-stream\" id=\"{id}\">");
    [DocumentPart::Markup(start), DocumentPart::Packed(pieces), DocumentPart::Markup("</script>\n".to_owned())]
}

fn packed(pieces: &[Bytes]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    for piece in pieces {
        // Writing into memory can't fail.
        let _ = encoder.write_all(piece);
    }
    encoder.finish().unwrap_or_default()
}

fn fits(what: &str, text: &str, end: &str) -> Result<(), FreezeError> {
    let is_fit = !text.to_ascii_lowercase().contains(end);
    if is_fit { Ok(()) } else { Err(FreezeError::Unfit(what.to_owned())) }
}

/// Whether a file has this name, with or without a hash: `tokens.css`, `tokens-0123456789abcdef.css`.
fn is_called(path: &str, start: &str, end: &str) -> bool {
    let middle = path.rsplit('/').next().and_then(|name| name.strip_prefix(start)?.strip_suffix(end));
    middle.is_some_and(|middle| middle.is_empty() || middle.starts_with('-'))
}

fn bytes<'a>(files: &'a [PageFile], start: &str, end: &str) -> Result<&'a Bytes, FreezeError> {
    let file = files.iter().find(|file| is_called(&file.path, start, end));
    file.map(|file| &file.content).ok_or_else(|| FreezeError::Missing(format!("{start}{end}")))
}

fn text<'a>(files: &'a [PageFile], start: &str, end: &str) -> Result<&'a str, FreezeError> {
    str::from_utf8(bytes(files, start, end)?).ok().ok_or_else(|| FreezeError::Unfit(format!("{start}{end}")))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Returns a page as a build makes it: files that `start.js` loads have no hash.
    pub(in crate::freeze) fn page(glue: &str) -> Vec<PageFile> {
        let hash = |name: &str| if matches!(name, "explorer" | "cruncher-explorer") { "" } else { "-0123456789abcdef" };
        let mut files = Vec::from(STYLES.map(|name| (format!("{name}{}.css", hash(name)), format!(".{name} {{}}\n"))));
        for (_, file) in PROGRAMS {
            files.push((format!("{file}{}.js", hash(file)), glue.to_owned()));
            files.push((format!("{file}{}_bg.wasm", hash(file)), "\0asm".to_owned()));
        }
        let file = |(path, content): (String, String)| PageFile { path, content: Bytes::from(content) };
        files.into_iter().map(file).collect()
    }

    pub(in crate::freeze) fn content() -> FrozenContent {
        FrozenContent { study: "prandtl".into(), chunks: vec![vec![1, 2, 3].into()], ..FrozenContent::default() }
    }

    /// Returns glue as wasm-bindgen writes it.
    pub(in crate::freeze) fn glue() -> String {
        format!("1;\n{EXPORTS}\n")
    }

    #[test]
    fn a_document_asks_for_nothing() {
        let html = document(&page(&glue()), &content()).unwrap();
        assert!(html.contains("connect-src 'none'"), "{html}");
        for outside in ["src=", "href=\"http", "<link", "import ", "'self'", "'unsafe"] {
            assert!(!html.replace(UNPACKS, "").contains(outside), "{outside}: {html}");
        }
        assert!(html.contains("await __wbg_init(await cruncherProgram(\"explorer\"));"));
        let start = html.find("</style>").unwrap();
        assert!(html[..start].contains(".tokens {}\n.page {}\n"), "the order of style sheets counts");
    }

    #[test]
    fn a_program_that_can_not_be_put_into_a_document_is_refused() {
        let refused = |glue: &str| document(&page(glue), &content()).unwrap_err();
        assert_eq!(refused("export default init;"), FreezeError::Unfit("cruncher-dashboard.js".into()));
        assert_eq!(refused(&format!("'</SCRIPT>'; {EXPORTS}")), FreezeError::Unfit("scripts".into()));
        assert_eq!(document(&[], &content()), Err(FreezeError::Missing("tokens.css".into())));
    }
}
