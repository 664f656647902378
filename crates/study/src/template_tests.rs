use proptest::prelude::*;
use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Golden {
    name: String,
    template: String,
    parameters: Parameters,
    text: Option<String>,
    unused: Option<Vec<String>>,
    error: Option<GoldenError>,
}

#[derive(Deserialize)]
struct GoldenError {
    placeholder: String,
    line: usize,
}

#[test]
fn models_are_rendered_as_in_the_golden_file() {
    let golden: Vec<Golden> = serde_json::from_str(include_str!("../../../tests/golden/substitution.json")).unwrap();
    assert!(golden.len() > 50);
    for case in golden {
        let rendered = render(&case.template, &case.parameters);
        if let Some(error) = case.error {
            let missing = MissingParameter { name: error.placeholder, line: error.line };
            assert_eq!(rendered, Err(missing), "{}", case.name);
        } else {
            // Parameters are sorted here, and as they came there.
            let mut unused = case.unused.unwrap();
            unused.sort();
            assert_eq!(rendered, Ok(Rendered { text: case.text.unwrap(), unused }), "{}", case.name);
        }
    }
}

#[test]
fn every_placeholder_is_told_with_its_line() {
    let check = |template: &str, expected: &[(&str, usize)]| {
        let found = placeholders(template);
        let found: Vec<_> = found.iter().map(|place| (place.name.as_str(), place.line)).collect();
        assert_eq!(found, expected, "{template}");
    };
    check("", &[]);
    check("{} {{}} {{1}} {{a b}} {{a}", &[]);
    check("{{a}}", &[("a", 1)]);
    check("{{a}} {{ b }}\n\n{{a}}\r\n{{\tc}}", &[("a", 1), ("b", 1), ("a", 3), ("c", 4)]);
    check("{{{a}}} {{{{b}}}}", &[("a", 1), ("b", 1)]);
    check("\u{2028}\r\u{b}{{a}}", &[("a", 1)]);
}

#[test]
fn a_model_is_utf_8_with_or_without_a_mark() {
    assert_eq!(decode("x = '砂'".as_bytes()), Ok("x = '砂'"));
    assert_eq!(decode(b"\xef\xbb\xbfx"), Ok("x"));
    assert_eq!(decode(b"\xef\xbb\xbf\xef\xbb\xbf"), Ok("\u{feff}"), "only one mark is taken away");
    assert_eq!(decode(b"a\nb\nM\xfcnchen"), Err(NotText { line: 3 }));
    assert_eq!(decode(b"\xff\xfea\0"), Err(NotText { line: 1 }), "UTF-16");
    assert_eq!(decode(b"\xed\xa0\x80"), Err(NotText { line: 1 }), "half of a pair");
}

#[test]
fn names_are_those_of_python() {
    for (text, expected) in [("a", true), ("_1", true), ("Ab_2", true), ("", false), ("1a", false), ("é", false)] {
        assert_eq!(is_name(text), expected, "{text}");
    }
}

#[test]
fn what_is_missing_is_said() {
    let missing = render("\n{{ depth }}", &Parameters::new()).unwrap_err();
    assert_eq!(missing.to_string(), "the model wants `depth` in line 2, and there is no such parameter");
}

fn literal(parameter: &Parameter) -> String {
    let mut text = String::new();
    write_literal(&mut text, parameter);
    text
}

proptest! {
    #[test]
    fn a_float_is_read_back_from_its_literal(bits: u64) {
        let number = f64::from_bits(bits);
        prop_assume!(number.is_finite());
        let written = literal(&Parameter::Number(number));
        prop_assert_eq!(written.parse::<f64>().unwrap().to_bits(), bits);
        prop_assert!(written.contains(['.', 'e']), "{} would be a whole number in Python", written);
    }

    #[test]
    fn a_string_literal_stays_in_its_line_and_between_its_quotes(content: String) {
        let written = literal(&Parameter::Text(content));
        let quote = written.chars().next().unwrap();
        let inside = &written[1..written.len() - 1];
        let ends_line = inside.contains(['\n', '\r', '\0', '\u{2028}']);
        prop_assert!(written.ends_with(quote) && !ends_line, "{}", written);
        let bare = inside.replace("\\\\", "").replace(&format!("\\{quote}"), "");
        prop_assert!(!bare.contains(quote) && !bare.ends_with('\\'), "{}", written);
    }

    #[test]
    fn placeholders_are_what_render_replaces(template in "[{} \ta-c\n1]{0,40}") {
        let names: BTreeSet<String> = placeholders(&template).into_iter().map(|place| place.name).collect();
        let parameters: Parameters = names.iter().map(|name| (name.clone(), Parameter::Integer(0))).collect();
        let rendered = render(&template, &parameters).unwrap();
        prop_assert_eq!(rendered.unused, Vec::<String>::new());
        prop_assert_eq!(render(&template, &Parameters::new()).is_err(), !names.is_empty());
    }
}
