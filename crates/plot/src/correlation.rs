//! Chart of the correlation between a response and each factor.

use crate::chart::{Chart, ChartSize};
use crate::label::{count, grouped};
use crate::number::{pixel, real, whole};
use crate::raster::RasterBuffers;
use crate::scene::{AlphaColour, ChartScene, HorizontalAnchor, VerticalAnchor};
use crate::text::{TEXT_PX, fitted, width_px};
use crate::theme::PlotTheme;

/// Lengths on the page, in its pixels.
const EDGE_PX: f64 = 4.0;
const GAP_PX: f64 = 10.0;
const HEAD_PX: f64 = 22.0;
const FOOT_PX: f64 = 20.0;
const NOTE_PX: f64 = 18.0;
const ROW_PX: f64 = 22.0;
const BAR_PX: f64 = 7.0;
const SWATCH_PX: f64 = 8.0;
/// Maximum share of the width for names.
const MAX_NAMES: f64 = 0.3;
/// Width below which columns have no titles.
const NARROW_PX: f64 = 480.0;

/// Opacity of bars that can't be told from chance.
const CHANCE_OPACITY: f64 = 0.35;

/// A coefficient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CoefficientEstimate {
    /// From -1 to 1; not a number if there is none.
    pub value: f64,
    /// Interval that contains it with a probability of 95 %, from and to.
    pub interval: (f64, f64),
}

impl CoefficientEstimate {
    /// The coefficient of too few cases, or of cases that don't differ.
    pub const NONE: Self = Self { value: f64::NAN, interval: (f64::NAN, f64::NAN) };

    /// Whether 0 can be excluded.
    #[must_use]
    pub fn stands_out(self) -> bool {
        self.interval.0 > 0.0 || self.interval.1 < 0.0
    }
}

/// Correlations of one factor.
#[derive(Debug, Clone, PartialEq)]
pub struct CorrelationRow {
    /// Name of the factor.
    pub label: String,
    /// The linear correlation.
    pub pearson: CoefficientEstimate,
    /// The correlation of the ranks.
    pub spearman: CoefficientEstimate,
    /// Number of cases behind these numbers.
    pub cases: usize,
    /// Number of those cases that only the ranks include, since their values are extreme.
    pub only_ranked: usize,
}

/// The correlations of one response, in the order in which they are shown.
#[derive(Debug, Clone, PartialEq)]
pub struct CorrelationChart {
    /// The response.
    pub response: String,
    /// The factors, from the uppermost.
    pub rows: Vec<CorrelationRow>,
    /// Number of cases that a coefficient needs.
    pub needed_cases: usize,
    /// Names of the factors without a row, since their values are texts, which have no order.
    pub unordered: Vec<String>,
}

/// Places of the chart's parts.
struct Layout {
    /// The ends of the scale.
    left: f64,
    right: f64,
    top: f64,
    /// The right edges of the columns of numbers.
    columns: [f64; 3],
    /// Number of rows that there is room for.
    rows: usize,
    /// Whether titles have no room above their columns.
    is_narrow: bool,
}

impl CorrelationChart {
    /// Returns the height that all rows take.
    #[must_use]
    pub fn height_px(&self, look: &PlotTheme) -> u32 {
        let height_px = look.px(HEAD_PX) + self.foot_px(look) + real(self.rows.len()) * look.px(ROW_PX);
        pixel(height_px).unsigned_abs()
    }

    fn foot_px(&self, look: &PlotTheme) -> f64 {
        look.px(FOOT_PX) + real(self.notes().len()) * look.px(NOTE_PX)
    }

