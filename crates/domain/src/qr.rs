//! The QR code of a text: matrix, for a terminal, SVG and, behind `png`, PNG.

use std::fmt::{self, Write as _};

use crate::{Activation, Secret};

/// The light margin that ISO/IEC 18004 asks for, in modules.
const QUIET_ZONE: usize = 4;
/// Pixels on each side of a module in an SVG document that nobody scales.
const SVG_PIXELS: usize = 8;

/// A QR code (ISO/IEC 18004, error correction level M). It says what it encodes to whoever looks,
/// so `Debug` shows its size alone.
#[derive(Clone, PartialEq, Eq)]
pub struct QrMatrix {
    size: usize,
    dark: Vec<bool>,
}

/// A text that no QR code holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text does not fit a QR code")]
pub struct QrError;

impl Activation {
    /// The QR code a traveller scans: the LPA text of GSMA SGP.22, section 4.1.
    ///
    /// # Errors
    ///
    /// [`QrError`] for a text too long for any QR code; one that fits SGP.22 always fits.
    pub fn qr(&self) -> Result<QrMatrix, QrError> {
        QrMatrix::encode(&self.lpa())
    }
}

impl QrMatrix {
    /// Encodes `text`.
    ///
    /// # Errors
    ///
    /// [`QrError`] where it is too long.
    pub fn encode(text: &Secret) -> Result<Self, QrError> {
        let code = fast_qr::QRBuilder::new(text.expose())
            .ecl(fast_qr::ECL::M)
            .build()
            .map_err(|_| QrError)?;
        let dark = (0..code.size)
            .flat_map(|row| {
                code[row]
                    .iter()
                    .map(|module| module.value())
                    .collect::<Vec<_>>()
            })
            .collect();
        Ok(Self {
            size: code.size,
            dark,
        })
    }

    /// Modules on a side, without the light margin.
    pub const fn size(&self) -> usize {
        self.size
    }

    /// Whether the module is dark; the margin and everything outside is light.
    pub fn is_dark(&self, row: usize, column: usize) -> bool {
        row < self.size && column < self.size && self.dark[row * self.size + column]
    }

    /// Whether a module is dark, counted from the outer corner of the margin.
    fn is_dark_with_margin(&self, row: usize, column: usize) -> bool {
        row >= QUIET_ZONE
            && column >= QUIET_ZONE
            && self.is_dark(row - QUIET_ZONE, column - QUIET_ZONE)
    }

    const fn size_with_margin(&self) -> usize {
        self.size + 2 * QUIET_ZONE
    }

    /// For a terminal: half blocks, two modules to a character, light modules drawn, so that it
    /// scans on a dark background. On a light one use [`QrMatrix::to_terminal_inverted`].
    pub fn to_terminal(&self) -> String {
        self.half_blocks(false)
    }

    /// For a terminal with dark text on a light background.
    pub fn to_terminal_inverted(&self) -> String {
        self.half_blocks(true)
    }

    fn half_blocks(&self, inverted: bool) -> String {
        let side = self.size_with_margin();
        let drawn = |row, column| row < side && self.is_dark_with_margin(row, column) == inverted;
        let mut text = String::new();
        for row in (0..side).step_by(2) {
            for column in 0..side {
                text.push(match (drawn(row, column), drawn(row + 1, column)) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                });
            }
            text.push('\n');
        }
        text
    }

    /// As an SVG document of one path: 8 pixels to a module, the margin with it, unless it is scaled.
    pub fn to_svg(&self) -> String {
        let side = self.size_with_margin();
        let pixels = side * SVG_PIXELS;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{pixels}\" height=\"{pixels}\" \
             viewBox=\"0 0 {side} {side}\" \
             shape-rendering=\"crispEdges\"><rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/>\
             <path fill=\"#000\" d=\""
        );
        for row in 0..side {
            for column in (0..side).filter(|column| self.is_dark_with_margin(row, *column)) {
                write!(svg, "M{column} {row}h1v1h-1z").expect("writing to a String cannot fail");
            }
        }
        svg.push_str("\"/></svg>\n");
        svg
    }

    /// As a black-and-white PNG file with `pixels` on each side of a module (1 to 64).
    ///
    /// # Errors
    ///
    /// [`QrError`] where `pixels` is out of range.
    #[cfg(feature = "png")]
    pub fn to_png(&self, pixels: u8) -> Result<Vec<u8>, QrError> {
        if !(1..=64).contains(&pixels) {
            return Err(QrError);
        }
        let pixels = usize::from(pixels);
        let side = self.size_with_margin() * pixels;
        let mut rows = Vec::with_capacity(side * side.div_ceil(8));
        for y in 0..side {
            let mut row = vec![0_u8; side.div_ceil(8)];
            for x in (0..side).filter(|x| !self.is_dark_with_margin(y / pixels, x / pixels)) {
                row[x / 8] |= 0x80 >> (x % 8);
            }
            rows.extend(row);
        }
        let width = u32::try_from(side).map_err(|_| QrError)?;
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, width);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        let mut writer = encoder.write_header().map_err(|_| QrError)?;
        writer.write_image_data(&rows).map_err(|_| QrError)?;
        writer.finish().map_err(|_| QrError)?;
        Ok(file)
    }
}

