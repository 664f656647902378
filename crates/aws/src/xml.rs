//! Reads the small XML documents that AWS answers with.
//!
//! A document becomes a tree that borrows most of its text. Attributes and comments carry nothing that is needed here,
//! and are dropped.

use std::borrow::Cow;

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;

/// AWS's own answers are four or five levels deep; dropping a tree recurses, so depth has to have an end.
const MAX_LEVELS: usize = 32;

/// An element: its name without prefix, its text, its children.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct XmlElement<'a> {
    pub(crate) name: String,
    text: Cow<'a, str>,
    children: Vec<XmlElement<'a>>,
}

impl<'a> XmlElement<'a> {
    fn named(tag: &BytesStart<'_>) -> Self {
        Self { name: tag.local_name().into_inner().to_owned(), ..Self::default() }
    }

    /// Returns the first child called `name`.
    pub(crate) fn child(&self, name: &str) -> Option<&XmlElement<'a>> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Returns every child called `name`.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &XmlElement<'a>> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Returns the text of the first child called `name`.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.child(name).map(XmlElement::own_text)
    }

    /// Returns the text between this element's tags; blank if there are only children.
    pub(crate) fn own_text(&self) -> &str {
        &self.text
    }
}

/// Parses the root element of `document`; `None` if it isn't well-formed, or is cut short.
pub(crate) fn parse(document: &[u8]) -> Option<XmlElement<'_>> {
    let mut reader = Reader::from_str(std::str::from_utf8(document).ok()?);
    // The stack's bottom takes the root as a child.
    let mut open = vec![XmlElement::default()];
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) => open.push(XmlElement::named(&tag)),
            Event::Empty(tag) => open.last_mut()?.children.push(XmlElement::named(&tag)),
            Event::End(_) => {
                let closed = open.pop()?;
                open.last_mut()?.children.push(closed);
            }
            Event::Text(text) => append(&mut open.last_mut()?.text, text.into_inner()),
            Event::CData(text) => append(&mut open.last_mut()?.text, text.into_inner()),
            Event::GeneralRef(reference) => append(&mut open.last_mut()?.text, resolve(&reference)?),
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
        if open.len() > MAX_LEVELS {
            return None;
        }
    }
    let whole = open.len() == 1;
    let mut roots = open.pop()?.children;
    if whole && roots.len() == 1 { roots.pop() } else { None }
}

fn append<'a>(text: &mut Cow<'a, str>, more: Cow<'a, str>) {
    if text.is_empty() {
        *text = more;
    } else {
        text.to_mut().push_str(&more);
    }
}

fn resolve(reference: &BytesRef<'_>) -> Option<Cow<'static, str>> {
    if let Some(character) = reference.resolve_char_ref().ok()? {
        return Some(Cow::Owned(character.to_string()));
    }
    let text = match &**reference {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ => return None,
    };
    Some(Cow::Borrowed(text))
}

/// Escapes `text` as the content of an element.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // Readers turn a bare carriage return into a line feed.
            '\r' => escaped.push_str("&#13;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_tree_is_read() {
        let document = b"<?xml version=\"1.0\"?>\n<a xmlns=\"x\"><b>1</b> <b>2</b><c/><n:d><e>x &amp; y &#233;<![CDATA[<z>]]></e></n:d></a>\n";
        let root = parse(document).expect("well-formed");
        assert_eq!(root.name, "a");
        assert_eq!(root.text("b"), Some("1"));
        assert_eq!(root.all("b").map(XmlElement::own_text).collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(root.text("c"), Some(""));
        assert_eq!(root.child("d").and_then(|d| d.text("e")), Some("x & y é<z>"));
        assert_eq!(root.text("absent"), None);
    }

    #[test]
    fn what_is_cut_short_or_not_well_formed_is_refused() {
        for document in [
            "",
            "plain text",
            "<a>",
            "<a><b></a>",
            "<a></b>",
            "<a/><b/>",
            "<a>&unknown;</a>",
            "<a>&#xD800;</a>",
            "<a><b>1</b>",
            "<a",
        ] {
            assert_eq!(parse(document.as_bytes()), None, "{document}");
        }
        assert_eq!(parse(b"<a>\xff</a>"), None);
    }

    #[test]
    fn depth_has_an_end() {
        let nested = |levels: usize| format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels));
        assert!(parse(nested(10).as_bytes()).is_some());
        assert_eq!(parse(nested(100_000).as_bytes()), None);
    }

    proptest! {
        #[test]
        fn escaped_text_comes_back(text in any::<String>()) {
            let document = format!("<a>{}</a>", escape(&text));
            let root = parse(document.as_bytes()).expect("well-formed");
            prop_assert_eq!(root.own_text(), text);
        }

        #[test]
        fn no_document_makes_it_panic(document in any::<Vec<u8>>(), text in "[<>/a&;!\\[\\]#x0-9 -]*") {
            let _ = parse(&document);
            let _ = parse(text.as_bytes());
        }
    }
}
