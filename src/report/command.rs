//! A command as one could type it again.

/// `clinreg`, then the words, quoted where a shell would split them.
pub fn line(words: impl IntoIterator<Item = String>) -> String {
    let quoted = words.into_iter().map(|word| {
        let plain = |c: char| c.is_alphanumeric() || "-_./=,:@+%".contains(c);
        if !word.is_empty() && word.chars().all(plain) {
            word
        } else {
            format!("'{}'", word.replace('\'', r"'\''"))
        }
    });
    std::iter::once("clinreg".to_string()).chain(quoted).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_can_be_typed_again() {
        let words = ["fit", "a b.csv", "y ~ it's", "--seed", "1", ""];
        assert_eq!(line(words.map(str::to_string)), r"clinreg fit 'a b.csv' 'y ~ it'\''s' --seed 1 ''");
    }
}
