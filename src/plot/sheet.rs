//! The fine pixels of a picture in tiles: a tile comes into being when something is drawn on it, and where there is
//! none the sheet is white. Most of a figure is white, so little is filled, kept and averaged.

use crate::plot::raster::OVERSAMPLING;
use std::ops::Range;

/// Red, green and blue.
pub type Pixel = [u8; 3];
/// Paper.
const WHITE: Pixel = [255; 3];

/// Pixels of the picture along each side of a tile.
const COARSE: usize = 8;
/// Fine pixels along each side of a tile.
const SIDE: usize = COARSE * OVERSAMPLING;

type Tile = [[Pixel; SIDE]; SIDE];

/// The number of the tile that stands for every place where nothing was drawn.
const BLANK: u32 = 0;

/// A white sheet of fine pixels to draw on.
#[derive(Debug, Clone)]
pub struct Sheet {
    width: usize,
    height: usize,
    /// Tiles side by side.
    across: usize,
    /// The number of the tile at each place, row by row.
    places: Vec<u32>,
    /// The blank tile, then the others in the order in which they were first drawn on.
    tiles: Vec<Tile>,
}

impl Sheet {
    /// A white sheet of so many fine pixels.
    pub fn new(width: usize, height: usize) -> Sheet {
        let (across, down) = (width.div_ceil(SIDE).max(1), height.div_ceil(SIDE));
        Sheet {
            width,
            height,
            across,
            places: vec![BLANK; across * down],
            tiles: vec![[[WHITE; SIDE]; SIDE]],
        }
    }

    /// Makes the whole sheet white again and keeps its memory for what is drawn next.
    pub fn clear(&mut self) {
        self.places.fill(BLANK);
        self.tiles.truncate(1);
    }

    /// Fine pixels in a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows of fine pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    fn place(&self, x: usize, y: usize) -> usize {
        y / SIDE * self.across + x / SIDE
    }

    /// The tile at a place, new where there was none.
    fn tile_mut(&mut self, place: usize) -> &mut Tile {
        if self.places[place] == BLANK {
            self.places[place] = self.tiles.len() as u32;
            self.tiles.push([[WHITE; SIDE]; SIDE]);
        }
        &mut self.tiles[self.places[place] as usize]
    }

    /// A pixel inside the sheet.
    pub fn pixel(&self, x: usize, y: usize) -> Pixel {
        self.tiles[self.places[self.place(x, y)] as usize][y % SIDE][x % SIDE]
    }

    /// A pixel inside the sheet, to be changed.
    pub fn pixel_mut(&mut self, x: usize, y: usize) -> &mut Pixel {
        let place = self.place(x, y);
        &mut self.tile_mut(place)[y % SIDE][x % SIDE]
    }

    /// Hands the pixels between two columns of a row to `paint`: those of one tile at a time, with the column of the
    /// first of them.
    pub fn paint(&mut self, y: usize, columns: Range<usize>, mut paint: impl FnMut(usize, &mut [Pixel])) {
        for (k, within) in pieces(columns) {
            let place = self.place(k * SIDE, y);
            paint(k * SIDE + within.start, &mut self.tile_mut(place)[y % SIDE][within]);
        }
    }

    /// Gives the pixels where some columns and rows meet a colour.
    pub fn fill(&mut self, columns: Range<usize>, rows: Range<usize>, colour: Pixel) {
        for (down, rows) in pieces(rows) {
            for (along, columns) in pieces(columns.clone()) {
                let place = down * self.across + along;
                if colour != WHITE || self.places[place] != BLANK {
                    for row in &mut self.tile_mut(place)[rows.clone()] {
                        row[columns.clone()].fill(colour);
                    }
                }
            }
        }
    }

    /// The picture, three bytes a pixel.
    pub fn averaged(&self) -> Vec<u8> {
        self.bands().collect::<Vec<_>>().concat()
    }

    /// The picture from above in bands of a few lines: every square of [`OVERSAMPLING`] x [`OVERSAMPLING`] fine pixels
    /// becomes their mean, which is the share of the pixel that ink covers.
    pub fn bands(&self) -> impl Iterator<Item = Vec<u8>> {
        let lines = self.height / OVERSAMPLING;
        self.places
            .chunks(self.across)
            .enumerate()
            .map(move |(k, tiles)| self.band(tiles, COARSE.min(lines - (k * COARSE).min(lines))))
    }

    /// The lines of the picture that come from a row of tiles.
    fn band(&self, tiles: &[u32], lines: usize) -> Vec<u8> {
        let width = 3 * (self.width / OVERSAMPLING);
        let mut band = vec![255; lines * width];
        for (k, &tile) in tiles.iter().enumerate().filter(|(_, tile)| **tile != BLANK) {
            let left = (k * 3 * COARSE).min(width);
            let bytes = (width - left).min(3 * COARSE);
            let rows = self.tiles[tile as usize].chunks_exact(OVERSAMPLING);
            for (line, rows) in band.chunks_exact_mut(width.max(1)).zip(rows) {
                let means = means([&rows[0], &rows[1], &rows[2]].map(|row| row.as_flattened()));
                line[left..left + bytes].copy_from_slice(&means[..bytes]);
            }
        }
        band
    }
}