    /// Returns remarks that bars and dashes can't express, a line each.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        [self.too_few(), self.chance(), self.only_ranked(), self.without_order()].into_iter().flatten().collect()
    }

    /// Writes `Too few cases: 16 are needed`, if that is so of all factors, and `cohesion: too few cases, 16 are needed` if it
    /// is of some.
    fn too_few(&self) -> Option<String> {
        let has_too_few = |row: &&CorrelationRow| row.cases < self.needed_cases;
        let names: Vec<&str> = self.rows.iter().filter(has_too_few).map(|row| &*row.label).collect();
        let needed = count(self.needed_cases);
        match names.len() {
            0 => None,
            all if all == self.rows.len() => Some(format!("Too few cases: {needed} are needed")),
            _ => Some(format!("{}: too few cases, {needed} are needed", names.join(", "))),
        }
    }

    fn chance(&self) -> Option<String> {
        let is_faint = |one: CoefficientEstimate| one.value.is_finite() && !one.stands_out();
        let has_faint = self.rows.iter().any(|row| is_faint(row.pearson) || is_faint(row.spearman));
        has_faint.then(|| "Faint: can't be told from chance".to_owned())
    }

    /// Lists the factors of which neither coefficient can be told from chance.
    fn by_chance(&self) -> Option<String> {
        let is_faint = |row: &&CorrelationRow| {
            let both = [row.pearson, row.spearman];
            both.iter().any(|one| one.value.is_finite()) && !both.iter().any(|one| one.stands_out())
        };
        let names: Vec<&str> = self.rows.iter().filter(is_faint).map(|row| &*row.label).collect();
        (!names.is_empty()).then(|| format!("Can't be told from chance: {}", names.join(", ")))
    }

    /// Writes `Pearson without 3 cases of extreme values`, if there are such cases: the ranks include them.
    fn only_ranked(&self) -> Option<String> {
        let without = || self.rows.iter().filter(|row| row.pearson.value.is_finite()).map(|row| row.only_ranked);
        let most = without().max().filter(|most| *most > 0)?;
        let up_to = if without().all(|number| number == most) { "" } else { "up to " };
        let cases = if most == 1 { "case" } else { "cases" };
        Some(format!("Pearson without {up_to}{} {cases} of extreme values", count(most)))
    }

    /// Writes `Without soil: texts have no order`, if there are such factors.
    fn without_order(&self) -> Option<String> {
        (!self.unordered.is_empty()).then(|| format!("Without {}: texts have no order", self.unordered.join(", ")))
    }

    /// Writes the notes below the scale.
    fn write_notes(&self, top: f64, size: ChartSize, scene: &mut ChartScene, look: &PlotTheme) {
        let (text_px, left) = (TEXT_PX * look.pixel_ratio, look.px(EDGE_PX));
        for (line, note) in self.notes().iter().enumerate() {
            let note = fitted(note, text_px, f64::from(size.width_px) - 2.0 * left);
            let top = top + real(line) * look.px(NOTE_PX);
            scene.text(&note, (left, top), (HorizontalAnchor::Start, VerticalAnchor::Top), look.text, text_px);
        }
    }

    /// Returns the row at a height, as an index of `rows`.
    #[must_use]
    pub fn row_at(&self, size: ChartSize, look: &PlotTheme, y_px: f64) -> Option<usize> {
        let layout = self.layout(size, look);
        let place = (y_px - layout.top) / look.px(ROW_PX);
        (0.0 <= place).then(|| whole(place.floor())).filter(|row| *row < self.shown(layout.rows))
    }

    fn layout(&self, size: ChartSize, look: &PlotTheme) -> Layout {
        let text_px = TEXT_PX * look.pixel_ratio;
        let (width, height) = (f64::from(size.width_px), f64::from(size.height_px));
        let widest =
            |texts: &mut dyn Iterator<Item = &str>| texts.map(|text| width_px(text, text_px)).fold(0.0, f64::max);
        let names = widest(&mut self.rows.iter().map(|row| row.label.as_str())).min(width * MAX_NAMES);
        let cases: Vec<String> = self.rows.iter().map(|row| count(row.cases)).collect();
        let is_narrow = width < NARROW_PX * look.pixel_ratio;
        let column = |title: &str| {
            let title = width_px(title, text_px) + look.px(SWATCH_PX + EDGE_PX);
            let number = width_px("−0.00", text_px);
            look.px(GAP_PX) + if is_narrow { number } else { title.max(number) }
        };
        let last = width - look.px(EDGE_PX);
        let second = last - widest(&mut cases.iter().map(String::as_str).chain(["cases"])) - look.px(GAP_PX);
        let first = second - column("Spearman");
        let left = (look.px(EDGE_PX + GAP_PX) + names).ceil();
        let right = (first - column("Pearson")).floor().max(left + 1.0);
        let rows = whole((height - look.px(HEAD_PX) - self.foot_px(look)) / look.px(ROW_PX)).max(1);
        Layout { left, right, top: look.px(HEAD_PX), columns: [first, second, last], rows, is_narrow }
    }

    /// Draws titles above the columns. If the chart is narrow, the titles stand at the left, and only squares stand above the
    /// columns.
    fn draw_head(layout: &Layout, scene: &mut ChartScene, look: &PlotTheme) {
        let text_px = TEXT_PX * look.pixel_ratio;
        let (middle, half) = (look.px(HEAD_PX / 2.0), look.px(SWATCH_PX / 2.0));
        let mut left = look.px(EDGE_PX);
        for ((title, colour), right) in
            [("Pearson", look.data), ("Spearman", look.accent)].into_iter().zip(layout.columns)
        {
            let title_px = width_px(title, text_px).round();
            let swatch = if layout.is_narrow { right } else { right - title_px - look.px(EDGE_PX) }.round();
            scene.bar((swatch - 2.0 * half, middle - half), (swatch, middle + half), colour);
            if layout.is_narrow {
                scene.bar((left, middle - half), (left + 2.0 * half, middle + half), colour);
                left += 2.0 * half + look.px(EDGE_PX);
                scene.text(
                    title,
                    (left, middle),
                    (HorizontalAnchor::Start, VerticalAnchor::Middle),
                    look.text,
                    text_px,
                );
                left += title_px + look.px(GAP_PX);
            } else {
                scene.text(title, (right, middle), (HorizontalAnchor::End, VerticalAnchor::Middle), look.text, text_px);
            }
        }
        let at = (layout.columns[2], middle);
        scene.text("cases", at, (HorizontalAnchor::End, VerticalAnchor::Middle), look.text, text_px);
    }

    /// Draws the scale from -1 to 1 below `rows` rows.
    fn draw_scale(layout: &Layout, rows: usize, scene: &mut ChartScene, look: &PlotTheme) {
        let text_px = TEXT_PX * look.pixel_ratio;
        let bottom = layout.top + real(rows) * look.px(ROW_PX);
        let is_wide = layout.right - layout.left > 180.0 * look.pixel_ratio;
        for (value, label) in [(-1.0, "−1"), (-0.5, "−0.5"), (0.0, "0"), (0.5, "0.5"), (1.0, "1")] {
            let x = layout.x(value);
            let ink = if value == 0.0 { AlphaColour::faint(look.text, 0.6) } else { look.grid.into() };
            scene.bar((x, layout.top), (x + look.hairline_px(), bottom), ink);
            if is_wide || f64::fract(value) == 0.0 {
                let at = (x, bottom + look.px(EDGE_PX));
                scene.text(label, at, (HorizontalAnchor::Middle, VerticalAnchor::Top), look.text, text_px);
            }
        }
    }

    fn draw_row(row: &CorrelationRow, top: f64, layout: &Layout, scene: &mut ChartScene, look: &PlotTheme) {
        let text_px = TEXT_PX * look.pixel_ratio;
        let middle = top + look.px(ROW_PX / 2.0);
        let name = fitted(&row.label, text_px, layout.left - look.px(EDGE_PX + GAP_PX));
        let at = (layout.left - look.px(GAP_PX), middle);
        scene.text(&name, at, (HorizontalAnchor::End, VerticalAnchor::Middle), look.text, text_px);
        let upper = middle - look.px(BAR_PX);
        for (one, top, colour) in [(row.pearson, upper, look.data), (row.spearman, middle, look.accent)] {
            if one.value.is_finite() {
                let ink = if one.stands_out() { colour.into() } else { AlphaColour::faint(colour, CHANCE_OPACITY) };
                let (zero, end) = (layout.x(0.0), layout.x(one.value.clamp(-1.0, 1.0)));
                let (left, right) = (zero.min(end), zero.max(end).max(zero + look.hairline_px()));
                scene.bar((left, top), (right, top + look.px(BAR_PX) - look.hairline_px()), ink);
            }
        }
        for (text, x) in [written(row.pearson), written(row.spearman), count(row.cases)].iter().zip(layout.columns) {
            scene.text(text, (x, middle), (HorizontalAnchor::End, VerticalAnchor::Middle), look.text, text_px);
        }
    }

    /// Returns the number of rows that are shown where there is room for `room`: the last line says that there are more.
    fn shown(&self, room: usize) -> usize {
        if self.rows.len() <= room { self.rows.len() } else { room.saturating_sub(1) }
    }
}

