//! The first rows of an imported table, as they were read.

use cruncher_study::number_format::counted;
use leptos::prelude::*;

use crate::messages::{ImportedColumn, TableSummary};

/// Shows the columns with the kinds of their values, and the first rows.
pub(super) fn understood(table: &TableSummary) -> AnyView {
    let heads: Vec<_> = table.columns.iter().map(head).collect();
    let row = |row: &Vec<String>| {
        let cells: Vec<_> = row.iter().zip(&table.columns).map(|(value, column)| cell(value, column)).collect();
        view! { <tr>{cells}</tr> }
    };
    let rows: Vec<_> = table.first_rows.iter().map(row).collect();
    let more = table.rows - table.first_rows.len();
    let more = (more > 0).then(|| format!("and {}", counted(more as u64, "more row", "more rows")));
    view! {
        <div class="scroll understood" tabindex="0" role="region" aria-label="First rows">
            <table class="table" aria-label="The table as it was understood">
                <thead><tr>{heads}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        {more.map(|more| view! { <p class="faint understood__more">{more}</p> })}
    }
    .into_any()
}

fn head(column: &ImportedColumn) -> AnyView {
    let ImportedColumn { name, count, kind } = column.clone();
    let name = count.map_or_else(|| name.clone(), |count| format!("{name}[{count}]"));
    let class = alignment(column);
    view! { <th scope="col" class=class><code>{name}</code>" "<span class="understood__kind">{kind}</span></th> }
        .into_any()
}

fn cell(value: &str, column: &ImportedColumn) -> AnyView {
    view! { <td class=alignment(column)>{value.to_owned()}</td> }.into_any()
}

/// Returns the class of a column: numbers are aligned at their ends.
fn alignment(column: &ImportedColumn) -> &'static str {
    if column.kind.ends_with("number") && column.count.is_none() { "number" } else { "" }
}
