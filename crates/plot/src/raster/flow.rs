//! Flow of very many straight lines from one edge of a strip to the other, in a time that doesn't depend on their number.
//!
//! Lines are counted by the bins in which they begin and end. A strip is cut in the middle: a line from bin a to bin b consists
//! of one from a to the bin between and another one from there to b, so that both halves are strips with fewer slopes. In the
//! end only columns are left. This is the approximate discrete Radon transform of Brady (1998), "A fast discrete approximation
//! algorithm for the Radon transform", run backwards.

use super::points::refill;
use crate::number::{pixel, real};

/// Number of lines of both layers: the muted ones in the lower half of the bits, the others in the upper one. Together they
/// take as long as one layer alone.
pub(crate) type Both = u64;

/// A line of the lower layer, and one of the upper one.
pub(crate) const MUTED: Both = 1;
pub(crate) const DATA: Both = 1 << 32;

/// Number of columns that aren't cut any more.
const NARROWEST: usize = 2;

/// Lines between two edges, counted by the bins where they begin and end.
#[derive(Debug, Default)]
pub(crate) struct LineDensity {
    bins: usize,
    /// The lines of each cut.
    tables: Vec<Table>,
    column: Vec<Both>,
}

/// Lines: a row for each rise, from the largest fall on; a column for each bin where they begin. An operation on lines of one
/// rise is one on a whole row.
#[derive(Debug, Default)]
struct Table {
    /// The largest rise, and the largest fall.
    reach: usize,
    counts: Vec<Both>,
}

impl Table {
    fn begin(&mut self, bins: usize, reach: usize) {
        self.reach = reach;
        refill(&mut self.counts, bins * (2 * reach + 1), 0);
    }

    /// Returns the first bin in which lines with a rise can begin, and the number of lines in each bin from there on.
    fn row(&self, bins: usize, rise: isize) -> (usize, &[Both]) {
        let start = self.row_of(rise) * bins;
        let (first, last) = (rise.min(0).unsigned_abs(), bins - rise.max(0).unsigned_abs());
        (first, &self.counts[start + first..start + last])
    }

    fn row_of(&self, rise: isize) -> usize {
        self.reach.wrapping_add_signed(rise)
    }

    fn rises(&self) -> std::ops::RangeInclusive<isize> {
        -self.reach.cast_signed()..=self.reach.cast_signed()
    }
}

impl LineDensity {
    /// Prepares for lines between edges of `bins` bins.
    pub(crate) fn begin(&mut self, bins: usize) {
        self.bins = bins.max(1);
        if self.tables.is_empty() {
            self.tables.push(Table::default());
        }
        self.tables[0].begin(self.bins, self.bins - 1);
    }

    /// Adds a line.
    #[inline]
    pub(crate) fn add(&mut self, start: usize, end: usize, line: Both) {
        let table = &mut self.tables[0];
        table.counts[(table.reach + end - start) * self.bins + start] += line;
    }

    /// Calls `paint` for each of `columns` columns with the number of lines through each bin.
    pub(crate) fn columns(&mut self, columns: usize, paint: &mut dyn FnMut(usize, &[Both])) {
        self.cut(0, 0, columns, paint);
    }

    fn cut(&mut self, depth: usize, first: usize, columns: usize, paint: &mut dyn FnMut(usize, &[Both])) {
        if columns <= NARROWEST {
            return self.paint_columns(depth, first..first + columns, paint);
        }
        if self.tables.len() == depth + 1 {
            self.tables.push(Table::default());
        }
        let left = columns / 2;
        self.halve(depth, real(left) / real(columns), Half::Left);
        self.cut(depth + 1, first, left, paint);
        self.halve(depth, real(left) / real(columns), Half::Right);
        self.cut(depth + 1, first + left, columns - left, paint);
    }

    /// Fills the next table with one half of each line of this one; the left half has `share` of the columns.
    fn halve(&mut self, depth: usize, share: f64, half: Half) {
        let (done, open) = self.tables.split_at_mut(depth + 1);
        let (from, to) = (&done[depth], &mut open[0]);
        // The part of a rise before this half, and the part within it.
        let parts = |rise: isize| {
            let risen = part(rise, share);
            if half == Half::Left { (0, risen) } else { (risen, rise - risen) }
        };
        to.begin(self.bins, from.rises().map(|rise| parts(rise).1.unsigned_abs()).max().unwrap_or(0));
        for rise in from.rises() {
            let ((first, counts), (risen, rest)) = (from.row(self.bins, rise), parts(rise));
            let start = to.row_of(rest) * self.bins + first.wrapping_add_signed(risen);
            add(&mut to.counts[start..], counts);
        }
    }

    /// Paints columns that aren't cut any more: a line covers each bin between its beginning and its end, at least one.
    fn paint_columns(&mut self, depth: usize, columns: std::ops::Range<usize>, paint: &mut dyn FnMut(usize, &[Both])) {
        refill(&mut self.column, self.bins, 0);
        let table = &self.tables[depth];
        for rise in table.rises() {
            let (first, counts) = table.row(self.bins, rise);
            let lowest = first.wrapping_add_signed(rise.min(0));
            for bin in lowest..lowest + rise.unsigned_abs().max(1) {
                add(&mut self.column[bin..], counts);
            }
        }
        columns.for_each(|column| paint(column, &self.column));
    }
}

/// Adds lines to those that are there.
fn add(to: &mut [Both], lines: &[Both]) {
    to.iter_mut().zip(lines).for_each(|(to, lines)| *to += lines);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    Left,
    Right,
}

/// Returns a part of a rise, rounded.
#[expect(clippy::cast_precision_loss, reason = "rises are a few hundred bins")]
fn part(rise: isize, share: f64) -> isize {
    pixel(rise as f64 * share) as isize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::number::whole;

    fn painted(bins: usize, columns: usize, lines: &[(usize, usize)]) -> Vec<Vec<Both>> {
        let mut flow = LineDensity::default();
        flow.begin(bins);
        for (start, end) in lines {
            flow.add(*start, *end, DATA);
        }
        let mut painted = vec![Vec::new(); columns];
        flow.columns(columns, &mut |index, column| painted[index] = column.to_vec());
        painted
    }

    #[test]
    fn a_level_line_stays_in_its_bin() {
        for column in painted(5, 7, &[(3, 3), (3, 3)]) {
            assert_eq!(column, [0, 0, 0, 2 * DATA, 0]);
        }
    }

    proptest! {
        #[test]
        fn every_line_goes_through_every_column_on_its_way(bins in 1..90_usize, columns in 1..70_usize, start in 0.0..1.0_f64, end in 0.0..1.0_f64) {
            let (start, end) = (whole(start * real(bins)), whole(end * real(bins)));
            for (index, column) in painted(bins, columns, &[(start, end)]).iter().enumerate() {
                let way = |column: usize| real(start) + (real(end) - real(start)) * real(column) / real(columns);
                let (from, to) = (way(index.saturating_sub(1)), way((index + 2).min(columns)));
                let covered: Vec<usize> = (0..bins).filter(|bin| column[*bin] > 0).collect();
                prop_assert!(!covered.is_empty());
                for bin in covered {
                    // Each cut rounds by half a bin.
                    prop_assert!(real(bin) > from.min(to) - 3.5 && real(bin) < from.max(to) + 3.5, "{} {} {}", bin, from, to);
                }
            }
        }
    }
}