impl Layout {
    fn x(&self, value: f64) -> f64 {
        (self.left + f64::midpoint(value, 1.0) * (self.right - self.left)).round()
    }
}

fn written(coefficient: CoefficientEstimate) -> String {
    if coefficient.value.is_finite() { grouped(coefficient.value, 2) } else { "–".to_owned() }
}

impl Chart for CorrelationChart {
    fn paint(&self, _size: ChartSize, _look: &PlotTheme, raster: &mut RasterBuffers) {
        raster.empty();
    }

    fn scene(&self, size: ChartSize, look: &PlotTheme) -> ChartScene {
        let (layout, mut scene) = (self.layout(size, look), ChartScene::default());
        let shown = self.shown(layout.rows);
        Self::draw_head(&layout, &mut scene, look);
        Self::draw_scale(&layout, shown, &mut scene, look);
        for (index, row) in self.rows.iter().take(shown).enumerate() {
            Self::draw_row(row, layout.top + real(index) * look.px(ROW_PX), &layout, &mut scene, look);
        }
        if shown < self.rows.len() {
            let text = format!("and {} more", count(self.rows.len() - shown));
            let y = layout.top + real(shown) * look.px(ROW_PX) + look.px(EDGE_PX);
            let at = (layout.columns[2], y);
            scene.text(&text, at, (HorizontalAnchor::End, VerticalAnchor::Top), look.text, TEXT_PX * look.pixel_ratio);
        }
        let bottom = layout.top + real(shown) * look.px(ROW_PX);
        self.write_notes(bottom + look.px(FOOT_PX), size, &mut scene, look);
        scene
    }

