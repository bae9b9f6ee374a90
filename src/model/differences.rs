//! What differs between two files of the same kind, key by key.

use serde_json::Value;

/// A place where two JSON texts differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// `coefficients[2] (age).estimate`, `fit.aic`.
    pub key: String,
    /// What the first has there; `None` for nothing.
    pub first: Option<Value>,
    /// What the second has there; `None` for nothing.
    pub second: Option<Value>,
}

impl Difference {
    /// |a - b| / max(|a|, |b|) where both are numbers.
    pub fn relative(&self) -> Option<f64> {
        let number = |value: &Option<Value>| value.as_ref().and_then(Value::as_f64);
        let (a, b) = (number(&self.first)?, number(&self.second)?);
        Some((a - b).abs() / a.abs().max(b.abs()))
    }

    /// Whether it is only about the name of the data file or a remark on it.
    pub fn is_a_remark(&self) -> bool {
        self.key == "data.file" || self.key.starts_with("data.notices")
    }
}

/// All differences in the order of the first, then what only the second has. Numbers are equal if their bits are.
pub fn differences(first: &Value, second: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", Some(first), Some(second), &mut found);
    found
}

/// How many numbers a JSON value holds.
pub fn count_numbers(value: &Value) -> usize {
    match value {
        Value::Number(_) => 1,
        Value::Array(items) => items.iter().map(count_numbers).sum(),
        Value::Object(map) => map.values().map(count_numbers).sum(),
        _ => 0,
    }
}

fn compare(key: &str, first: Option<&Value>, second: Option<&Value>, found: &mut Vec<Difference>) {
    match (first, second) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            for (name, value) in a {
                compare(&below(key, name), Some(value), b.get(name), found);
            }
            for (name, value) in b.iter().filter(|(name, _)| !a.contains_key(*name)) {
                compare(&below(key, name), None, Some(value), found);
            }
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) => {
            for k in 0..a.len().max(b.len()) {
                let term = a.get(k).and_then(|item| item.get("term")).and_then(Value::as_str);
                let name = term.map_or_else(String::new, |term| format!(" ({term})"));
                compare(&format!("{key}[{k}]{name}"), a.get(k), b.get(k), found);
            }
        }
        _ if same(first, second) => {}
        _ => found.push(Difference { key: key.to_string(), first: first.cloned(), second: second.cloned() }),
    }
}

fn below(key: &str, name: &str) -> String {
    if key.is_empty() { name.to_string() } else { format!("{key}.{name}") }
}

fn same(first: Option<&Value>, second: Option<&Value>) -> bool {
    match (first, second) {
        (Some(Value::Number(a)), Some(Value::Number(b))) => match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => a.to_bits() == b.to_bits(),
            _ => a == b,
        },
        _ => first == second,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_difference_is_told_with_its_place_and_both_values() {
        let a =
            json!({"fit": {"aic": 1.5, "n": 3}, "coefficients": [{"term": "age", "estimate": 2}], "gone": 1});
        let b = json!({"fit": {"aic": 1.75, "n": 3.0}, "coefficients": [{"term": "age", "estimate": 3}], "new": "x"});
        let found = differences(&a, &b);
        let keys: Vec<&str> = found.iter().map(|d| d.key.as_str()).collect();
        assert_eq!(keys, ["fit.aic", "coefficients[0] (age).estimate", "gone", "new"]);
        assert_eq!((found[0].first.clone(), found[0].second.clone()), (Some(json!(1.5)), Some(json!(1.75))));
        assert_eq!(found[0].relative(), Some(0.25 / 1.75));
        assert_eq!((found[2].second.clone(), found[3].first.clone()), (None, None));
        assert!(!found[1].is_a_remark());
        assert_eq!(count_numbers(&a), 4);
    }

    #[test]
    fn the_last_bit_counts() {
        let next = f64::from_bits(0.1_f64.to_bits() + 1);
        assert_eq!(differences(&json!([0.1, 1]), &json!([next, 1.0])).len(), 1);
        assert!(differences(&json!({"a": [1, null, "x"]}), &json!({"a": [1, null, "x"]})).is_empty());
        assert_eq!(differences(&json!([1, 2]), &json!([1]))[0].key, "[1]");
    }
}
