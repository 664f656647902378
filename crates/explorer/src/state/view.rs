//! View of the page of the results, as its address names it.

use cruncher_results::column_id::ColumnId;
use cruncher_results::curves::CurveAbscissa;
use cruncher_results::filter::RowFilter;
use cruncher_results::order::SortDirection;
use cruncher_results::percent;
use cruncher_study::case::CaseId;

use cruncher_browser::state::route::{BatchChoice, Page, Route};

use super::layout::TableLayout;

/// Reader's choices of what is shown. The page makes those that aren't made here.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ResultsView {
    /// Batches whose cases are shown; the shell chooses them.
    pub(crate) batches: BatchChoice,
    /// Response, which stands upwards.
    pub(crate) response: Option<ColumnId>,
    /// Factor, which stands to the right.
    pub(crate) factor: Option<ColumnId>,
    /// Second factor, which stands upwards where a field is shown over two factors.
    pub(crate) second: Option<ColumnId>,
    /// Column that gives points their colour.
    pub(crate) colour: Option<ColumnId>,
    /// Columns that have the other kind of axis than their design says: a logarithmic one, or not.
    pub(crate) switched: Vec<ColumnId>,
    /// Columns whose axis leaves out the outliers.
    pub(crate) trimmed: Vec<ColumnId>,
    /// Factors that stand side by side in a plot of all factors, besides the response. Empty for as many as there is room for.
    pub(crate) axes: Vec<ColumnId>,
    /// Part of the scatter plot that is shown: least and most to the right, then upwards.
    pub(crate) zoom: Option<[f64; 4]>,
    /// Abscissa of curves.
    pub(crate) curve_x: Option<CurveAbscissa>,
    /// Array that is drawn as curves.
    pub(crate) curve_y: Option<String>,
    /// Whether curves were read. A frozen study, which has them, shows them then; elsewhere a press asks for them.
    pub(crate) are_curves_read: bool,
    /// Conditions of the selection: the selected cases meet all of them.
    pub(crate) selection: RowFilter,
    /// Name that the reader has given the selection.
    pub(crate) name: String,
    /// Column by which the table is sorted; `None` leaves cases in the order in which they came.
    pub(crate) sorting: Option<(ColumnId, SortDirection)>,
    /// Case that stands open.
    pub(crate) case: Option<CaseId>,
    /// Signature of the error group that stands open.
    pub(crate) group: Option<String>,
    /// Columns of the table of cases.
    pub(crate) layout: TableLayout,
}

impl ResultsView {
    /// Reads the fields behind the `?` of an address's fragment. Unknown fields are ignored, so that an old link still leads
    /// somewhere.
    pub(crate) fn parse(fragment: &str) -> Self {
        let query = fragment.split_once('?').map_or("", |(_, query)| query);
        let route = Route::parse(fragment);
        let mut view = Self { group: route.group.filter(|_| route.page == Page::Errors), ..Self::default() };
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            match name {
                "batch" => view.batches = BatchChoice::parse(value),
                "y" => view.response = value.parse().ok(),
                "x" => view.factor = value.parse().ok(),
                "by" => view.second = value.parse().ok(),
                "colour" => view.colour = value.parse().ok(),
                "log" => view.switched.extend(value.parse::<ColumnId>().ok()),
                "trim" => view.trimmed.extend(value.parse::<ColumnId>().ok()),
                "axis" => view.axes.extend(value.parse::<ColumnId>().ok()),
                "zoom" => view.zoom = numbers(value),
                "curvex" => view.curve_x = value.parse().ok(),
                "curvey" => view.curve_y = percent::decode(value),
                "curves" => view.are_curves_read = value == "read",
                "select" => view.selection = value.parse().unwrap_or_default(),
                "name" => view.name = percent::decode(value).unwrap_or_default().chars().take(80).collect(),
                "sort" => view.sorting = sorting(value),
                "case" => view.case = CaseId::parse(value).ok(),
                name => view.layout.read(name, value),
            }
        }
        view
    }

    /// Returns the same choices in other batches, as far as they have these columns, and the selection as it is. Parts of plots
    /// and arrays are left behind.
    pub(crate) fn in_batches(self, batches: BatchChoice, has: impl Fn(&ColumnId) -> bool) -> Self {
        let column = |id: Option<ColumnId>| id.filter(&has);
        let columns = |ids: Vec<ColumnId>| ids.into_iter().filter(&has).collect();
        Self {
            batches,
            response: column(self.response),
            factor: column(self.factor),
            second: column(self.second),
            colour: column(self.colour),
            switched: columns(self.switched),
            trimmed: columns(self.trimmed),
            axes: columns(self.axes),
            zoom: None,
            curve_x: None,
            curve_y: None,
            are_curves_read: false,
            selection: self.selection,
            name: self.name,
            sorting: self.sorting.filter(|(id, _)| has(id)),
            case: None,
            group: None,
            layout: self.layout.of(&has),
        }
    }

    /// Whether a column has the other kind of axis.
    pub(crate) fn is_switched(&self, column: &ColumnId) -> bool {
        self.switched.contains(column)
    }

    /// Gives a column the other kind of axis.
    pub(crate) fn switch_scale(&mut self, column: &ColumnId) {
        toggle(&mut self.switched, column);
        self.zoom = None;
    }

    /// Whether the axis of a column leaves out the outliers.
    pub(crate) fn is_trimmed(&self, column: &ColumnId) -> bool {
        self.trimmed.contains(column)
    }

    /// Leaves out the outliers of a column, or shows them again.
    pub(crate) fn trim(&mut self, column: &ColumnId) {
        toggle(&mut self.trimmed, column);
        self.zoom = None;
    }
}

