//! Python exceptions and their tracebacks, read from texts.

use cruncher_study::signature::signature;

/// The line in front of the frames of a traceback.
const TRACEBACK_START: &str = "Traceback (most recent call last):";

/// The lines between the tracebacks of two exceptions of which the first led to the second.
const LED_TO: [&str; 2] = [
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
];

/// Python's name for a text that it executes.
const EXECUTED_TEXT: &str = "<string>";

/// The ends of the names of Python's exceptions.
const EXCEPTION_ENDS: [&str; 6] = ["Error", "Exception", "Exit", "Interrupt", "Iteration", "Warning"];

/// The exception of a text that doesn't name one.
const UNNAMED: &str = "Exception";

/// A failure, as far as texts tell of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct LegacyFailure {
    pub(super) exception: String,
    pub(super) message: String,
    pub(super) traceback: String,
    pub(super) signature: String,
}

impl LegacyFailure {
    /// Reads a failure from the predecessor's notes: `exception`, which holds the whole traceback as Python writes it, and
    /// `traceback`, its frames alone. An `exception` without a traceback may be a message, its `repr` or its last line; then
    /// the last line of `traceback` says more, if it has one. The signature is that of `signature` in `worker/attach.py`, with
    /// the frames in `model_file` as the model's. If there are none, the frames of an executed text count, or else all.
    pub(super) fn read(exception: &str, traceback: &[&str], model_file: &str) -> Self {
        let pieces: String = traceback.iter().flat_map(|piece| [piece.trim_end(), "\n"]).collect();
        let traceback = if exception.contains(TRACEBACK_START) { exception } else { &pieces };
        let (frames, closing) = at_closing(last_block(traceback, &pieces));
        let told = split(closing).or_else(|| named(exception));
        let (exception, message) = told.unwrap_or_else(|| (UNNAMED.to_owned(), exception.trim().to_owned()));
        let frames = model_frames(frames, model_file);
        let signature = signature(&exception, &message, frames.iter().map(|frame| (frame.function, frame.line)));
        Self { exception, message, traceback: traceback.to_owned(), signature }
    }
}

/// Returns the traceback of the exception that ended the attempt, without those that led to it: the text after its first line.
/// It is the traceback with these frames. Without frames, an exception that quotes another one's traceback can't be told from
/// one that it led to.
fn last_block<'a>(traceback: &'a str, frames: &str) -> &'a str {
    let behind = |start: String| traceback.find(&start).map(|at| at + start.len() - frames.len());
    let by_frames = (!frames.is_empty()).then(|| behind(format!("{TRACEBACK_START}\n{frames}"))).flatten();
    let led_to = || {
        let led = LED_TO.iter().filter_map(|words| traceback.rfind(&format!("{words}\n\n{TRACEBACK_START}"))).max()?;
        Some(led + traceback[led..].find(TRACEBACK_START)? + TRACEBACK_START.len())
    };
    let first = || Some(traceback.find(TRACEBACK_START)? + TRACEBACK_START.len());
    &traceback[by_frames.or_else(led_to).or_else(first).unwrap_or(0)..]
}

/// Splits a block in front of the exception and its message, which are the first line that isn't indented and all lines after
/// it.
fn at_closing(block: &str) -> (&str, &str) {
    let mut rest = block;
    while !rest.is_empty() && rest.starts_with(char::is_whitespace) {
        rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
    }
    block.split_at(block.len() - rest.len())
}

/// Splits `module.ValueError: message`.
fn split(text: &str) -> Option<(String, String)> {
    let text = text.trim_end();
    // A class of a function is called `function.<locals>.Class`.
    let is_of_name = |c: char| c.is_alphanumeric() || "_.<>".contains(c);
    let (name, rest) = text.split_at(text.find(|c| !is_of_name(c)).unwrap_or(text.len()));
    let message = match rest {
        "" | ":" => "",
        _ => [": ", ":\n", "\n"].iter().find_map(|mark| rest.strip_prefix(mark))?,
    };
    let name = name.rsplit('.').next().filter(|name| !name.is_empty())?;
    Some((name.to_owned(), message.to_owned()))
}

