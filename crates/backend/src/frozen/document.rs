//! The document of a frozen study.

use std::fmt::Write as _;
use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::Content;
use super::layout::Layout;
use crate::page::{Page, script_hash};

const UNPACKS: &str = include_str!("frozen.js");
const HIDES: &str = include_str!("frozen.css");

/// How the glue of a program ends, as wasm-bindgen writes it.
const EXPORTS: &str = "export { initSync, __wbg_init as default };";

/// The style sheets, in their order, by the beginnings of their names.
const STYLES: [&str; 6] = ["tokens", "base", "frame", "components", "pages", "results"];

/// The programs: what a frozen study calls each, and how its files are called.
const PROGRAMS: [(&str, &str); 2] = [("dashboard", "cruncher-dashboard"), ("results", "cruncher-results")];

/// A page that can't be frozen: it was built by another version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FreezeError {
    /// A file isn't there.
    #[error("the dashboard has no {0}")]
    Missing(String),
    /// A script or a style sheet isn't as it is expected.
    #[error("the dashboard's {0} can't stand inside a document")]
    Unfit(String),
}

/// Writes the document, which is complete in itself.
///
/// # Errors
/// If the page's files aren't those of this version.
pub fn document(page: &Page, content: &Content) -> Result<String, FreezeError> {
    let mut styles = String::new();
    for name in STYLES {
        styles.push_str(text(page, name, ".css")?);
    }
    styles.push_str(HIDES);
    fits("style sheets", &styles, "</style")?;
    let mut scripts = vec![("", UNPACKS.to_owned())];
    let layout = Layout::of(content);
    let mut data = element("frozen-study", &layout.study);
    for (number, pack) in layout.packs.iter().enumerate() {
        data.push_str(&element(&format!("frozen-documents-{number}"), pack));
    }
    for (name, file) in PROGRAMS {
        let glue = text(page, file, ".js")?;
        let start = format!("await __wbg_init(await cruncherProgram(\"{name}\"));");
        if !glue.contains(EXPORTS) {
            return Err(FreezeError::Unfit(format!("{file}.js")));
        }
        scripts.push((" type=\"module\"", glue.replace(EXPORTS, &start)));
        data.push_str(&element(&format!("frozen-{name}"), bytes(page, file, "_bg.wasm")?));
    }
    for (_, script) in &scripts {
        fits("scripts", script, "</script")?;
        fits("scripts", script, "<!--")?;
    }
    let hashes: Vec<String> = scripts.iter().map(|(_, script)| script_hash(script)).collect();
    let mut html = head(&content.study, &hashes.join(" "), &styles);
    html.push_str(&data);
    for (kind, script) in &scripts {
        // Writing to a string can't fail.
        let _ = writeln!(html, "<script{kind}>{script}</script>");
    }
    html.push_str("</body>\n</html>\n");
    Ok(html)
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
         to show the study.</p></noscript>\n<script type=\"application/octet-stream\" id=\"results-start\"></script>\n<script \
         type=\"application/octet-stream\" id=\"designer-start\"></script>\n"
    )
}

/// Bytes in an element of the document, which no browser runs.
fn element(id: &str, content: &[u8]) -> String {
    format!("<script type=\"application/octet-stream\" id=\"{id}\">{}</script>\n", STANDARD.encode(packed(content)))
}

fn packed(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Writing into memory can't fail.
    let _ = encoder.write_all(content);
    encoder.finish().unwrap_or_default()
}

fn fits(what: &str, text: &str, end: &str) -> Result<(), FreezeError> {
    let is_fit = !text.to_ascii_lowercase().contains(end);
    if is_fit { Ok(()) } else { Err(FreezeError::Unfit(what.to_owned())) }
}

/// A file of the page, also when its name has a hash: `tokens.css`, `tokens-0123456789abcdef.css`.
fn bytes<'a>(page: &'a Page, start: &str, end: &str) -> Result<&'a [u8], FreezeError> {
    let is_it = |path: &str| {
        let middle = path.rsplit('/').next().and_then(|name| name.strip_prefix(start)?.strip_suffix(end));
        middle.is_some_and(|middle| middle.is_empty() || middle.starts_with('-'))
    };
    let file = page.assets().iter().find(|file| is_it(&file.path));
    file.map(|file| &*file.content).ok_or_else(|| FreezeError::Missing(format!("{start}{end}")))
}

fn text<'a>(page: &'a Page, start: &str, end: &str) -> Result<&'a str, FreezeError> {
    str::from_utf8(bytes(page, start, end)?).ok().ok_or_else(|| FreezeError::Unfit(format!("{start}{end}")))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::page::PageFile;

    fn page(glue: &str) -> Page {
        let policy = "{{script-hashes}} {{endpoints}}";
        let mut files = vec![("index.html".to_owned(), policy.to_owned())];
        files.extend(STYLES.map(|name| (format!("{name}-0123456789abcdef.css"), format!(".{name} {{}}\n"))));
        for (_, file) in PROGRAMS {
            files.push((format!("{file}-0123456789abcdef.js"), glue.to_owned()));
            files.push((format!("{file}-0123456789abcdef_bg.wasm"), "\0asm".to_owned()));
        }
        let file = |(path, content): (String, String)| PageFile { path, content: Bytes::from(content) };
        Page::new(files.into_iter().map(file)).unwrap()
    }

    fn content() -> Content {
        Content { study: "prandtl".into(), chunks: vec![vec![1, 2, 3]], ..Content::default() }
    }

    #[test]
    fn a_document_asks_for_nothing() {
        let html = document(&page(&format!("1;\n{EXPORTS}\n")), &content()).unwrap();
        assert!(html.contains("connect-src 'none'"), "{html}");
        for outside in ["src=", "href=\"http", "<link", "import ", "'self'", "'unsafe"] {
            assert!(!html.replace(UNPACKS, "").contains(outside), "{outside}: {html}");
        }
        assert!(html.contains("await __wbg_init(await cruncherProgram(\"results\"));"));
        let start = html.find("</style>").unwrap();
        assert!(html[..start].contains(".tokens {}\n.base {}\n"), "the order of style sheets counts");
    }

    #[test]
    fn a_program_that_can_not_be_put_into_a_document_is_refused() {
        let refused = |glue: &str| document(&page(glue), &content()).unwrap_err();
        assert_eq!(refused("export default init;"), FreezeError::Unfit("cruncher-dashboard.js".into()));
        assert_eq!(refused(&format!("'</SCRIPT>'; {EXPORTS}")), FreezeError::Unfit("scripts".into()));
        let empty =
            Page::new([PageFile { path: "index.html".into(), content: "{{script-hashes}}{{endpoints}}".into() }]);
        assert_eq!(document(&empty.unwrap(), &content()), Err(FreezeError::Missing("tokens.css".into())));
    }
}
