//! What a file of a case shows of itself: text, a table, or a picture. It comes from outside, whatever its name says.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cruncher_study::shown_text::{visible, visible_lines};

/// Maximum size of a text that is read for a preview, in bytes.
const MAX_TEXT_BYTES: u64 = 256 << 10;

/// Maximum size of a picture that is read for a preview, in bytes.
const MAX_PICTURE_BYTES: u64 = 2 << 20;

/// Maximum number of points of a picture: a browser unpacks all of them.
const MAX_PICTURE_POINTS: u64 = 16_000_000;

/// Maximum number of rows and columns of a table.
const MAX_ROWS: usize = 50;
const MAX_COLUMNS: usize = 12;

/// Maximum length of a field of a table, in characters.
const MAX_FIELD_CHARS: usize = 60;

/// Endings of texts.
const TEXTS: [&str; 14] =
    ["txt", "log", "dat", "json", "ini", "toml", "yaml", "yml", "md", "out", "err", "inp", "xml", "py"];

/// What a file is taken for, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PreviewKind {
    /// A text.
    Text,
    /// A table, with its separator if its name tells it.
    Table,
    /// A picture of points.
    Png,
    /// A picture of lines. It is only ever shown as an image, in which no script runs and nothing is loaded.
    Svg,
}

/// What is shown of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FilePreview {
    /// A text.
    Text(String),
    /// Header and rows of a table, and what was left out, in words.
    Table { rows: Vec<Vec<String>>, left_out: Option<String> },
    /// A picture, as an address that holds it.
    Picture(String),
}

impl PreviewKind {
    /// Tells it by the ending of a path; `None` for what isn't shown.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let (_, end) = path.rsplit_once('.')?;
        match end.to_ascii_lowercase().as_str() {
            "csv" | "tsv" => Some(Self::Table),
            "png" => Some(Self::Png),
            "svg" => Some(Self::Svg),
            end => TEXTS.contains(&end).then_some(Self::Text),
        }
    }

    /// Size up to which one is read.
    pub(crate) const fn max_bytes(self) -> u64 {
        match self {
            Self::Text | Self::Table => MAX_TEXT_BYTES,
            Self::Png | Self::Svg => MAX_PICTURE_BYTES,
        }
    }

    /// Makes the preview, or the sentence that says why there is none.
    pub(crate) fn show(self, content: &[u8]) -> Result<FilePreview, &'static str> {
        match self {
            Self::Text => text(content).map(|text| FilePreview::Text(visible_lines(text))),
            Self::Table => text(content).map(table),
            Self::Png => png(content),
            Self::Svg => svg(content),
        }
    }
}

fn text(content: &[u8]) -> Result<&str, &'static str> {
    let text = std::str::from_utf8(content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content));
    text.ok().filter(|text| !text.contains('\0')).ok_or("It is no text in UTF-8.")
}

/// Reads the beginning of a table, whose separator is the one that its first line has most of.
fn table(text: &str) -> FilePreview {
    let first = text.lines().next().unwrap_or_default();
    let separator = [',', ';', '\t'].into_iter().max_by_key(|mark| (first.matches(*mark).count(), *mark == ','));
    let mut lines = text.lines();
    let mut rows: Vec<_> =
        lines.by_ref().take(MAX_ROWS + 1).map(|line| fields(line, separator.unwrap_or(','))).collect();
    let more_rows = lines.count();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    for row in &mut rows {
        row.truncate(MAX_COLUMNS);
    }
    let more_columns = columns.saturating_sub(MAX_COLUMNS);
    let left_out = match (more_rows, more_columns) {
        (0, 0) => None,
        (rows, 0) => Some(format!("{rows} more rows.")),
        (0, columns) => Some(format!("{columns} more columns.")),
        (rows, columns) => Some(format!("{rows} more rows and {columns} more columns.")),
    };
    FilePreview::Table { rows, left_out }
}

/// Splits a line at a separator that isn't between quotation marks.
fn fields(line: &str, separator: char) -> Vec<String> {
    let (mut fields, mut field, mut is_quoted) = (Vec::new(), String::new(), false);
    for letter in line.chars() {
        match letter {
            '"' => is_quoted = !is_quoted,
            letter if letter == separator && !is_quoted => fields.push(std::mem::take(&mut field)),
            letter => field.push(letter),
        }
    }
    fields.push(field);
    fields.iter().map(|field| visible(&field.trim().chars().take(MAX_FIELD_CHARS).collect::<String>())).collect()
}

