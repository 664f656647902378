//! Room that texts take: an estimate, since no font can be looked at here.

use crate::axis::Axis;

/// The height of tick labels on the page, in its pixels.
pub(crate) const TEXT_PX: f64 = 11.0;

/// Estimates the width of a text whose letters are `size_px` high, in the same pixels. Interface fonts differ by a tenth; this
/// is at the wide end.
pub(crate) fn width_px(text: &str, size_px: f64) -> f64 {
    text.chars().map(em).sum::<f64>() * size_px
}

/// Returns the width of a letter, in heights of the font.
fn em(letter: char) -> f64 {
    match letter {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | 'I' => 0.32,
        ' ' | 'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '-' | '/' | '·' => 0.40,
        '⁰'..='⁹' | '⁻' | '¹' | '²' | '³' | '°' => 0.42,
        'm' | 'w' | 'M' | 'W' | '%' | '@' | '…' => 0.98,
        'A'..='Z' => 0.72,
        '−' | '+' | '=' | '×' => 0.80,
        letter if u32::from(letter) >= 0x1100 => 1.0,
        _ => 0.64,
    }
}

/// Returns the text, or as much of its beginning as fits into `room_px`, and `…`. The index that tells the components of a
/// vector apart stays: `cohesio…[2]`. Empty if not even that fits.
pub(crate) fn fitted(text: &str, size_px: f64, room_px: f64) -> String {
    if width_px(text, size_px) <= room_px {
        return text.to_owned();
    }
    let (name, component) = match text.find('[') {
        Some(place) if text.ends_with(']') => text.split_at(place),
        _ => (text, ""),
    };
    let mut room = room_px / size_px - em('…') - width_px(component, 1.0);
    let fits = |letter: &char| {
        room -= em(*letter);
        room >= 0.0
    };
    let start: String = name.chars().take_while(fits).collect();
    if start.is_empty() { start } else { format!("{}…{component}", start.trim_end()) }
}

/// Returns label and unit of an axis; the label alone, or its beginning, if both don't fit.
pub(crate) fn fitted_title(axis: &Axis, size_px: f64, room_px: f64) -> String {
    let title = axis.title();
    if width_px(&title, size_px) <= room_px { title } else { fitted(&axis.label, size_px, room_px) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_does_not_fit_is_cut() {
        assert_eq!(fitted("friction", 10.0, 100.0), "friction");
        assert_eq!(fitted("friction angle", 10.0, 45.0), "frictio…");
        assert_eq!(fitted("cohesion_array[12]", 10.0, 60.0), "cohe…[12]");
        assert_eq!(fitted("friction", 10.0, 9.0), "");
        assert!(width_px(&fitted("mmmmmmmm", 10.0, 50.0), 10.0) <= 50.0);
    }
}
