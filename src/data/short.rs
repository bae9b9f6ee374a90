//! Short numbers, as most cells of a clinical table are: their f64 is exact arithmetic, and several are read at once.

/// A number of at most fifteen digits without an exponent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShortNumber {
    /// The f64 nearest to it.
    pub value: f64,
    /// Whether it has a decimal point.
    pub has_point: bool,
}

/// Digits of a short number: 10^15 < 2^53.
const DIGITS: usize = 15;
/// Powers of ten, each an f64 without rounding.
const POWERS: [f64; DIGITS + 1] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// The short number that a text is, if it is one.
///
/// Its digits as a whole number and the power of ten under it are both f64 without rounding, so that their ratio is
/// the f64 nearest to the decimals. Source: Clinger 1990, How to read floating point numbers accurately.
pub fn short_number(text: &[u8]) -> Option<ShortNumber> {
    let is_negative = text.first() == Some(&b'-');
    let sign = usize::from(is_negative);
    let (mut whole, mut point, mut at) = (0_i64, None, sign);
    while let Some(byte) = text.get(at) {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            whole = whole * 10 + i64::from(digit);
        } else if *byte == b'.' && point.is_none() {
            point = Some(at);
        } else {
            return None;
        }
        at += 1;
        if at > sign + DIGITS + 1 {
            return None;
        }
    }
    let n_digits = at - sign - usize::from(point.is_some());
    if !(1..=DIGITS).contains(&n_digits) {
        return None;
    }
    let n_decimals = point.map_or(0, |point| at - point - 1);
    let unsigned = whole as f64 / POWERS[n_decimals];
    let value = if is_negative { -unsigned } else { unsigned };
    Some(ShortNumber { value, has_point: point.is_some() })
}

/// Bytes of a word.
pub const WORD: usize = 8;
/// 1 in each byte, and the highest bit of each byte.
const EACH: u64 = u64::from_le_bytes([1; WORD]);
const HIGH: u64 = EACH << 7;

/// The highest bit of each byte of a word that is this one, and no other bit.
///
/// Source: Lamport 1975, Multiple byte processing with full-word instructions (the zero bytes of a word; no byte carries into
/// its neighbour).
#[inline(always)]
pub fn places_of(word: u64, wanted: u8) -> u64 {
    let differs = word ^ (EACH * u64::from(wanted));
    !(((differs & !HIGH) + !HIGH) | differs | !HIGH)
}

/// The highest bits of the bytes of a word, of which the other bits are 0, as a number of eight bits.
#[inline(always)]
pub fn highest_bits(places: u64) -> u64 {
    const TOGETHER: u64 = 0x0102_0408_1020_4080; // moves bit 8 k to bit 56 + k
    (places >> 7).wrapping_mul(TOGETHER) >> 56
}

/// Cells that are read at once.
pub const TOGETHER: usize = 32;

/// Some cells as words: the first bytes of each, the first byte the lowest, and its length.
#[derive(Debug, Clone)]
pub struct Words {
    /// Eight bytes of each cell; whatever follows the cell does not matter.
    pub words: [u64; TOGETHER],
    /// The bytes of each cell.
    pub lengths: [u64; TOGETHER],
    /// The number that each is.
    pub values: [f64; TOGETHER],
    /// 0 where a cell is such a number.
    pub doubt: [u64; TOGETHER],
}

impl Words {
    /// No cells.
    pub fn new() -> Words {
        Words { words: [0; TOGETHER], lengths: [0; TOGETHER], values: [0.0; TOGETHER], doubt: [0; TOGETHER] }
    }

    /// Reads the first `n` cells: numbers as [`short_number`] reads them, of at most seven bytes, that are no codes with leading
    /// zeros and, where `no_point`, have no decimal point. Whether all are such numbers.
    ///
    /// All cells go through the same steps, in vectors of several cells, whatever they are: what a cell holds is hard to foresee.
    /// The decimal point is taken out and the digits are moved to the end, zeros before them. Then neighbours are added pair by pair,
    /// the left one times 10, and the pairs times powers of 100.
    #[inline(always)]
    pub fn read(&mut self, n: usize, no_point: bool) -> bool {
        const FEW: usize = 4;
        let (few, no_point) = (n.next_multiple_of(FEW).min(TOGETHER), u64::from(no_point));
        self.lengths[n..few].fill(1);
        self.words[n..few].fill(u64::from(b'0'));
        let cells = self.words[..few].iter().zip(&self.lengths[..few]);
        let results = self.values[..few].iter_mut().zip(&mut self.doubt[..few]);
        let mut any = 0;
        for ((word, length), (value, doubt)) in cells.zip(results) {
            (*value, *doubt) = number_in_word(*word, *length, no_point);
            any |= *doubt;
        }
        any == 0
    }
}

