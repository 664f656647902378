//! Theme of charts: the colours of the style sheet.

use cruncher_browser::theme;
use cruncher_plot::{OKABE_ITO_ON_DARK, OKABE_ITO_ON_LIGHT, PlotTheme, RGBColor, SEQUENCE};
use leptos::prelude::{document, window};

/// Returns the theme of plots on the page as it is.
#[must_use]
pub fn theme() -> PlotTheme {
    let palette = if theme::is_dark() { OKABE_ITO_ON_DARK } else { OKABE_ITO_ON_LIGHT };
    PlotTheme {
        data: palette[0],
        grid: colour("--line"),
        text: colour("--text-faint"),
        background: colour("--panel"),
        muted: colour("--state-queued"),
        accent: palette[3],
        palette,
        sequence: SEQUENCE,
        pixel_ratio: window().device_pixel_ratio(),
    }
}

/// Returns a colour of the style sheet in the current theme; black if it can't be read, as one that isn't registered there.
#[must_use]
pub fn colour(name: &str) -> RGBColor {
    let black = RGBColor(0, 0, 0);
    let Some(root) = document().document_element() else { return black };
    let Ok(Some(style)) = window().get_computed_style(&root) else { return black };
    parse_colour(&style.get_property_value(name).unwrap_or_default()).unwrap_or(black)
}

/// Reads `rgb(1, 2, 3)`, which is how a registered colour property is computed.
fn parse_colour(text: &str) -> Option<RGBColor> {
    let numbers = text.trim().strip_prefix("rgb(")?.strip_suffix(')')?;
    let mut channels = numbers.split(',').map(|channel| channel.trim().parse().ok());
    Some(RGBColor(channels.next()??, channels.next()??, channels.next()??))
}