/// Takes a column into a list, or out of it.
pub(crate) fn toggle(columns: &mut Vec<ColumnId>, column: &ColumnId) {
    match columns.iter().position(|known| known == column) {
        Some(place) => drop(columns.remove(place)),
        None => columns.push(column.clone()),
    }
}

/// Reads a column, with a `-` in front if the largest value comes first.
fn sorting(text: &str) -> Option<(ColumnId, SortDirection)> {
    match text.strip_prefix('-') {
        Some(column) => Some((column.parse().ok()?, SortDirection::Descending)),
        None => Some((text.parse().ok()?, SortDirection::Ascending)),
    }
}

fn numbers(text: &str) -> Option<[f64; 4]> {
    let mut numbers = text.split(',').map(|number| number.parse::<f64>().ok().filter(|number| number.is_finite()));
    let found = [numbers.next()??, numbers.next()??, numbers.next()??, numbers.next()??];
    (numbers.next().is_none() && found[0] < found[1] && found[2] < found[3]).then_some(found)
}

impl ResultsView {
    /// Returns the whole fragment of an address.
    pub(crate) fn fragment(&self, page: Page) -> String {
        let path = Route { page, ..Route::default() }.to_string();
        let column = |name: &str, column: &Option<ColumnId>| column.as_ref().map(|id| format!("{name}={id}"));
        let name = percent::encode(&self.name).to_string();
        let zoom = self.zoom.map(|[left, right, bottom, top]| format!("zoom={left},{right},{bottom},{top}"));
        let curve_y = self.curve_y.as_ref().map(|array| format!("curvey={}", percent::encode(array)));
        let is_selected = !self.selection.conditions.is_empty();
        let fields = [
            self.batches.field(),
            column("y", &self.response),
            column("x", &self.factor),
            column("by", &self.second),
            column("colour", &self.colour),
            zoom,
            self.curve_x.as_ref().map(|along| format!("curvex={along}")),
            curve_y,
            self.are_curves_read.then(|| "curves=read".to_owned()),
            is_selected.then(|| format!("select={}", self.selection)),
            (!name.is_empty()).then(|| format!("name={name}")),
            self.sorting.as_ref().map(|(id, direction)| {
                format!("sort={}{id}", if *direction == SortDirection::Descending { "-" } else { "" })
            }),
            self.case.map(|case| format!("case={case}")),
            self.group.as_ref().map(|group| format!("group={group}")),
        ];
        let several = [("log", &self.switched), ("trim", &self.trimmed), ("axis", &self.axes)];
        let several = several.into_iter().flat_map(|(name, ids)| ids.iter().map(move |id| format!("{name}={id}")));
        let query: Vec<String> = fields.into_iter().flatten().chain(several).chain(self.layout.fields()).collect();
        if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_view_is_read_back() {
        let column = |text: &str| Some(text.parse().unwrap());
        let views = [
            ResultsView::default(),
            ResultsView {
                batches: BatchChoice::parse("prandtl/level-03"),
                response: column("response.curve.peak"),
                factor: column("factor.cohesion_array[0]"),
                second: column("case.duration_secs"),
                colour: column("case.worker"),
                switched: vec!["factor.cohesion_array[0]".parse().unwrap()],
                trimmed: vec!["response.curve.peak".parse().unwrap(), "factor.a, b".parse().unwrap()],
                axes: vec!["factor.a, b".parse().unwrap(), "factor.c=d&e".parse().unwrap()],
                zoom: Some([-1.0, 2.5e-7, 1e5, 2e300]),
                curve_x: Some(CurveAbscissa::Array("curve.settlement & more".into())),
                curve_y: Some("curve.load=1".into()),
                are_curves_read: true,
                selection: "factor.c:2..3,case.state:done|failed".parse().unwrap(),
                name: "weak & soft = 50 %".into(),
                sorting: Some(("factor.a, b".parse().unwrap(), SortDirection::Descending)),
                case: CaseId::parse("9f86d081884c7d659a2feaa0c55ad015").ok(),
                group: None,
                layout: TableLayout::default(),
            },
            ResultsView { curve_x: Some(CurveAbscissa::Index), ..ResultsView::default() },
            ResultsView {
                response: Some(ColumnId::Response("load, kN & more = 5 %".into())),
                colour: column("factor.seed"),
                selection: "factor.seed:4611686018427387905..4611686018427387906,response.load%2C%20kN:2.."
                    .parse()
                    .unwrap(),
                ..ResultsView::default()
            },
        ];
        let mut with_layout = ResultsView::default();
        with_layout.layout.toggle(&"factor.a, b".parse().unwrap());
        with_layout.layout.set_width(&"case.worker".parse().unwrap(), 120.0);
        for view in views.into_iter().chain([with_layout]) {
            for page in [Page::Results, Page::Cases] {
                let fragment = view.fragment(page);
                assert_eq!(ResultsView::parse(&fragment), view, "{fragment}");
                assert_eq!(Route::parse(&fragment).page, page);
            }
        }
    }

    #[test]
    fn a_group_stands_open_on_the_page_of_errors_alone() {
        let fragment = "#/errors?batch=*&x=factor.c&by=factor.n&case=9f86d081884c7d659a2feaa0c55ad015&group=00ff";
        let view = ResultsView::parse(fragment);
        assert_eq!((view.group.as_deref(), view.fragment(Page::Errors).as_str()), (Some("00ff"), fragment));
        assert_eq!(ResultsView::parse("#/cases?group=00ff"), ResultsView::default());
        assert_eq!(ResultsView::parse("#/errors?group=<x>").group, None);
    }

    #[test]
    fn what_an_address_can_not_mean_is_left_out() {
        for fragment in [
            "",
            "#/results?",
            "#/results?x=&y=nothing&zoom=1,2,3&select=::&name=%ff&batch=../x&log=q&curves=all&curvex=y&curvey=%ff",
            "#%%?=&==",
        ] {
            assert_eq!(ResultsView::parse(fragment), ResultsView::default(), "{fragment}");
        }
        assert_eq!(ResultsView::parse("#/results?zoom=2,1,0,1").zoom, None, "backwards");
    }

    #[test]
    fn other_batches_keep_what_they_have_of_the_choices() {
        let view = ResultsView::parse(
            "#/results?batch=soil&y=response.load&x=factor.a&by=factor.c&colour=factor.a&log=factor.a&trim=factor.c&axis=factor.a\
             &axis=factor.c&zoom=1,2,3,4&curvex=index&curvey=curve&curves=read&select=factor.a:1..2,factor.c:3..4,case.state:done&name=weak",
        );
        let has = |id: &ColumnId| id.name() != "a";
        let seen = view.clone().in_batches(BatchChoice::parse("steel"), has).fragment(Page::Results);
        assert_eq!(
            seen,
            "#/results?batch=steel&y=response.load&by=factor.c&select=factor.a:1..2,factor.c:3..4,case.state:done&name=weak\
             &trim=factor.c&axis=factor.c"
        );
    }

    #[test]
    fn another_scale_shows_everything_again() {
        let column: ColumnId = "factor.c".parse().unwrap();
        let mut view = ResultsView { zoom: Some([0.0, 1.0, 0.0, 1.0]), ..ResultsView::default() };
        view.switch_scale(&column);
        assert!(view.is_switched(&column) && view.zoom.is_none());
        view.switch_scale(&column);
        assert!(!view.is_switched(&column));
        view.zoom = Some([0.0, 1.0, 0.0, 1.0]);
        view.trim(&column);
        assert!(view.is_trimmed(&column) && view.zoom.is_none());
        view.trim(&column);
        assert!(!view.is_trimmed(&column));
    }
}
