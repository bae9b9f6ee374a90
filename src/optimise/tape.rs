//! A state as one row of 64-bit words: every number to its last bit, not-a-number included.

use ndarray::{Array1, Array2, ArrayRef1, ShapeBuilder};

/// Words that are written one after the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tape {
    /// What was written.
    pub words: Vec<u64>,
}

/// Words that are read in the order in which they were written. Each reading is `None` where they end or make no sense.
#[derive(Debug)]
pub struct Reader<'a> {
    words: &'a [u64],
}

impl Tape {
    /// A count.
    pub fn count(&mut self, n: usize) {
        self.words.push(n as u64);
    }

    /// A number.
    pub fn number(&mut self, x: f64) {
        self.words.push(x.to_bits());
    }

    /// A vector with its length.
    pub fn vector(&mut self, v: &ArrayRef1<f64>) {
        self.count(v.len());
        self.words.extend(v.iter().map(|x| x.to_bits()));
    }

    /// A matrix with its shape, and by columns if that is how it lies in memory: products of the other order may round otherwise.
    pub fn matrix(&mut self, m: &Array2<f64>) {
        let by_columns = !m.is_standard_layout() && m.t().is_standard_layout();
        self.count(m.nrows());
        self.count(m.ncols());
        self.count(usize::from(by_columns));
        if by_columns {
            self.words.extend(m.t().iter().map(|x| x.to_bits()));
        } else {
            self.words.extend(m.iter().map(|x| x.to_bits()));
        }
    }

    /// Whether there is something, and what.
    pub fn maybe<T>(&mut self, item: Option<&T>, put: impl FnOnce(&mut Tape, &T)) {
        self.count(usize::from(item.is_some()));
        if let Some(item) = item {
            put(self, item);
        }
    }

    /// Items with their number.
    pub fn each<'a, T: 'a>(
        &mut self,
        items: impl ExactSizeIterator<Item = &'a T>,
        put: impl Fn(&mut Tape, &T),
    ) {
        self.count(items.len());
        items.for_each(|item| put(self, item));
    }
}

impl<'a> Reader<'a> {
    /// From the first word.
    pub fn new(words: &'a [u64]) -> Reader<'a> {
        Reader { words }
    }

    /// Whether all was read.
    pub fn is_at_the_end(&self) -> bool {
        self.words.is_empty()
    }

    fn take(&mut self, n: usize) -> Option<&'a [u64]> {
        let (taken, rest) = self.words.split_at_checked(n)?;
        self.words = rest;
        Some(taken)
    }

    /// A count.
    pub fn count(&mut self) -> Option<usize> {
        self.take(1).and_then(|word| usize::try_from(word[0]).ok())
    }

    /// A number.
    pub fn number(&mut self) -> Option<f64> {
        self.take(1).map(|word| f64::from_bits(word[0]))
    }

    /// A vector.
    pub fn vector(&mut self) -> Option<Array1<f64>> {
        let n = self.count()?;
        self.take(n).map(|words| words.iter().map(|w| f64::from_bits(*w)).collect())
    }

    /// A matrix.
    pub fn matrix(&mut self) -> Option<Array2<f64>> {
        let (rows, columns, by_columns) = (self.count()?, self.count()?, self.count()? == 1);
        let words = self.take(rows.checked_mul(columns)?)?;
        let numbers = words.iter().map(|w| f64::from_bits(*w)).collect();
        Array2::from_shape_vec((rows, columns).set_f(by_columns), numbers).ok()
    }

    /// What is there, if anything; the outer `None` says that the words make no sense.
    pub fn maybe<T>(&mut self, take: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.count()? {
            0 => Some(None),
            1 => take(self).map(Some),
            _ => None,
        }
    }

    /// Items.
    pub fn each<T>(&mut self, take: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let n = self.count()?;
        (n <= self.words.len()).then(|| (0..n).map(|_| take(self)).collect())?
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn what_is_written_is_read_back_to_the_bit_and_as_it_lay() {
        let m = array![[1.0, 2.0, 3.0], [4.0, 5.0, f64::INFINITY]];
        let mut tape = Tape::default();
        tape.matrix(&m);
        tape.matrix(&m.t().to_owned());
        tape.maybe(Some(&0.1), |t, x| t.number(*x));
        tape.maybe(None::<&f64>, |t, x| t.number(*x));
        tape.vector(&array![-0.0]);
        let mut reader = Reader::new(&tape.words);
        assert_eq!(reader.matrix(), Some(m.clone()));
        let turned = reader.matrix().expect("written");
        assert_eq!((turned.clone(), turned.strides()), (m.t().to_owned(), m.t().to_owned().strides()));
        assert_eq!(reader.maybe(Reader::number), Some(Some(0.1)));
        assert_eq!(reader.maybe(Reader::number), Some(None));
        assert!(reader.vector().is_some_and(|v| v[0].is_sign_negative()));
        assert!(reader.is_at_the_end());
        assert_eq!(Reader::new(&tape.words[..5]).matrix(), None);
        assert_eq!(Reader::new(&[u64::MAX, 1]).vector(), None);
    }
}
