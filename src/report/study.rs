//! What the user writes about the study in `study.toml`: the words that no run can know.

use crate::error::{Error, Result};
use crate::report::words::visible;

/// Sections and keys that a file may have; each value is a text, a number, or a list of these.
const KNOWN: [(&str, &[&str]); 5] = [
    (
        "study",
        &[
            "title",
            "population",
            "setting",
            "design",
            "source",
            "dates",
            "eligibility",
            "treatments",
            "moment",
            "horizon",
            "use",
            "users",
        ],
    ),
    ("outcome", &["name", "event", "label", "assessed", "blinded"]),
    ("governance", &["ethics", "consent", "funding", "interests", "protocol", "registration", "data", "ppi"]),
    ("groups", &["fairness", "cluster", "treatment"]),
    ("thresholds", &["values", "reason"]),
];

/// The answers, by section and key; empty ones are left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Study {
    answers: Vec<(String, String)>,
}

impl Study {
    /// The answer under `section.key`, if there is one.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.answers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Reads the part of TOML that such a file needs: sections, comments, and on each line one key with a text in double
    /// quotation marks (on one line), a number, or a list of these.
    ///
    /// # Errors
    /// Data, with the line: a section or key that is not known or stands twice, or a value that cannot be read.
    pub fn parse(file: &str, text: &str) -> Result<Study> {
        let mut study = Study::default();
        let mut section = String::new();
        let mut seen: Vec<String> = Vec::new();
        for (k, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let line = line.trim();
            let wrong =
                |what: String, hint: &str| Error::data(format!("{file}, line {}: {what}", k + 1)).hint(hint);
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(rest) = line.strip_prefix('[') {
                let name =
                    rest.split_once(']').filter(|(_, after)| is_comment(after)).map(|(name, _)| name.trim());
                let known = name.filter(|name| KNOWN.iter().any(|(section, _)| section == name));
                section = known.map(str::to_string).ok_or_else(|| {
                    wrong(
                        format!("`{}` is no section", visible(line)),
                        "sections: [study], [outcome], [governance], [groups], [thresholds]",
                    )
                })?;
                continue;
            }
            let (key, value) = line
                .split_once('=')
                .map(|(key, value)| (key.trim(), value.trim()))
                .ok_or_else(|| wrong(format!("`{}` has no `=`", visible(line)), "write `key = \"text\"`"))?;
            let keys = KNOWN.iter().find(|(name, _)| *name == section).map_or(&[][..], |(_, keys)| keys);
            if !keys.contains(&key) {
                let hint = if keys.is_empty() {
                    "begin with a section, e.g. [study]".to_string()
                } else {
                    format!("[{section}] has {}", keys.join(", "))
                };
                return Err(wrong(format!("`{}` is no key of [{section}]", visible(key)), &hint));
            }
            let name = format!("{section}.{key}");
            if seen.contains(&name) {
                return Err(wrong(format!("`{key}` stands twice"), "leave one of them out"));
            }
            let items = values(value).ok_or_else(|| {
                wrong(
                    format!("the value of `{key}` cannot be read"),
                    "write a text in double quotation marks on one line, a number, or a list of these in brackets",
                )
            })?;
            let answer = items.iter().filter(|item| !item.is_empty()).cloned().collect::<Vec<_>>().join(", ");
            if !answer.is_empty() {
                study.answers.push((name.clone(), answer));
            }
            seen.push(name);
        }
        Ok(study)
    }
}

fn is_comment(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || text.starts_with('#')
}

/// One value, or those of a list; `None` where the text is neither.
fn values(text: &str) -> Option<Vec<String>> {
    let Some(mut rest) = text.strip_prefix('[') else {
        let (value, after) = scalar(text)?;
        return is_comment(after).then(|| vec![value]);
    };
    let mut items = Vec::new();
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix(']') {
            return is_comment(after).then_some(items);
        }
        let (value, after) = scalar(rest)?;
        items.push(value);
        rest = after.trim_start();
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None if rest.starts_with(']') => {}
            None => return None,
        }
    }
}

/// A text or a number at the beginning, and what follows it.
fn scalar(text: &str) -> Option<(String, &str)> {
    let Some(inner) = text.strip_prefix('"') else {
        let end = text.find([',', ']', '#', ' ', '\t']).unwrap_or(text.len());
        let (number, rest) = text.split_at(end);
        number.parse::<f64>().ok().filter(|n| n.is_finite())?;
        return Some((number.to_string(), rest));
    };
    let mut value = String::new();
    let mut letters = inner.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, &inner[at + 1..])),
            '\\' => match letters.next()?.1 {
                'n' | 't' => value.push(' '),
                escaped @ ('"' | '\\') => value.push(escaped),
                _ => return None,
            },
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_numbers_and_lists_are_read_and_empty_ones_are_no_answers() {
        let text = "# a study\n[study]\npopulation = \"adults, \\\"all\\\" #1\" # so\nsetting = \"\"\n\n[thresholds]\n\
                    values = [0.05, 0.10]\n[groups]\nfairness = [\"sex\", \"age\"]\n";
        let study = Study::parse("study.toml", text).expect("sound");
        assert_eq!(study.get("study.population"), Some("adults, \"all\" #1"));
        assert_eq!(study.get("study.setting"), None);
        assert_eq!(study.get("thresholds.values"), Some("0.05, 0.10"));
        assert_eq!(study.get("groups.fairness"), Some("sex, age"));
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_line() {
        for (text, wanted) in [
            ("[stduy]\n", "line 1: `[stduy]` is no section"),
            ("[study]\nname = \"x\"\n", "line 2: `name` is no key of [study]"),
            ("population = \"x\"\n", "line 1: `population` is no key of []"),
            ("[study]\nuse\n", "line 2: `use` has no `=`"),
            ("[study]\nuse = \"open\n", "line 2: the value of `use`"),
            ("[study]\nuse = \"a\" \"b\"\n", "line 2: the value of `use`"),
            ("[study]\nuse = [\"a\" \"b\"]\n", "line 2: the value of `use`"),
            ("[study]\nuse = \n", "line 2: the value of `use`"),
            ("[study]\nuse = \"a\"\nuse = \"b\"\n", "line 3: `use` stands twice"),
        ] {
            let error = Study::parse("study.toml", text).expect_err("refused");
            assert!(error.message.contains(wanted), "{}", error.message);
            assert_eq!(error.exit_status(), 1);
        }
    }
}
