//! A change to JSON that leaves it JSON: a number, a text or a word gives way to another value.

/// What stands in the place of a value.
const VALUES: [&str; 40] = [
    "0",
    "-0.0",
    "1",
    "-1",
    "2",
    "3",
    "1e308",
    "-1e308",
    "1e-308",
    "5e-324",
    "1e999",
    "0.5",
    "100",
    "18446744073709551615",
    "null",
    "true",
    "[]",
    "{}",
    "\"\"",
    "\"x\"",
    "\"y\"",
    "\"sbp\"",
    "\"arm\"",
    "\"a\"",
    "\"died\"",
    "\"visit\"",
    "\"linear\"",
    "\"logistic\"",
    "\"number\"",
    "\"category\"",
    "\"date\"",
    "\"y ~ .\"",
    "\"y ~ x + arm\"",
    "\"died ~ rcs(x, 3)\"",
    "\"y ~ poly(sbp, 2)\"",
    "\"y ~ x:arm - 1\"",
    "\"(Intercept)\"",
    "\"odd name\"",
    "[1, 2, 3]",
    "[[1]]",
];

/// The text with one value replaced, by one of [`VALUES`] or by another value of the same text, if it still fits.
pub fn changed(text: &[u8], seed: u32, max_size: usize) -> Option<Vec<u8>> {
    let values = values(text);
    let pick =
        |n: usize, turn: u32| (seed.rotate_left(turn).wrapping_mul(2_654_435_761) >> 7) as usize % n.max(1);
    let place = values.get(pick(values.len(), 0))?.clone();
    let other = &text[values[pick(values.len(), 11)].clone()];
    let new = if seed.is_multiple_of(3) { other } else { VALUES[pick(VALUES.len(), 17)].as_bytes() };
    let changed = [&text[..place.start], new, &text[place.end..]].concat();
    (changed.len() <= max_size).then_some(changed)
}

/// Where numbers, texts and words stand, keys among them.
fn values(text: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let start = at;
        if text[at] == b'"' {
            at += 1;
            while at < text.len() && text[at] != b'"' {
                at += if text[at] == b'\\' { 2 } else { 1 };
            }
            at = (at + 1).min(text.len());
        } else {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
            while at < text.len() && plain(text[at]) {
                at += 1;
            }
            if at == start {
                at += 1;
                continue;
            }
        }
        found.push(start..at);
    }
    found
}
