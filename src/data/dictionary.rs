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
}

impl Local {
    /// Takes the text of a row; gives its code.
    pub fn take(&mut self, text: &str, row: usize, line: u32) -> u32 {
        if let Some(code) = self.codes.get(text) {
            self.places[*code as usize].0 += 1;
            return *code;
        }
        let code = code(self.places.len());
        self.codes.insert(text.to_owned(), code);
        self.places.push((1, row, line));
        code
    }
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