impl fmt::Debug for QrMatrix {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "QrMatrix({0}×{0})", self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix() -> QrMatrix {
        Activation::new("smdp.example.com", Secret::new("04386-AGYFT-A74Y8-3F815"))
            .unwrap()
            .qr()
            .unwrap()
    }

    #[test]
    fn the_three_finder_patterns_stand_in_their_corners() {
        let matrix = matrix();
        let last = matrix.size() - 1;
        for (row, column) in [(0, 0), (0, last - 6), (last - 6, 0)] {
            let pattern: Vec<String> = (0..7)
                .map(|y| {
                    (0..7)
                        .map(|x| {
                            if matrix.is_dark(row + y, column + x) {
                                '#'
                            } else {
                                '.'
                            }
                        })
                        .collect()
                })
                .collect();
            assert_eq!(
                pattern,
                [
                    "#######", "#.....#", "#.###.#", "#.###.#", "#.###.#", "#.....#", "#######"
                ],
            );
        }
    }

    #[test]
    fn the_terminal_form_is_framed_by_the_light_margin() {
        let text = matrix().to_terminal();
        let lines: Vec<&str> = text.lines().collect();
        let width = matrix().size() + 8;
        assert!(lines.iter().all(|line| line.chars().count() == width));
        assert!(
            lines[..2]
                .iter()
                .all(|line| line.chars().all(|character| character == '█'))
        );
    }

    #[test]
    fn debug_shows_the_size_alone() {
        assert_eq!(
            format!("{:?}", matrix()),
            format!("QrMatrix({0}×{0})", matrix().size())
        );
    }

    #[test]
    fn a_text_beyond_every_qr_code_is_refused() {
        assert_eq!(
            QrMatrix::encode(&Secret::new("x".repeat(5000))),
            Err(QrError)
        );
    }

    #[test]
    fn svg_draws_each_dark_module_once() {
        let matrix = matrix();
        let dark = (0..matrix.size())
            .flat_map(|row| (0..matrix.size()).map(move |column| (row, column)))
            .filter(|(row, column)| matrix.is_dark(*row, *column))
            .count();
        assert_eq!(matrix.to_svg().matches("h1v1h-1z").count(), dark);
        let pixels = (matrix.size() + 8) * 8;
        let size = format!("width=\"{pixels}\" height=\"{pixels}\" viewBox");
        assert!(matrix.to_svg().contains(&size), "{size}");
    }

    #[cfg(feature = "png")]
    #[test]
    fn a_png_decodes_to_the_same_modules() {
        let matrix = matrix();
        let file = matrix.to_png(3).unwrap();
        let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        let side = usize::try_from(info.width).unwrap();
        assert_eq!(side, (matrix.size() + 8) * 3);
        for y in 0..side {
            for x in 0..side {
                assert_eq!(
                    pixels[y * side + x] == 0,
                    matrix.is_dark_with_margin(y / 3, x / 3)
                );
            }
        }
        assert_eq!(matrix.to_png(0), Err(QrError));
    }
}