/// The exception and its message, if the text tells them apart.
fn named(text: &str) -> Option<(String, String)> {
    let text = text.trim();
    let is_exception = |(name, _): &(String, String)| EXCEPTION_ENDS.iter().any(|end| name.ends_with(end));
    let class = text.strip_prefix("<class '").and_then(|text| text.strip_suffix("'>"));
    let call = || {
        let (name, argument) = text.strip_suffix(')')?.split_once('(')?;
        let (name, _) = split(name)?;
        Some((name, unquoted(argument.trim_end_matches(',')).to_owned()))
    };
    let told = class.and_then(split).or_else(|| split(text)).or_else(call);
    told.filter(is_exception)
}

fn unquoted(text: &str) -> &str {
    let within = |mark| text.strip_prefix(mark)?.strip_suffix(mark);
    within('\'').or_else(|| within('"')).unwrap_or(text)
}

/// A place in a traceback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Frame<'a> {
    file: &'a str,
    function: &'a str,
    line: &'a str,
}

fn model_frames<'a>(block: &'a str, model_file: &str) -> Vec<Frame<'a>> {
    let frames = frames(block);
    let of = |file: &str| -> Vec<Frame> { frames.iter().filter(|frame| name(frame.file) == file).copied().collect() };
    [of(name(model_file)), of(EXECUTED_TEXT)].into_iter().find(|found| !found.is_empty()).unwrap_or(frames)
}

/// Reads `  File "<file>", line <number>, in <function>`, and the indented line below it.
fn frames(block: &str) -> Vec<Frame<'_>> {
    let mut frames = Vec::new();
    let mut lines = block.lines().peekable();
    while let Some(line) = lines.next() {
        let place = line.trim_start().strip_prefix("File \"").and_then(|place| place.rsplit_once("\", line "));
        let Some((file, rest)) = place else { continue };
        let Some((_, function)) = rest.split_once(", in ") else { continue };
        let is_source = |line: &&str| line.starts_with("    ");
        let line = lines.next_if(is_source).unwrap_or_default().trim();
        frames.push(Frame { file, function, line });
    }
    frames
}

