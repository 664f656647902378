use proptest::prelude::*;
use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Golden {
    name: String,
    template: String,
    parameters: Parameters,
    #[serde(default)]
    language: Option<String>,
    text: Option<String>,
    unused: Option<Vec<String>>,
    surroundings: Option<Vec<String>>,
    error: Option<GoldenError>,
}

#[derive(Debug, Deserialize)]
struct GoldenError {
    placeholder: String,
    line: usize,
    reason: Option<String>,
}

fn golden() -> Vec<(Golden, ModelLanguage)> {
    let golden: Vec<Golden> = serde_json::from_str(include_str!("../../../tests/golden/substitution.json")).unwrap();
    assert!(golden.len() > 100);
    let language = |case: &Golden| if case.language.is_some() { ModelLanguage::Other } else { ModelLanguage::Python };
    golden.into_iter().map(|case| (language(&case), case)).map(|(language, case)| (case, language)).collect()
}

#[test]
fn a_name_is_used_where_it_is_a_word_of_code() {
    for (code, expected) in [
        ("result['load'] = {{x}}", true),
        ("load = 1\nresult = {'load': load}\n", true),
        ("fill(result)", true),
        ("print(f'{result}')", true),
        ("results = {{x}}\nmy_result = 2\nresult_2 = 3", false),
        ("print('result[1]')  # result[1]\n\"\"\"result = 1\"\"\"", false),
        ("print('unclosed result\nresult.update(a=1)", true),
        ("'\\", false),
        ("", false),
    ] {
        assert_eq!(uses_name(code, "result"), expected, "{code}");
    }
}

#[test]
fn models_are_rendered_as_in_the_golden_file() {
    for (case, language) in golden() {
        let rendered = render(&case.template, &case.parameters, language);
        if let Some(expected) = case.error {
            let error = rendered.unwrap_err();
            let reason = match error.reason {
                UnfilledReason::Missing => None,
                UnfilledReason::NoVector => Some("no vector".to_owned()),
                UnfilledReason::NoComponent { .. } => Some("no component".to_owned()),
            };
            assert_eq!((error.placeholder, error.line, reason), (expected.placeholder, expected.line, expected.reason));
        } else {
            // Parameters are sorted here, and in their original order there.
            let mut unused = case.unused.unwrap();
            unused.sort();
            assert_eq!(rendered, Ok(RenderedModel { text: case.text.unwrap(), unused }), "{}", case.name);
        }
    }
}

#[test]
fn placeholders_stand_where_the_golden_file_says() {
    let name = |placeholder: &Placeholder| match placeholder.surroundings {
        PlaceholderContext::Code => "code",
        PlaceholderContext::InBrackets => "code in brackets",
        PlaceholderContext::String => "string",
        PlaceholderContext::FormattedString => "formatted string",
        PlaceholderContext::Comment => "comment",
        PlaceholderContext::Text => "text",
    };
    let told: Vec<_> = golden().into_iter().filter(|(case, _)| case.surroundings.is_some()).collect();
    assert!(told.len() > 20);
    for (case, language) in told {
        let found: Vec<_> = placeholders(&case.template, language).iter().map(name).collect();
        assert_eq!(found, case.surroundings.unwrap(), "{}", case.name);
    }
}

