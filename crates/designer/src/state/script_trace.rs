//! The traceback of a script that a worker has called.

/// Returns the traceback from the script's own lines on: what called it is none of its author's.
pub(crate) fn of_script(traceback: &str) -> String {
    let is_own = |line: &str| {
        let file = line.trim_start().strip_prefix("File \"").and_then(|rest| rest.split('"').next());
        file.is_some_and(|file| file.rsplit(['/', '\\']).next() == Some("points.py"))
    };
    let lines: Vec<&str> = traceback.lines().collect();
    let Some(first) = lines.iter().position(|line| is_own(line)) else { return traceback.to_owned() };
    let head = lines.iter().take(1).filter(|line| first > 0 && line.starts_with("Traceback"));
    head.chain(&lines[first..]).copied().collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceback_begins_in_the_script() {
        let text = "Traceback (most recent call last):\n  File \"get_points.py\", line 9, in <module>\n    run()\n  \
                    File \"points.py\", line 2, in get_points\n    return mesh()\nValueError: bad mesh\n";
        let expected = "Traceback (most recent call last):\n  File \"points.py\", line 2, in get_points\n    return mesh()\nValueError: bad mesh";
        assert_eq!(of_script(text), expected);
        assert_eq!(of_script("ValueError: bad mesh\n"), "ValueError: bad mesh\n");
        assert_eq!(
            of_script("  File \"/tmp/x/points.py\", line 1\nSyntaxError: x"),
            "  File \"/tmp/x/points.py\", line 1\nSyntaxError: x"
        );
    }
}
