//! Scene above an image: lines, bars and letters, as a list of marks that any drawing area can show.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::number::{pixel, whole};

/// A place, in pixels from the upper left corner.
pub(crate) type Place = (f64, f64);

/// A colour and its opacity: 1 covers the pixels below.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct AlphaColour {
    pub(crate) colour: RGBColor,
    pub(crate) opacity: f64,
}

impl From<RGBColor> for AlphaColour {
    fn from(colour: RGBColor) -> Self {
        Self { colour, opacity: 1.0 }
    }
}

impl AlphaColour {
    pub(crate) fn faint(colour: RGBColor, opacity: f64) -> Self {
        Self { colour, opacity }
    }

    fn rgba(self) -> RGBAColor {
        self.colour.mix(self.opacity)
    }
}

/// Horizontal part of a text that stands at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HorizontalAnchor {
    Start,
    Middle,
    End,
}

/// Vertical part of a text that stands at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VerticalAnchor {
    Top,
    Middle,
}

/// One mark of a scene.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SceneMark {
    /// A filled rectangle; axes and ticks, too, since a thin rectangle is sharp everywhere.
    Bar { corner: Place, opposite: Place, ink: AlphaColour },
    /// A line through places.
    Path { places: Vec<Place>, ink: AlphaColour, width_px: f64 },
    /// A filled shape.
    Shape { places: Vec<Place>, ink: AlphaColour },
    /// A circle.
    Ring { centre: Place, radius_px: f64, ink: AlphaColour, width_px: f64 },
    /// A line of text.
    Text { text: String, at: Place, across: HorizontalAnchor, along: VerticalAnchor, ink: AlphaColour, size_px: f64 },
}

/// Marks, from the lowest to the uppermost.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChartScene {
    pub(crate) marks: Vec<SceneMark>,
}

impl ChartScene {
    pub(crate) fn bar(&mut self, corner: Place, opposite: Place, ink: impl Into<AlphaColour>) {
        self.marks.push(SceneMark::Bar { corner, opposite, ink: ink.into() });
    }

    pub(crate) fn path(&mut self, places: Vec<Place>, ink: impl Into<AlphaColour>, width_px: f64) {
        self.marks.push(SceneMark::Path { places, ink: ink.into(), width_px });
    }

    pub(crate) fn shape(&mut self, places: Vec<Place>, ink: impl Into<AlphaColour>) {
        self.marks.push(SceneMark::Shape { places, ink: ink.into() });
    }

    pub(crate) fn ring(&mut self, centre: Place, radius_px: f64, ink: impl Into<AlphaColour>, width_px: f64) {
        self.marks.push(SceneMark::Ring { centre, radius_px, ink: ink.into(), width_px });
    }

    pub(crate) fn text(
        &mut self,
        text: &str,
        at: Place,
        anchor: (HorizontalAnchor, VerticalAnchor),
        ink: impl Into<AlphaColour>,
        size_px: f64,
    ) {
        let (across, along) = anchor;
        let text = text.to_owned();
        self.marks.push(SceneMark::Text { text, at, across, along, ink: ink.into(), size_px });
    }

    /// Draws the marks on a drawing area, which may have something on it. Drawing areas know whole pixels only, in which a line
    /// that rises slowly is a staircase: `draw_line` may draw lines itself.
    ///
    /// # Errors
    /// Returns the error of the backend.
    pub fn draw<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, Shift>,
        draw_line: &dyn Fn(&SceneLine) -> LineOutcome,
    ) -> Result<(), DrawingAreaErrorKind<DB::ErrorType>> {
        let is_left = |mark: &&SceneMark| mark.line().is_none_or(|line| draw_line(&line) == LineOutcome::Left);
        self.marks.iter().filter(is_left).try_for_each(|mark| draw_mark(mark, area))
    }
}

/// A line, or the shape that it encloses, for a function that can draw between pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SceneLine<'a> {
    /// Its places, in pixels from the upper left corner.
    pub places: &'a [(f64, f64)],
    /// Its colour.
    pub colour: RGBColor,
    /// Its opacity: 1 covers the pixels below.
    pub opacity: f64,
    /// Its width, in pixels; `None` for a shape that is filled.
    pub width_px: Option<u32>,
}

/// Outcome of drawing a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineOutcome {
    /// It is drawn.
    Done,
    /// The drawing area must draw it.
    Left,
}

