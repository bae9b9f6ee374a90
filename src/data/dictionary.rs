//! The different texts of a column: how often each stands, and where first.

use std::collections::HashMap;

/// A text of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distinct {
    /// The trimmed text.
    pub text: String,
    /// In how many rows it stands.
    pub count: usize,
    /// The first of these rows.
    pub row: usize,
    /// The line on which that row starts.
    pub line: u32,
}

/// The different texts of a piece, as they come.
#[derive(Debug, Default)]
pub struct Local {
    codes: HashMap<String, u32>,
    /// For each text how often it stands, its first row and that row's line.
    places: Vec<(usize, usize, u32)>,
    recent: Recent,
}

impl Local {
    /// Takes the text of a row; gives its code.
    pub fn take(&mut self, text: &str, row: usize, line: u32) -> u32 {
        let word = in_a_word(text);
        if let Some(code) = word.and_then(|word| self.recent.code(word)) {
            self.places[code as usize].0 += 1;
            return code;
        }
        let code = match self.codes.get(text) {
            Some(code) => {
                self.places[*code as usize].0 += 1;
                *code
            }
            None => {
                let code = code(self.places.len());
                self.codes.insert(text.to_owned(), code);
                self.places.push((1, row, line));
                code
            }
        };
        if let Some(word) = word {
            self.recent.note(word, code);
        }
        code
    }
}

/// Short texts that were looked up before, each in the one place that its bytes give: faster than the map, for most columns of
/// text repeat a few levels.
#[derive(Debug, Default)]
struct Recent {
    /// The text as a word, and its code; empty before the first.
    words: Vec<(u64, u32)>,
}

impl Recent {
    const PLACES: usize = 1 << 10;

    fn place(word: u64) -> usize {
        const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15; // spreads the bits (Knuth 1973, multiplicative hashing)
        (word.wrapping_mul(GOLDEN) >> (u64::BITS - Recent::PLACES.trailing_zeros())) as usize
    }

    fn code(&self, word: u64) -> Option<u32> {
        let (known, code) = self.words.get(Recent::place(word))?;
        (*known == word).then_some(*code)
    }

    fn note(&mut self, word: u64, code: u32) {
        const NONE: u64 = u64::MAX; // no text: its length would be 255
        if self.words.is_empty() {
            self.words = vec![(NONE, 0); Recent::PLACES];
        }
        self.words[Recent::place(word)] = (word, code);
    }
}

/// The bytes and the length of a text of at most seven bytes; another for each text.
fn in_a_word(text: &str) -> Option<u64> {
    const MOST: usize = 7;
    let bytes = text.as_bytes();
    let word = || bytes.iter().fold(0, |word, byte| (word << 8) | u64::from(*byte));
    (bytes.len() <= MOST).then(|| word() | ((bytes.len() as u64) << (8 * MOST)))
}

/// The different texts of all pieces that have been added, in whatever order.
#[derive(Debug, Clone, Default)]
pub struct Dictionary {
    codes: HashMap<String, u32>,
    places: Vec<(usize, usize, u32)>,
}

impl Dictionary {
    /// Adds a piece; gives for each of its codes the code here.
    pub fn add(&mut self, local: Local) -> Vec<u32> {
        let mut translation = vec![0; local.places.len()];
        for (text, local_code) in local.codes {
            let (count, row, line) = local.places[local_code as usize];
            let known = self.codes.get(&text).copied();
            let code = known.unwrap_or_else(|| {
                let code = code(self.places.len());
                self.codes.insert(text, code);
                self.places.push((0, row, line));
                code
            });
            let place = &mut self.places[code as usize];
            place.0 += count;
            if row < place.1 {
                (place.1, place.2) = (row, line);
            }
            translation[local_code as usize] = code;
        }
        translation
    }

    /// The texts in order of their first rows, and for each code the text's place among them.
    pub fn in_order(self) -> (Vec<Distinct>, Vec<u32>) {
        let n = self.places.len();
        let mut texts = vec![String::new(); n];
        for (text, code) in self.codes {
            texts[code as usize] = text;
        }
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_unstable_by_key(|code| self.places[*code].1);
        let mut place_of = vec![0; n];
        let distinct = order.into_iter().enumerate().map(|(place, code)| {
            place_of[code] = place as u32;
            let (count, row, line) = self.places[code];
            Distinct { text: std::mem::take(&mut texts[code]), count, row, line }
        });
        (distinct.collect(), place_of)
    }
}

fn code(n: usize) -> u32 {
    u32::try_from(n).expect("fewer different texts than a code can tell apart")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_one_code_each_however_often_they_drive_each_other_out() {
        let mut local = Local::default();
        let texts: Vec<String> =
            (0..5000).map(|k| "x".repeat(k % 3) + &(k * 7919 % 2500).to_string()).collect();
        let mut codes = HashMap::new();
        for (row, text) in texts.iter().enumerate() {
            let code = local.take(text, row, row as u32 + 2);
            assert_eq!(*codes.entry(text.clone()).or_insert(code), code, "{text}");
        }
        assert_eq!(codes.len(), codes.values().collect::<std::collections::HashSet<_>>().len());
        let mut all = Dictionary::default();
        all.add(local);
        let (distinct, _) = all.in_order();
        assert_eq!(distinct.iter().map(|d| d.count).sum::<usize>(), texts.len());
        for found in &distinct {
            let rows = texts.iter().enumerate().filter(|(_, text)| **text == found.text);
            let rows: Vec<usize> = rows.map(|(row, _)| row).collect();
            assert_eq!((found.count, found.row), (rows.len(), rows[0]), "{}", found.text);
        }
    }

    #[test]
    fn short_texts_that_share_bytes_are_told_apart() {
        let texts = ["", "\0", "a", "a\0", "\0a", "ab", "abcdefg", "é"];
        for (i, a) in texts.iter().enumerate() {
            for b in &texts[..i] {
                assert_ne!(in_a_word(a), in_a_word(b), "{a:?} {b:?}");
            }
        }
        assert_eq!(in_a_word("abcdefgh"), None);
    }
}