fn png(content: &[u8]) -> Result<FilePreview, &'static str> {
    let side = |from: usize| content.get(from..from + 4).and_then(|side| side.try_into().ok()).map(u32::from_be_bytes);
    match (content.starts_with(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), side(16), side(20)) {
        (true, Some(width), Some(height)) if u64::from(width) * u64::from(height) <= MAX_PICTURE_POINTS => {
            Ok(FilePreview::Picture(format!("data:image/png;base64,{}", STANDARD.encode(content))))
        }
        (true, Some(_), Some(_)) => Err("The picture has more than 16 million points."),
        _ => Err("It is no PNG picture."),
    }
}

fn svg(content: &[u8]) -> Result<FilePreview, &'static str> {
    let text = text(content)?;
    if !text.contains("<svg") {
        return Err("It is no SVG picture.");
    }
    // A few lines of these can stand for gigabytes.
    if text.contains("<!ENTITY") {
        return Err("It has definitions that may not be shown.");
    }
    Ok(FilePreview::Picture(format!("data:image/svg+xml;base64,{}", STANDARD.encode(content))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_taken_for_what_its_name_ends_with() {
        for (path, kind) in [
            ("a.csv", Some(PreviewKind::Table)),
            ("out/B.PNG", Some(PreviewKind::Png)),
            ("c.svg", Some(PreviewKind::Svg)),
            ("run.log", Some(PreviewKind::Text)),
            ("page.html", None),
            ("mesh.vtk", None),
            ("Makefile", None),
        ] {
            assert_eq!(PreviewKind::of(path), kind, "{path}");
        }
    }

    #[test]
    fn a_table_is_shown_by_its_first_rows() {
        let shown = PreviewKind::Table.show("\u{feff}a;b\n1,5;\"x;y\"\n".as_bytes()).unwrap();
        let rows = vec![vec!["a".to_owned(), "b".to_owned()], vec!["1,5".to_owned(), "x;y".to_owned()]];
        assert_eq!(shown, FilePreview::Table { rows, left_out: None });
        let large = format!("{}\n", vec!["1"; 20].join(",")).repeat(100);
        let FilePreview::Table { rows, left_out } = PreviewKind::Table.show(large.as_bytes()).unwrap() else {
            panic!()
        };
        assert_eq!((rows.len(), rows[0].len()), (51, 12));
        assert_eq!(left_out.as_deref(), Some("49 more rows and 8 more columns."));
    }

    #[test]
    fn a_picture_that_is_none_or_a_bomb_is_not_shown() {
        let png = |width: u32, height: u32| {
            [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice(), &width.to_be_bytes(), &height.to_be_bytes()].concat()
        };
        let shown = PreviewKind::Png.show(&png(4_000, 4_000)).unwrap();
        assert!(
            matches!(shown, FilePreview::Picture(address) if address.starts_with("data:image/png;base64,iVBORw0K"))
        );
        assert_eq!(PreviewKind::Png.show(&png(4_001, 4_000)), Err("The picture has more than 16 million points."));
        assert_eq!(
            PreviewKind::Png.show(&png(u32::MAX, u32::MAX)),
            Err("The picture has more than 16 million points.")
        );
        assert_eq!(PreviewKind::Png.show(b"<svg"), Err("It is no PNG picture."));
        assert_eq!(PreviewKind::Png.show(&png(1, 1)[..20]), Err("It is no PNG picture."));
        assert!(PreviewKind::Svg.show(b"<svg><script>alert(1)</script></svg>").is_ok(), "an image runs no script");
        assert_eq!(PreviewKind::Svg.show(b"<html>"), Err("It is no SVG picture."));
        let bomb = b"<!DOCTYPE svg [<!ENTITY a \"aaaa\">]><svg>&a;</svg>";
        assert_eq!(PreviewKind::Svg.show(bomb), Err("It has definitions that may not be shown."));
    }

    #[test]
    fn a_text_is_shown_without_what_turns_it_around() {
        let FilePreview::Text(text) = PreviewKind::Text.show("a\u{202e}b\nc".as_bytes()).unwrap() else { panic!() };
        assert!(!text.contains('\u{202e}') && text.contains('\n'), "{text}");
        assert_eq!(PreviewKind::Text.show(b"\xff"), Err("It is no text in UTF-8."));
        assert_eq!(PreviewKind::Text.show(b"a\0b"), Err("It is no text in UTF-8."));
    }
}