impl SceneMark {
    fn line(&self) -> Option<SceneLine<'_>> {
        let line = |places, ink: &AlphaColour, width_px| SceneLine {
            places,
            colour: ink.colour,
            opacity: ink.opacity,
            width_px,
        };
        match self {
            Self::Path { places, ink, width_px } => Some(line(places, ink, Some(stroke(*width_px)))),
            Self::Shape { places, ink } => Some(line(places, ink, None)),
            _ => None,
        }
    }
}

fn draw_mark<DB: DrawingBackend>(
    mark: &SceneMark,
    area: &DrawingArea<DB, Shift>,
) -> Result<(), DrawingAreaErrorKind<DB::ErrorType>> {
    let pixels = |places: &[Place]| -> Vec<(i32, i32)> { places.iter().map(|place| nearest(*place)).collect() };
    match mark {
        SceneMark::Bar { corner, opposite, ink } => {
            area.draw(&Rectangle::new([nearest(*corner), nearest(*opposite)], ink.rgba().filled()))
        }
        SceneMark::Path { places, ink, width_px } => {
            area.draw(&PathElement::new(pixels(places), ink.rgba().stroke_width(stroke(*width_px))))
        }
        SceneMark::Shape { places, ink } => area.draw(&Polygon::new(pixels(places), ink.rgba().filled())),
        SceneMark::Ring { centre, radius_px, ink, width_px } => {
            area.draw(&Circle::new(nearest(*centre), *radius_px, ink.rgba().stroke_width(stroke(*width_px))))
        }
        SceneMark::Text { text, at, across, along, ink, size_px } => {
            let font = ("system-ui, sans-serif", *size_px).into_font().color(&ink.rgba());
            area.draw(&Text::new(text.as_str(), nearest(*at), font.pos(anchor(*across, *along))))
        }
    }
}

fn nearest((x, y): Place) -> (i32, i32) {
    (pixel(x), pixel(y))
}

fn stroke(width_px: f64) -> u32 {
    u32::try_from(whole(width_px.round())).unwrap_or(1).max(1)
}

fn anchor(across: HorizontalAnchor, along: VerticalAnchor) -> Pos {
    let across = match across {
        HorizontalAnchor::Start => HPos::Left,
        HorizontalAnchor::Middle => HPos::Center,
        HorizontalAnchor::End => HPos::Right,
    };
    let along = match along {
        VerticalAnchor::Top => VPos::Top,
        VerticalAnchor::Middle => VPos::Center,
    };
    Pos::new(across, along)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_area_shows_every_mark() {
        let mut scene = ChartScene::default();
        scene.bar((1.0, 2.0), (3.4, 9.0), RED);
        scene.path(vec![(0.0, 0.0), (5.0, 5.2)], AlphaColour::faint(BLUE, 0.5), 2.0);
        scene.shape(vec![(0.0, 0.0), (5.0, 5.0), (0.0, 5.0)], GREEN);
        scene.ring((5.0, 5.0), 3.0, BLACK, 1.0);
        scene.text("a < b", (5.0, 5.0), (HorizontalAnchor::Middle, VerticalAnchor::Top), BLACK, 11.0);
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, (10, 10)).into_drawing_area();
            scene.draw(&area, &|_| LineOutcome::Left).unwrap();
            area.present().unwrap();
        }
        insta::assert_snapshot!(svg);
    }

    #[test]
    fn lines_are_drawn_between_pixels_by_whoever_can() {
        let mut scene = ChartScene::default();
        scene.path(vec![(0.0, 0.25), (5.0, 5.2)], AlphaColour::faint(BLUE, 0.5), 1.6);
        scene.bar((1.0, 2.0), (3.0, 9.0), RED);
        scene.shape(vec![(0.5, 0.0), (5.0, 5.0), (0.0, 5.0)], GREEN);
        let lines = std::cell::RefCell::new(Vec::new());
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, (10, 10)).into_drawing_area();
            let take = |line: &SceneLine| {
                lines.borrow_mut().push((line.places[0], line.opacity, line.width_px));
                LineOutcome::Done
            };
            scene.draw(&area, &take).unwrap();
            area.present().unwrap();
        }
        assert_eq!(lines.into_inner(), [((0.0, 0.25), 0.5, Some(2)), ((0.5, 0.0), 1.0, None)]);
        assert!(svg.contains("<rect") && !svg.contains("<poly"), "{svg}");
    }
}
