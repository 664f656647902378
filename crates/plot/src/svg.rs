//! Charts as SVG documents. plotters has a backend for that; this one keeps fractions of pixels and the size of letters.

use std::fmt::Write as _;

use crate::chart_size::ChartSize;
use crate::raster::RasterImage;
use crate::scene::{AlphaColour, ChartScene, HorizontalAnchor, Place, SceneMark, VerticalAnchor};
use crate::theme::PlotTheme;

/// Returns the document: the ground, the image, then the scene. `encode` makes a data URI of an image.
pub(crate) fn document(
    size: ChartSize,
    look: &PlotTheme,
    image: &RasterImage,
    scene: &ChartScene,
    encode: &dyn Fn(&RasterImage) -> String,
) -> String {
    let ChartSize { width_px, height_px } = size;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width_px}\" height=\"{height_px}\" viewBox=\"0 0 {width_px} \
         {height_px}\" font-family=\"system-ui, sans-serif\">\n<rect width=\"{width_px}\" height=\"{height_px}\"{}/>\n",
        fill(look.background.into())
    );
    if !image.rgba.is_empty() {
        let RasterImage { left_px, top_px, width_px, height_px, .. } = image;
        let uri = escaped(&encode(image));
        // Writing to a string can't fail, here and below.
        let _ = writeln!(
            svg,
            "<image x=\"{left_px}\" y=\"{top_px}\" width=\"{width_px}\" height=\"{height_px}\" href=\"{uri}\"/>"
        );
    }
    for mark in &scene.marks {
        let _ = write_mark(&mut svg, mark);
    }
    svg + "</svg>\n"
}

fn write_mark(svg: &mut String, mark: &SceneMark) -> std::fmt::Result {
    match mark {
        SceneMark::Bar { corner, opposite, ink } => {
            let (x, y) = (corner.0.min(opposite.0), corner.1.min(opposite.1));
            let (width, height) = ((corner.0 - opposite.0).abs(), (corner.1 - opposite.1).abs());
            let [x, y, width, height] = [x, y, width, height].map(number);
            writeln!(svg, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"{}/>", fill(*ink))
        }
        SceneMark::Path { places, ink, width_px } => {
            writeln!(svg, "<polyline points=\"{}\"{}/>", points(places), stroke(*ink, *width_px))
        }
        SceneMark::Shape { places, ink } => writeln!(svg, "<polygon points=\"{}\"{}/>", points(places), fill(*ink)),
        SceneMark::Ring { centre, radius_px, ink, width_px } => {
            let [x, y, radius] = [centre.0, centre.1, *radius_px].map(number);
            writeln!(svg, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"{}/>", stroke(*ink, *width_px))
        }
        SceneMark::Text { text, at, across, along, ink, size_px } => {
            let [x, y, size] = [at.0, at.1 + baseline(*along) * size_px, *size_px].map(number);
            let anchor = anchor(*across);
            writeln!(
                svg,
                "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\"{anchor}{}>{}</text>",
                fill(*ink),
                escaped(text)
            )
        }
    }
}

/// Returns the distance of a text's baseline below its place, in heights of the font.
fn baseline(along: VerticalAnchor) -> f64 {
    match along {
        VerticalAnchor::Top => 0.86,
        VerticalAnchor::Middle => 0.35,
    }
}

fn anchor(across: HorizontalAnchor) -> &'static str {
    match across {
        HorizontalAnchor::Start => "",
        HorizontalAnchor::Middle => " text-anchor=\"middle\"",
        HorizontalAnchor::End => " text-anchor=\"end\"",
    }
}

fn points(places: &[Place]) -> String {
    places.iter().map(|(x, y)| format!("{},{}", number(*x), number(*y))).collect::<Vec<_>>().join(" ")
}

fn fill(ink: AlphaColour) -> String {
    let opacity = if ink.opacity < 1.0 { format!(" fill-opacity=\"{}\"", number(ink.opacity)) } else { String::new() };
    format!(" fill=\"{}\"{opacity}", hex(ink))
}

fn stroke(ink: AlphaColour, width_px: f64) -> String {
    let opacity =
        if ink.opacity < 1.0 { format!(" stroke-opacity=\"{}\"", number(ink.opacity)) } else { String::new() };
    format!(" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\"{opacity}", hex(ink), number(width_px))
}

fn hex(ink: AlphaColour) -> String {
    format!("#{:02x}{:02x}{:02x}", ink.colour.0, ink.colour.1, ink.colour.2)
}

/// Writes a number with at most two decimals.
fn number(value: f64) -> String {
    let value = (value * 100.0).round() / 100.0;
    if value == 0.0 { "0".to_owned() } else { value.to_string() }
}

/// Escapes a text. Names come from documents that others wrote: nothing in them is markup, and characters that XML forbids are
/// replaced by spaces.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => escaped.push(' '),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_becomes_markup() {
        assert_eq!(escaped("<b a=\"1\">&\u{0}"), "&lt;b a=&quot;1&quot;&gt;&amp; ");
    }

    #[test]
    fn lengths_have_two_decimals() {
        assert_eq!([1.0, 0.333_333, -0.001, -2.5].map(number), ["1", "0.33", "0", "-2.5"]);
    }
}