/// The number, and not 0 where it is none.
#[inline(always)]
fn number_in_word(word: u64, n_bytes: u64, no_point: u64) -> (f64, u64) {
    const TWO_TO_52: f64 = 4_503_599_627_370_496.0; // a whole number below it is the last bits of their sum
    const BYTES: u64 = WORD as u64;
    let bits = |n: u64| n.wrapping_mul(8) % u64::from(u64::BITS); // of so many bytes
    let below = |n: u64| (1_u64 << bits(n)).wrapping_sub(1);
    let first = word & 0xFF;
    let sign = u64::from(first == u64::from(b'-'));
    let length = n_bytes.wrapping_sub(sign);
    let unsigned = (word >> (8 * sign)) & below(length);
    let points = places_of(unsigned, b'.');
    let point = points & points.wrapping_neg(); // the first of them
    let has_point = u64::from(point != 0);
    let before = (point >> 7).wrapping_sub(1); // all bytes where there is no point
    let whole = (unsigned & before) | ((unsigned >> 8) & !before);
    let n_digits = length.wrapping_sub(has_point);
    let zeros = (EACH * u64::from(b'0')) & below(n_digits);
    let digits = (whole ^ zeros) << bits(BYTES.wrapping_sub(n_digits));
    let above_nine = (digits | digits.wrapping_add(EACH * (0x80 - 10))) & HIGH;
    let tens = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let pair = |k: u64| (tens >> (16 * k)) & 0xFF;
    let whole = pair(0) * 1_000_000 + pair(1) * 10_000 + pair(2) * 100 + pair(3);
    let n_whole = sum_of_bytes(before & below(length) & EACH);
    let unsigned = (f64::from_bits(whole | TWO_TO_52.to_bits()) - TWO_TO_52)
        / power_of_ten(n_digits.wrapping_sub(n_whole));
    let value = f64::from_bits(unsigned.to_bits() | (sign << 63));
    let is_endless = u64::from(n_bytes >= BYTES);
    let is_empty = u64::from(n_digits.wrapping_sub(1) >= BYTES);
    let is_code = u64::from(n_bytes > 1) & u64::from(first == u64::from(b'0')) & (1 - has_point);
    (value, above_nine | is_endless | is_empty | is_code | (has_point & no_point))
}

/// The sum of the bytes of a word, each 0 or 1.
#[inline(always)]
fn sum_of_bytes(word: u64) -> u64 {
    let word = word.wrapping_add(word >> 32);
    let word = word.wrapping_add(word >> 16);
    word.wrapping_add(word >> 8) & 0xF
}

/// 10^n for n < 8, without a table, which vectors cannot be looked up in.
#[inline(always)]
fn power_of_ten(n: u64) -> f64 {
    let bit = |mask: u64, power: f64| if n & mask != 0 { power } else { 1.0 };
    bit(1, 10.0) * bit(2, 100.0) * bit(4, 10_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What [`Words::read`] promises of one cell, byte by byte.
    fn wanted(cell: &[u8], no_point: bool) -> Option<f64> {
        let short = short_number(cell).filter(|_| cell.len() < WORD)?;
        let is_code = cell.len() > 1 && cell[0] == b'0' && !short.has_point;
        let is_number = !is_code && (!no_point || !short.has_point);
        is_number.then_some(short.value)
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(20_000))]

        #[test]
        fn cells_at_once_are_read_as_byte_after_byte(
            cells in proptest::collection::vec("[-+]?[0-9]{0,5}[.]?[0-9]{0,5}|[-.0-9:/ ,a\u{ff}]{0,9}", 0..=TOGETHER),
            no_point: bool,
        ) {
            let mut words = Words::new();
            for (k, cell) in cells.iter().enumerate() {
                let mut word = [0xA5; WORD]; // whatever follows must not matter
                let n = cell.len().min(WORD);
                word[..n].copy_from_slice(&cell.as_bytes()[..n]);
                (words.words[k], words.lengths[k]) = (u64::from_le_bytes(word), cell.len() as u64);
            }
            let all = words.read(cells.len(), no_point);
            let wanted: Vec<Option<u64>> =
                cells.iter().map(|cell| wanted(cell.as_bytes(), no_point).map(f64::to_bits)).collect();
            for (k, wanted) in wanted.iter().enumerate() {
                let found = (words.doubt[k] == 0).then_some(words.values[k].to_bits());
                proptest::prop_assert_eq!(found, *wanted, "{:?}", &cells[k]);
            }
            proptest::prop_assert_eq!(all, wanted.iter().all(Option::is_some));
        }

        #[test]
        fn each_place_of_a_byte_is_found(bytes: [u8; WORD], wanted: u8, also in 0..WORD) {
            let mut bytes = bytes;
            bytes[also] = wanted;
            let expected = bytes.iter().enumerate().map(|(k, b)| u64::from(*b == wanted) << k).sum::<u64>();
            proptest::prop_assert_eq!(highest_bits(places_of(u64::from_le_bytes(bytes), wanted)), expected);
        }
    }

    #[test]
    fn powers_of_ten_are_exact() {
        (0..8).for_each(|n| assert_eq!(power_of_ten(n), POWERS[n as usize]));
    }
}
