//! Counts on the command line: whole numbers with a least and a most.

/// How often missing values are imputed.
pub fn imputations(text: &str) -> Result<usize, String> {
    match text.trim().parse() {
        Ok(count) if count >= 2 => at_most(MOST_IMPUTATIONS, count, "imputations"),
        _ => Err("a whole number of at least 2 is needed (20 or more is usual)".to_string()),
    }
}

/// A count that is not 0.
pub fn at_least_one(text: &str) -> Result<usize, String> {
    match text.trim().parse() {
        Ok(0) | Err(_) => Err("a whole number of at least 1 is needed".to_string()),
        Ok(count) => Ok(count),
    }
}

/// A count of 2 or more.
pub fn at_least_two(text: &str) -> Result<usize, String> {
    match text.trim().parse() {
        Ok(count) if count >= 2 => Ok(count),
        _ => Err("a whole number of at least 2 is needed (5 is usual)".to_string()),
    }
}

/// How many groups a test of calibration makes.
pub fn groups(text: &str) -> Result<usize, String> {
    match text.trim().parse() {
        Ok(count) if count >= 3 => at_most(MOST_GROUPS, count, "groups"),
        _ => Err("a whole number of at least 3 groups is needed (10 is usual)".to_string()),
    }
}

/// More imputations than that do not end in a day.
const MOST_IMPUTATIONS: usize = 10_000;
/// More resamples than that do not end in a day, or do not fit into memory.
pub const MOST_RESAMPLES: usize = 1_000_000;
/// More groups than that are not tables.
const MOST_GROUPS: usize = 1_000;

/// The count, or what is said of one that is larger than `most`.
pub fn at_most(most: usize, count: usize, what: &str) -> Result<usize, String> {
    if count <= most { Ok(count) } else { Err(format!("at most {most} {what} are possible")) }
}
