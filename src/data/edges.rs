//! Where the cells of a line begin, found for all of them at once.

use crate::data::short::{WORD, highest_bits, places_of};

/// Bytes that are looked at in one go: a bit for each in a word.
const BLOCK: usize = 64;
/// Delimiters that are noted without asking whether there are so many.
const FEW: usize = 8;

/// The beginnings of the cells of one line after the other.
#[derive(Debug, Default)]
pub struct Edges {
    /// Each cell's first byte; one more after the last cell, and room.
    starts: Vec<usize>,
}

impl Edges {
    /// Finds the cells of the line that is the first `length` bytes of a text. Cells that are missing up to `width` are empty.
    #[inline(always)]
    pub fn find(&mut self, text: &[u8], length: usize, delimiter: u8, width: usize) {
        self.have_room(1 + width.max(BLOCK));
        self.starts[0] = 0;
        let mut n = 1;
        for from in (0..length).step_by(BLOCK) {
            let mut places = match text[from..].first_chunk() {
                Some(block) => places_in(block, delimiter),
                None => places_in(&padded(&text[from..]), delimiter),
            };
            if length - from < BLOCK {
                places &= (1 << (length - from)) - 1;
            }
            self.have_room(n + BLOCK);
            let n_here = places.count_ones() as usize;
            for few in
                self.starts[n..n + BLOCK].as_chunks_mut::<FEW>().0.iter_mut().take(n_here.div_ceil(FEW))
            {
                for start in few {
                    *start = from + places.trailing_zeros() as usize + 1;
                    places &= places.wrapping_sub(1);
                }
            }
            n += n_here;
        }
        self.have_room(n.max(width) + 1);
        self.starts[n..=n.max(width)].fill(length + 1);
    }

    /// The first byte of a cell of that line and the one after its last.
    #[inline(always)]
    pub fn cell(&self, place: usize) -> (usize, usize) {
        let end = self.starts[place + 1] - 1;
        (self.starts[place].min(end), end)
    }

    #[inline(always)]
    fn have_room(&mut self, n: usize) {
        if self.starts.len() < n {
            self.starts.resize(n.next_power_of_two(), 0);
        }
    }
}

/// A bit for each byte that is the delimiter.
#[inline(always)]
fn places_in(block: &[u8; BLOCK], delimiter: u8) -> u64 {
    let (words, _) = block.as_chunks::<WORD>();
    let bits = words.iter().map(|word| highest_bits(places_of(u64::from_le_bytes(*word), delimiter)));
    bits.enumerate().fold(0, |all, (k, bits)| all | bits << (WORD * k))
}

/// The last bytes of a text with zeros after them.
#[cold]
fn padded(bytes: &[u8]) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    block[..bytes.len()].copy_from_slice(bytes);
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn cells_are_what_stands_between_the_delimiters(text in "[a,é]{0,200}", after in "[a,]{0,100}", more in 0..3_usize) {
            let cells: Vec<&str> = text.split(',').collect();
            let whole = format!("{text}{after}");
            let mut edges = Edges::default();
            edges.find(b",,,,,,,,,", 9, b',', 10); // of an earlier line nothing is left
            edges.find(whole.as_bytes(), text.len(), b',', cells.len() + more);
            for (place, cell) in cells.iter().enumerate() {
                let (start, end) = edges.cell(place);
                proptest::prop_assert_eq!(&whole[start..end], *cell);
            }
            for place in cells.len()..cells.len() + more {
                let (start, end) = edges.cell(place);
                proptest::prop_assert_eq!(&whole[start..end], "");
            }
        }
    }
}
