//! Text that becomes part of HTML.

/// Appends a text to HTML, as content or as an attribute's value between quotation marks: none of it is markup there.
pub(crate) fn push_escaped(html: &mut String, text: &str) {
    let mut rest = text;
    while let Some(place) = rest.find(['&', '<', '>', '"', '\'', '\0']) {
        html.push_str(&rest[..place]);
        html.push_str(match rest.as_bytes()[place] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            b'\'' => "&#39;",
            _ => "\u{fffd}",
        });
        rest = &rest[place + 1..];
    }
    html.push_str(rest);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn escaped(text: &str) -> String {
        let mut html = String::new();
        push_escaped(&mut html, text);
        html
    }

    #[test]
    fn a_text_stays_a_text() {
        for (text, html) in [
            ("", ""),
            ("plain ä 1.5", "plain ä 1.5"),
            ("<img src=x onerror=\"a('&')\">", "&lt;img src=x onerror=&quot;a(&#39;&amp;&#39;)&quot;&gt;"),
            ("&lt;", "&amp;lt;"),
            ("</div>", "&lt;/div&gt;"),
            ("a\0b", "a\u{fffd}b"),
        ] {
            assert_eq!(escaped(text), html);
        }
    }

    proptest! {
        #[test]
        fn no_text_has_markup_in_it(text in ".{0,40}") {
            let html = escaped(&text);
            prop_assert!(!html.contains(['<', '>', '"', '\'']));
            let back = html.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&");
            prop_assert_eq!(back, text.replace('\0', "\u{fffd}"));
        }
    }
}
