//! The bar that shows how much of a plan is left, readable without colour.

/// How many cells the bar has.
const CELLS: u32 = 10;

/// A bar and a figure for a share in basis points (0 to 10 000): `[███████░░░] 72.0 % left`.
///
/// The figure is rounded down and the cells to the nearest, but a plan with anything left shows a cell, and one that is not full shows a
/// gap.
pub(crate) fn remaining(basis_points: u16) -> String {
    let points = u32::from(basis_points.min(10_000));
    let cells = match (points * CELLS + 5_000) / 10_000 {
        0 if points > 0 => 1,
        CELLS if points < 10_000 => CELLS - 1,
        cells => cells,
    };
    let drawn: String = (0..CELLS)
        .map(|cell| if cell < cells { '█' } else { '░' })
        .collect();
    let tenths = points / 10;
    format!("[{drawn}] {}.{} % left", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_says_in_figures_what_it_draws() {
        assert_eq!(remaining(7200), "[███████░░░] 72.0 % left");
        assert_eq!(remaining(10_000), "[██████████] 100.0 % left");
        assert_eq!(remaining(0), "[░░░░░░░░░░] 0.0 % left");
        assert_eq!(remaining(3333), "[███░░░░░░░] 33.3 % left");
    }

    #[test]
    fn a_little_left_is_not_drawn_as_nothing_nor_a_little_used_as_full() {
        assert_eq!(remaining(1), "[█░░░░░░░░░] 0.0 % left");
        assert_eq!(remaining(9_999), "[█████████░] 99.9 % left");
    }

    #[test]
    fn more_than_the_whole_is_the_whole() {
        assert_eq!(remaining(u16::MAX), remaining(10_000));
    }
}
