//! Colours of the style sheet, for drawing on a canvas.

use leptos::prelude::*;

/// Returns a colour of the style sheet in the current theme, as red, green and blue; black if it can't be read.
#[must_use]
pub fn colour(name: &str) -> [u8; 3] {
    let black = [0; 3];
    let Some(root) = document().document_element() else { return black };
    let Ok(Some(style)) = window().get_computed_style(&root) else { return black };
    parse_colour(&style.get_property_value(name).unwrap_or_default()).unwrap_or(black)
}

/// Reads `rgb(1, 2, 3)`, which is how a registered colour property is computed.
fn parse_colour(text: &str) -> Option<[u8; 3]> {
    let numbers = text.trim().strip_prefix("rgb(")?.strip_suffix(')')?;
    let mut channels = numbers.split(',').map(|channel| channel.trim().parse().ok());
    Some([channels.next()??, channels.next()??, channels.next()??])
}
