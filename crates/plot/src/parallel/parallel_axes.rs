//! Where the axes stand, and what stands at a pixel of them.

/// Where the axes stand.
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
    /// The axis nearest to a pixel.
    #[must_use]
    pub fn nearest(&self, x_px: f64) -> Option<usize> {
        let distance = |index: &usize| (self.x_px[*index] - x_px).abs();
        (0..self.x_px.len()).min_by(|one, other| distance(one).total_cmp(&distance(other)))
    }

    /// The place on an axis at a height.
    #[must_use]
    pub fn place_at(&self, y_px: f64) -> f64 {
        (self.bottom_px - y_px) / (self.bottom_px - self.top_px)
    }

    /// The height of a place on an axis.
    #[must_use]
    pub fn y_px(&self, place: f64) -> f64 {
        self.bottom_px - place * (self.bottom_px - self.top_px)
    }

    /// From one axis to the next.
    pub(super) fn slot_px(&self) -> f64 {
        match self.x_px.as_slice() {
            [first, second, ..] => second - first,
            _ => f64::INFINITY,
        }
    }
}
