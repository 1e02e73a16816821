//! Tables: columns of plain text, fitted to the terminal, unwrapped when piped.

use comfy_table::{
    CellAlignment, ColumnConstraint, ContentArrangement, Row, Table, Width, presets,
};
use roamport_bootstrap::terminal::one_line;

use crate::text::TerminalText;

/// A column: its heading, and how it is set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    heading: &'static str,
    right: bool,
    whole: bool,
    list: bool,
}

impl Column {
    /// Text, which may be broken over lines where the terminal is narrow.
    pub(crate) const fn text(heading: &'static str) -> Self {
        Self {
            heading,
            right: false,
            whole: false,
            list: false,
        }
    }

    /// Something to copy: never broken.
    pub(crate) const fn id(heading: &'static str) -> Self {
        Self {
            heading,
            right: false,
            whole: true,
            list: false,
        }
    }

    /// Things to copy, below each other: the lines of a cell. Identifiers hold no line break.
    pub(crate) const fn ids(heading: &'static str) -> Self {
        Self {
            list: true,
            ..Self::id(heading)
        }
    }

    /// What a cell shows: one line each, so that nothing in it makes another row.
    fn shown(&self, cell: &str) -> String {
        if self.list {
            let lines: Vec<String> = cell.split('\n').map(one_line).collect();
            lines.join("\n")
        } else {
            one_line(cell)
        }
    }

    /// A figure: set to the right, never broken.
    pub(crate) const fn figure(heading: &'static str) -> Self {
        Self {
            heading,
            right: true,
            whole: true,
            list: false,
        }
    }
}

/// The table of `rows` under `columns`, each line ended. `width` in characters, where it is limited;
/// the terminal's otherwise, and no limit when piped.
pub(crate) fn table(
    columns: &[Column],
    rows: Vec<Vec<String>>,
    width: Option<u16>,
) -> TerminalText {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic);
    if let Some(width) = width {
        table.set_width(width);
    }
    table.set_header(columns.iter().map(|column| column.heading));
    for row in rows {
        let mut cells = Row::new();
        for (column, cell) in columns.iter().zip(row) {
            cells.add_cell(column.shown(&cell).into());
        }
        table.add_row(cells);
    }
    for (place, column) in columns.iter().enumerate() {
        let Some(shown) = table.column_mut(place) else {
            continue;
        };
        shown.set_padding((0, 2));
        if column.right {
            shown.set_cell_alignment(CellAlignment::Right);
        }
        if column.whole {
            shown.set_constraint(ColumnConstraint::ContentWidth);
        } else {
            shown.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(12)));
        }
    }
    let mut text = String::new();
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    TerminalText::of_program(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(width: Option<u16>) -> String {
        let columns = [
            Column::id("ID"),
            Column::text("NAME"),
            Column::figure("PRICE"),
        ];
        let row = |id: &str, name: &str, price: &str| vec![id.into(), name.into(), price.into()];
        let rows = vec![
            row(
                "esim-france-7days-1gb-all",
                "1 GB, seven days, the whole country",
                "1.18 USD",
            ),
            row("esim-france-7days-3gb-all", "3 GB", "12.40 USD"),
        ];
        table(&columns, rows, width).to_string()
    }

    #[test]
    fn figures_stand_to_the_right_and_no_line_has_a_tail() {
        insta::assert_snapshot!(example(Some(200)), @"
        ID                         NAME                                     PRICE
        esim-france-7days-1gb-all  1 GB, seven days, the whole country   1.18 USD
        esim-france-7days-3gb-all  3 GB                                 12.40 USD
        ");
    }

    #[test]
    fn a_cell_makes_no_row_and_a_list_only_its_own_lines() {
        let columns = [Column::text("NAME"), Column::ids("ESIMS")];
        let rows = vec![vec!["1 GB\nfree\u{1b}[A".into(), "one\ntwo\u{202e}".into()]];
        let text = table(&columns, rows, Some(200)).to_string();
        insta::assert_snapshot!(text, @"
        NAME          ESIMS
        1 GB�free�[A  one
                      two�
        ");
    }

    #[test]
    fn an_id_is_never_broken_however_narrow_the_terminal() {
        let text = example(Some(60));
        assert!(text.contains("esim-france-7days-3gb-all"), "{text}");
        assert!(text.contains("12.40 USD"), "{text}");
        assert!(!text.contains("seven days, the whole country"), "{text}");
    }
}