    fn summary(&self) -> String {
        let rows: Vec<String> = self
            .rows
            .iter()
            .map(|row| {
                let (pearson, spearman) = (written(row.pearson), written(row.spearman));
                format!("{}: Pearson {pearson}, Spearman {spearman} ({} cases)", row.label, count(row.cases))
            })
            .collect();
        let rows = [rows.join("; ")];
        let notes = [self.too_few(), self.by_chance(), self.only_ranked(), self.without_order()];
        let parts: Vec<String> = rows.into_iter().chain(notes.into_iter().flatten()).collect();
        format!("Correlation of {} with {}", self.response, parts.join(". "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_found_at_its_height() {
        let row = row("a", (0.5, -0.5), 1_204);
        let chart =
            CorrelationChart { response: "b".to_owned(), rows: vec![row; 3], needed_cases: 16, unordered: Vec::new() };
        let look = crate::samples::light();
        let size = ChartSize { width_px: 400, height_px: chart.height_px(&look) };
        let rows: Vec<Option<usize>> =
            [0.5, 1.5, 2.9].map(|row| chart.row_at(size, &look, HEAD_PX + row * ROW_PX)).into();
        assert_eq!(rows, [Some(0), Some(1), Some(2)]);
        assert_eq!(chart.row_at(size, &look, HEAD_PX - 1.0), None, "that is the head");
        assert_eq!(chart.row_at(size, &look, HEAD_PX + 3.1 * ROW_PX), None);
    }
    use crate::samples::{SMALL, USUAL, dark, golden, light};

    /// Returns a row whose coefficients are known to within 0.1, if they are numbers.
    fn row(label: &str, (pearson, spearman): (f64, f64), cases: usize) -> CorrelationRow {
        let coefficient = |value: f64| CoefficientEstimate { value, interval: (value - 0.1, value + 0.1) };
        let (pearson, spearman) = (coefficient(pearson), coefficient(spearman));
        CorrelationRow { label: label.to_owned(), pearson, spearman, cases, only_ranked: 0 }
    }

    fn correlation(factors: usize) -> CorrelationChart {
        let names = ["friction", "dilation", "cohesion of the upper layer", "stiffness", "density", "depth"];
        let one = |index: usize| {
            let pearson = 0.93 * (1.3 * real(index)).cos();
            let spearman = if index == 3 { f64::NAN } else { pearson * 0.9 + 0.05 };
            row(names[index % 6], (pearson, spearman), 1_204 - index)
        };
        CorrelationChart {
            response: "end_load".to_owned(),
            rows: (0..factors).map(one).collect(),
            needed_cases: 16,
            unordered: Vec::new(),
        }
    }

    #[test]
    fn each_factor_has_two_bars_and_its_numbers() {
        insta::assert_snapshot!("light", golden(&correlation(6), USUAL, &light()));
        insta::assert_snapshot!("dark", golden(&correlation(5), SMALL, &dark()));
        let height_px = correlation(6).height_px(&light());
        assert_eq!(height_px, 22 + 6 * 22 + 20);
    }

    #[test]
    fn what_finds_no_room_is_counted() {
        let svg = golden(&correlation(30), SMALL, &light());
        assert!(svg.contains("and 23 more"), "{svg}");
        insta::assert_snapshot!("empty", golden(&correlation(0), SMALL, &light()));
    }

    #[test]
    fn what_only_ranks_have_is_counted_below() {
        let note = |numbers: [usize; 2]| {
            let mut chart = correlation(2);
            chart.rows.iter_mut().zip(numbers).for_each(|(row, number)| row.only_ranked = number);
            chart.notes()
        };
        assert_eq!(note([0, 0]), [""; 0]);
        assert_eq!(note([1, 1]), ["Pearson without 1 case of extreme values"]);
        assert_eq!(note([3, 0]), ["Pearson without up to 3 cases of extreme values"]);
        let mut chart = correlation(3);
        chart.rows[1].only_ranked = 2_000;
        let (look, width_px) = (light(), 560);
        let size = ChartSize { width_px, height_px: chart.height_px(&look) };
        assert!(golden(&chart, size, &look).contains("without up to 2,000 cases of extreme values"));
        assert_eq!(chart.row_at(size, &look, HEAD_PX + 2.5 * ROW_PX), Some(2), "all rows have room");
        assert!(chart.summary().ends_with("(1,202 cases). Pearson without up to 2,000 cases of extreme values"));
    }

    #[test]
    fn what_too_few_cases_have_is_a_dash_and_what_chance_may_do_is_faint() {
        let few = CorrelationRow {
            pearson: CoefficientEstimate::NONE,
            spearman: CoefficientEstimate::NONE,
            ..row("width", (0.0, 0.0), 13)
        };
        let rows = vec![row("depth", (0.9, 0.8), 40), row("soil", (0.09, -0.05), 40), few];
        let unordered = vec!["rock".to_owned()];
        let chart = CorrelationChart { response: "load".to_owned(), rows, needed_cases: 16, unordered };
        let notes = [
            "width: too few cases, 16 are needed",
            "Faint: can't be told from chance",
            "Without rock: texts have no order",
        ];
        assert_eq!(chart.notes(), notes);
        assert!(chart.summary().ends_with(
            "width: Pearson –, Spearman – (13 cases). width: too few cases, 16 are needed. Can't be told from chance: soil. Without rock: texts have no order"
        ));
        let all = CorrelationChart { rows: chart.rows[2..].to_vec(), ..chart.clone() };
        assert_eq!(all.notes(), ["Too few cases: 16 are needed", "Without rock: texts have no order"]);
        let size = ChartSize { width_px: 560, height_px: chart.height_px(&light()) };
        insta::assert_snapshot!("few", golden(&chart, size, &light()));
    }

    #[test]
    fn the_summary_has_every_number() {
        assert_eq!(
            correlation(1).summary(),
            "Correlation of end_load with friction: Pearson 0.93, Spearman 0.89 (1,204 cases)"
        );
    }
}