fn name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    const TRACEBACK: [&str; 4] = [
        "Traceback (most recent call last):\n",
        "  File \"C:\\cam\\cam.py\", line 80, in compute\n    exec(text)\n",
        "  File \"<string>\", line 4, in <module>\n  File \"C:\\study\\footing.py\", line 12, in solve\n    return 1 / step\n           ~~^~~~~~\n",
        "ZeroDivisionError: division by zero\n",
    ];

    fn check(exception: &str, traceback: &[&str], expected: (&str, &str)) {
        let failure = LegacyFailure::read(exception, traceback, "");
        assert_eq!((&*failure.exception, &*failure.message), expected, "{exception} {traceback:?}");
    }

    #[test]
    fn the_frames_of_the_model_group_failures() {
        let frames = |model_file| {
            model_frames(&TRACEBACK.concat(), model_file)
                .iter()
                .map(|frame| frame.function.to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(frames("D:/other place/footing.py"), ["solve"]);
        assert_eq!(frames("base.dat"), ["<module>"]);
        let text = TRACEBACK.concat().replace("<string>", "a.py");
        assert_eq!(model_frames(&text, "").len(), 3);
        assert_eq!(frames(""), ["<module>"]);
        let failure = LegacyFailure::read("division by zero", &TRACEBACK, "footing.py");
        let line = [("solve", "return 1 / step")];
        assert_eq!(failure.signature, signature("ZeroDivisionError", "division by zero", line.into_iter()));
    }

    #[test]
    fn the_end_of_a_traceback_names_the_exception() {
        check("division by zero", &TRACEBACK, ("ZeroDivisionError", "division by zero"));
        check("", &["itasca.ItascaError: zone 5\n  is inverted\nlast"], ("ItascaError", "zone 5\n  is inverted\nlast"));
        check("x", &["  File \"a\", line 1, in b\n", "KeyboardInterrupt\n"], ("KeyboardInterrupt", ""));
        let chained = "Traceback (most recent call last):\nKeyError: 'a'\n\nDuring handling of the above exception, \
            another exception occurred:\n\nTraceback (most recent call last):\n  File \"a\", line 1, in b\nValueError: c";
        check("", &[chained], ("ValueError", "c"));
    }

    #[test]
    fn an_exception_is_read_in_each_of_its_forms() {
        for (text, expected) in [
            ("ValueError: negative: -3", ("ValueError", "negative: -3")),
            ("ValueError('negative cohesion')", ("ValueError", "negative cohesion")),
            ("ValueError('negative cohesion',)", ("ValueError", "negative cohesion")),
            ("<class 'itasca.ItascaError'>", ("ItascaError", "")),
            ("KeyboardInterrupt", ("KeyboardInterrupt", "")),
            ("zone: 5 is inverted", ("Exception", "zone: 5 is inverted")),
            ("f(x)", ("Exception", "f(x)")),
            ("", ("Exception", "")),
        ] {
            check(text, &[], expected);
            check(text, &["  File \"a.py\", line 1, in b\n    c()\n"], expected);
        }
    }

    #[derive(Deserialize)]
    struct GoldenError {
        name: String,
        exception: String,
        traceback: Vec<String>,
        expected: Expected,
    }

    #[derive(Deserialize)]
    struct Expected {
        exception: String,
        message: String,
    }

    /// `tests/test_legacy_errors.py` compares the same file with Python's own words for these exceptions.
    fn golden_errors() -> Vec<GoldenError> {
        serde_json::from_str(include_str!("../../../tests/golden/legacy_errors.json")).unwrap()
    }

    #[test]
    fn the_predecessors_own_errors_are_called_what_python_calls_them() {
        let golden = golden_errors();
        assert!(golden.len() > 20);
        let wrong = golden.iter().filter_map(|error| {
            let traceback: Vec<&str> = error.traceback.iter().map(String::as_str).collect();
            let read = LegacyFailure::read(&error.exception, &traceback, "public/footing.py");
            let Expected { exception, message } = &error.expected;
            let is_right = (&read.exception, &read.message) == (exception, message);
            (!is_right || read.traceback.trim_end() != error.exception.trim_end()).then_some((&error.name, read))
        });
        let wrong: Vec<_> = wrong.collect();
        assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), golden.len());
    }

    #[test]
    fn the_frames_that_a_message_quotes_are_not_the_models() {
        let golden = golden_errors();
        let of = |name: &str| golden.iter().find(|error| error.name == name).unwrap();
        let signature_of = |error: &GoldenError| {
            let traceback: Vec<&str> = error.traceback.iter().map(String::as_str).collect();
            LegacyFailure::read(&error.exception, &traceback, "public/footing.py").signature
        };
        let module = ("<module>", "");
        for name in ["a message that quotes a traceback", "a cause that quotes a traceback", "one with a cause"] {
            let error = of(name);
            let Expected { exception, message } = &error.expected;
            assert_eq!(signature_of(error), signature(exception, message, [module, module].into_iter()), "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_texts_are_a_failure(exception in any::<String>(), pieces in any::<Vec<String>>(), file in any::<String>()) {
            let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
            let failure = LegacyFailure::read(&exception, &pieces, &file);
            prop_assert_eq!(failure.signature.len(), 16);
        }

        #[test]
        fn lines_in_any_order_are_a_failure(
            lines in proptest::collection::vec(
                prop_oneof!["  File \"[ab\"]{0,3}\", line [0-9,]{0,3}, in .?", "    .{0,3}", "Traceback.*:", "[A-Z:() .']{0,5}"], 0..8,
            ),
        ) {
            let pieces: Vec<&str> = lines.iter().map(String::as_str).collect();
            prop_assert_eq!(LegacyFailure::read("", &pieces, "a").signature.len(), 16);
        }
    }
}
