//! Places of parallel axes, and the axis and the value at a pixel.

/// Places of parallel axes.
#[derive(Debug, Clone, PartialEq)]
pub struct ParallelAxes {
    /// The upper ends.
    pub top_px: f64,
    /// The lower ends.
    pub bottom_px: f64,
    /// From left to right.
    pub x_px: Vec<f64>,
}

impl ParallelAxes {
    /// Returns the axis nearest to a pixel.
    #[must_use]
    pub fn nearest(&self, x_px: f64) -> Option<usize> {
        let distance = |index: &usize| (self.x_px[*index] - x_px).abs();
        (0..self.x_px.len()).min_by(|one, other| distance(one).total_cmp(&distance(other)))
    }

    /// Returns the place on an axis at a height.
    #[must_use]
    pub fn place_at(&self, y_px: f64) -> f64 {
        (self.bottom_px - y_px) / (self.bottom_px - self.top_px)
    }

    /// Returns the height of a place on an axis.
    #[must_use]
    pub fn y_px(&self, place: f64) -> f64 {
        self.bottom_px - place * (self.bottom_px - self.top_px)
    }

    /// Returns the distance from one axis to the next.
    pub(super) fn slot_px(&self) -> f64 {
        match self.x_px.as_slice() {
            [first, second, ..] => second - first,
            _ => f64::INFINITY,
        }
    }
}