/// The parts of some columns (or rows) that lie in one tile each: the number of the tile, and the columns within it.
fn pieces(columns: Range<usize>) -> impl Iterator<Item = (usize, Range<usize>)> {
    (columns.start / SIDE..columns.end.div_ceil(SIDE)).map(move |k| {
        let left = k * SIDE;
        (k, columns.start.max(left) - left..columns.end.min(left + SIDE) - left)
    })
}

/// The means of the squares of three rows of a tile.
fn means(rows: [&[u8]; OVERSAMPLING]) -> [u8; 3 * COARSE] {
    const SQUARE: u16 = (OVERSAMPLING * OVERSAMPLING) as u16;
    const LAST: usize = 3 * (OVERSAMPLING - 1); // bytes from the first pixel of a square to its last
    let mut columns = [0u16; 3 * SIDE];
    for row in rows {
        columns.iter_mut().zip(row).for_each(|(sum, byte)| *sum += u16::from(*byte));
    }
    let mut sliding = [0u8; 3 * SIDE - LAST]; // of the squares that begin at every pixel
    for (at, mean) in sliding.iter_mut().enumerate() {
        let sum = columns[at] + columns[at + 3] + columns[at + LAST];
        *mean = ((sum + SQUARE / 2) / SQUARE) as u8;
    }
    let mut means = [0; 3 * COARSE];
    for (mean, square) in means.chunks_exact_mut(3).zip(sliding.chunks(3 * OVERSAMPLING)) {
        mean.copy_from_slice(&square[..3]);
    }
    means
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_painted_is_there_and_the_rest_is_white() {
        let (width, height) = (3 * SIDE + 7, SIDE + 5);
        let mut sheet = Sheet::new(width, height);
        let columns = SIDE - 2..3 * SIDE + 1;
        sheet.fill(columns.clone(), SIDE..SIDE + 1, [1, 2, 3]);
        sheet.paint(SIDE, 5..6, |_, pixels| pixels.fill([4, 5, 6]));
        *sheet.pixel_mut(width - 1, height - 1) = [7, 8, 9];
        for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
            let want = match (x, y) {
                (5, SIDE) => [4, 5, 6],
                (x, SIDE) if columns.contains(&x) => [1, 2, 3],
                (x, y) if (x, y) == (width - 1, height - 1) => [7, 8, 9],
                _ => WHITE,
            };
            assert_eq!(sheet.pixel(x, y), want, "{x} {y}");
        }
        sheet.clear();
        assert!((0..width).all(|x| sheet.pixel(x, SIDE) == WHITE));
    }

    #[test]
    fn white_on_white_takes_no_memory() {
        let mut sheet = Sheet::new(4 * SIDE, 4 * SIDE);
        sheet.fill(0..4 * SIDE, 1..4 * SIDE, WHITE);
        assert_eq!(sheet.tiles.len(), 1);
        sheet.fill(0..1, 0..1, [0; 3]);
        sheet.fill(0..1, 0..1, WHITE);
        assert_eq!((sheet.tiles.len(), sheet.pixel(0, 0)), (2, WHITE));
    }

    #[test]
    fn averaging_gives_the_share_of_ink() {
        let (width, height) = (COARSE + 3, COARSE + 1);
        let mut sheet = Sheet::new(width * OVERSAMPLING, height * OVERSAMPLING);
        sheet.fill(0..1, 0..1, [0, 9, 255]);
        let last = (width * OVERSAMPLING - 1, height * OVERSAMPLING - 1);
        (0..3).for_each(|k| *sheet.pixel_mut(last.0, last.1 - k) = [0; 3]);
        let picture = sheet.averaged();
        assert_eq!(picture.len(), 3 * width * height);
        assert_eq!(picture[..6], [227, 228, 255, 255, 255, 255]);
        assert_eq!(picture[picture.len() - 6..], [255, 255, 255, 170, 170, 170]);
        assert!(picture[6..picture.len() - 6].iter().all(|byte| *byte == 255));
    }
}
