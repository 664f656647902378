//! Excerpt of a rendered model.

/// A line of an excerpt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ExcerptLine {
    /// A line of the file.
    Line {
        /// Its number, from 1.
        number: usize,
        /// Its text.
        text: String,
        /// Whether it contains a value of the case.
        is_filled_in: bool,
    },
    /// Lines are left out.
    Gap,
}

/// Returns the lines of `rendered` that differ from those of its template, and up to `reach` lines around each. If no line
/// differs, returns the first ones.
///
/// A value never has a line break, so both have the same number of lines.
pub(crate) fn excerpt(template: &str, rendered: &str, reach: usize) -> Vec<ExcerptLine> {
    let filled: Vec<usize> =
        template.lines().zip(rendered.lines()).enumerate().filter(|(_, (a, b))| a != b).map(|(at, _)| at).collect();
    let centres = if filled.is_empty() { vec![0] } else { filled.clone() };
    let mut lines = Vec::new();
    let mut last = None;
    for (index, text) in rendered.lines().enumerate() {
        let next = centres.partition_point(|centre| *centre < index);
        let near = |centre: Option<&usize>| centre.is_some_and(|centre| centre.abs_diff(index) <= reach);
        if !near(centres.get(next)) && !near(next.checked_sub(1).and_then(|before| centres.get(before))) {
            continue;
        }
        if last.map_or(index > 0, |last| last + 1 < index) {
            lines.push(ExcerptLine::Gap);
        }
        last = Some(index);
        let is_filled_in = filled.binary_search(&index).is_ok();
        lines.push(ExcerptLine::Line { number: index + 1, text: text.to_owned(), is_filled_in });
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(template: &str, reach: usize, expected: &str) {
        let lines = excerpt(template, &template.replace("{{a}}", "1"), reach);
        let marks = lines.iter().map(|line| match line {
            ExcerptLine::Gap => "-".to_owned(),
            ExcerptLine::Line { number, is_filled_in, .. } => {
                format!("{number}{}", if *is_filled_in { "!" } else { "" })
            }
        });
        assert_eq!(marks.collect::<Vec<_>>().join(" "), expected, "{template:?}");
    }

    #[test]
    fn lines_with_values_are_shown_with_some_around_them() {
        check("x\n\n\n{{a}}\n\n\n\n\n{{a}}", 1, "- 3 4! 5 - 8 9!");
        check("{{a}}\nx\n{{a}}", 1, "1! 2 3!");
        check("x\ny\n{{a}}", 9, "1 2 3!");
        check("x\ny\nz", 1, "1 2");
        check("", 1, "");
    }
}
