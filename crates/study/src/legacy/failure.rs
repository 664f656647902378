//! What a Python exception and its traceback say, once they are texts.

use crate::signature::signature;

/// What stands in front of the frames of a traceback.
const TRACEBACK_START: &str = "Traceback (most recent call last):";

/// What Python calls a text that it executes.
const EXECUTED_TEXT: &str = "<string>";

/// What the names of Python's exceptions end in.
const EXCEPTION_ENDS: [&str; 6] = ["Error", "Exception", "Exit", "Interrupt", "Iteration", "Warning"];

/// The exception of a text that doesn't name one.
const UNNAMED: &str = "Exception";

/// A failure, as far as texts tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) exception: String,
    pub(super) message: String,
    pub(super) traceback: String,
    pub(super) signature: String,
}

impl Failure {
    /// Reads an exception, which may be its message, its `repr` or its last line, and its traceback. The signature is
    /// that of `signature` in `worker/attach.py`, with the frames in `model_file` as the model's. If there are none, these
    /// are the frames of an executed text, or else all.
    pub(super) fn read(exception: &str, traceback: &[&str], model_file: &str) -> Self {
        let traceback: String = traceback.iter().flat_map(|piece| [piece.trim_end(), "\n"]).collect();
        let block = last_block(&traceback);
        let told = closing(block).or_else(|| named(exception));
        let (exception, message) = told.unwrap_or_else(|| (UNNAMED.to_owned(), exception.trim().to_owned()));
        let frames = model_frames(block, model_file);
        let signature = signature(&exception, &message, frames.iter().map(|frame| (frame.function, frame.line)));
        Self { exception, message, traceback, signature }
    }
}

/// The traceback of the exception that ended it all, without those that led to it.
fn last_block(traceback: &str) -> &str {
    traceback.rfind(TRACEBACK_START).map_or(traceback, |start| &traceback[start + TRACEBACK_START.len()..])
}

/// The exception and its message, from the end of a traceback: the first line that isn't indented, and all after it.
fn closing(block: &str) -> Option<(String, String)> {
    let mut rest = block;
    while !rest.is_empty() {
        if !rest.starts_with(char::is_whitespace) {
            return split(rest.trim_end(), ": ").or_else(|| split(rest.trim_end(), ":\n"));
        }
        rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
    }
    None
}

/// Splits `module.ValueError: message`.
fn split(text: &str, mark: &str) -> Option<(String, String)> {
    let (name, message) = text.split_once(mark).unwrap_or((text, ""));
    let name = name.strip_suffix(':').unwrap_or(name);
    let is_path = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.');
    is_path.then(|| (name.rsplit('.').next().unwrap_or(name).to_owned(), message.to_owned()))
}

/// The exception and its message, if the text says which is which.
fn named(text: &str) -> Option<(String, String)> {
    let text = text.trim();
    let is_exception = |(name, _): &(String, String)| EXCEPTION_ENDS.iter().any(|end| name.ends_with(end));
    let class = text.strip_prefix("<class '").and_then(|text| text.strip_suffix("'>"));
    let call = || {
        let (name, argument) = text.strip_suffix(')')?.split_once('(')?;
        let (name, _) = split(name, ": ")?;
        Some((name, unquoted(argument.trim_end_matches(',')).to_owned()))
    };
    let told = class.and_then(|class| split(class, ": ")).or_else(|| split(text, ": ")).or_else(call);
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

    use super::*;

    const TRACEBACK: [&str; 4] = [
        "Traceback (most recent call last):\n",
        "  File \"C:\\cam\\cam.py\", line 80, in compute\n    exec(text)\n",
        "  File \"<string>\", line 4, in <module>\n  File \"C:\\study\\footing.py\", line 12, in solve\n    return 1 / step\n           ~~^~~~~~\n",
        "ZeroDivisionError: division by zero\n",
    ];

    fn check(exception: &str, traceback: &[&str], expected: (&str, &str)) {
        let failure = Failure::read(exception, traceback, "");
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
        let failure = Failure::read("division by zero", &TRACEBACK, "footing.py");
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

    proptest! {
        #[test]
        fn any_texts_are_a_failure(exception in any::<String>(), pieces in any::<Vec<String>>(), file in any::<String>()) {
            let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
            let failure = Failure::read(&exception, &pieces, &file);
            prop_assert_eq!(failure.signature.len(), 16);
        }

        #[test]
        fn lines_in_any_order_are_a_failure(
            lines in proptest::collection::vec(
                prop_oneof!["  File \"[ab\"]{0,3}\", line [0-9,]{0,3}, in .?", "    .{0,3}", "Traceback.*:", "[A-Z:() .']{0,5}"], 0..8,
            ),
        ) {
            let pieces: Vec<&str> = lines.iter().map(String::as_str).collect();
            prop_assert_eq!(Failure::read("", &pieces, "a").signature.len(), 16);
        }
    }
}