#[test]
fn every_placeholder_is_told_with_its_line() {
    let check = |template: &str, expected: &[(&str, usize)]| {
        let found = placeholders(template, ModelLanguage::Python);
        let found: Vec<_> = found.iter().map(|place| (place.to_string(), place.line)).collect();
        let expected: Vec<_> = expected.iter().map(|(name, line)| ((*name).to_owned(), *line)).collect();
        assert_eq!(found, expected, "{template}");
    };
    check("", &[]);
    check("{} {{}} {{1}} {{a b}} {{a}", &[]);
    check("{{a}}", &[("a", 1)]);
    check("{{a}} {{ b }}\n\n{{a}}\r\n{{\tc}}", &[("a", 1), ("b", 1), ("a", 3), ("c", 4)]);
    check("{{{a}}} {{{{b}}}}", &[("a", 1), ("b", 1)]);
    check("{{a[0]}}\n{{ a [ -12 ] }} {{a[]}}", &[("a[0]", 1), ("a[-12]", 2)]);
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
fn what_nothing_fills_is_said() {
    let check = |template: &str, expected: &str| {
        let c = ParameterValue::List(vec![ParameterValue::Integer(1), ParameterValue::Integer(2)]);
        let parameters = [("c".to_owned(), c), ("x".to_owned(), ParameterValue::Number(0.5))].into();
        assert_eq!(render(template, &parameters, ModelLanguage::Other).unwrap_err().to_string(), expected);
    };
    check("\n{{ depth }}", "the model wants `depth` in line 2, and there is no such parameter");
    check("{{ c[2] }}", "the model wants `c[2]` in line 1, and that has 2 components, counted from 0");
    check("{{c[-1]}}", "the model wants `c[-1]` in line 1, and that has 2 components, counted from 0");
    check("{{ x [0] }}", "the model wants `x[0]` in line 1, and that is no vector");
}

#[test]
fn a_command_is_python_if_it_is_such_a_file() {
    assert_eq!(ModelLanguage::of(ModelKind::Python, "model.dat"), ModelLanguage::Python);
    assert_eq!(ModelLanguage::of(ModelKind::Command, "MODEL.PY"), ModelLanguage::Python);
    assert_eq!(ModelLanguage::of(ModelKind::Command, "model.sh"), ModelLanguage::Other);
}

fn literal(parameter: &ParameterValue) -> String {
    let mut text = String::new();
    literal::write_literal(&mut text, parameter);
    text
}

proptest! {
    #[test]
    fn a_float_is_read_back_from_its_literal(bits: u64) {
        let number = f64::from_bits(bits);
        prop_assume!(number.is_finite());
        let written = literal(&ParameterValue::Number(number));
        prop_assert_eq!(written.parse::<f64>().unwrap().to_bits(), bits);
        prop_assert!(written.contains(['.', 'e']), "{} would be a whole number in Python", written);
    }

    #[test]
    fn a_string_literal_stays_in_its_line_and_between_its_quotes(content: String) {
        let written = literal(&ParameterValue::Text(content));
        let quote = written.chars().next().unwrap();
        let inside = &written[1..written.len() - 1];
        let ends_line = inside.contains(['\n', '\r', '\0', '\u{2028}']);
        prop_assert!(written.ends_with(quote) && !ends_line, "{}", written);
        let bare = inside.replace("\\\\", "").replace(&format!("\\{quote}"), "");
        prop_assert!(!bare.contains(quote) && !bare.ends_with('\\'), "{}", written);
    }

    #[test]
    fn placeholders_are_what_render_replaces(template in "[{} \ta-c\n1]{0,40}") {
        let found = placeholders(&template, ModelLanguage::Other);
        let names: BTreeSet<String> = found.into_iter().map(|place| place.name).collect();
        let parameters: Parameters = names.iter().map(|name| (name.clone(), ParameterValue::Integer(0))).collect();
        let rendered = render(&template, &parameters, ModelLanguage::Other).unwrap();
        prop_assert_eq!(rendered.unused, Vec::<String>::new());
        prop_assert_eq!(render(&template, &Parameters::new(), ModelLanguage::Other).is_err(), !names.is_empty());
    }

    #[test]
    fn whatever_a_model_is_only_parentheses_are_added(
        template in "(\\{\\{a\\}\\}|[frb'\"{}()\\[:#\\\\N \n\ré.*]|\"\"\"){0,30}",
    ) {
        let parameters: Parameters = [("a".to_owned(), ParameterValue::Integer(-1))].into();
        let plain = template.replace("{{a}}", "-1");
        let text = render(&template, &parameters, ModelLanguage::Python).unwrap().text;
        prop_assert_eq!(text.replace("(-1)", "-1"), plain.replace("(-1)", "-1"));
        let is_a_word = template.split(|letter: char| letter != 'a').any(|word| word == "a");
        prop_assert!(is_a_word || !uses_name(&template, "a"));
    }
}
