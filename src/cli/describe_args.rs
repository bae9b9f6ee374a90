//! The options of `describe`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::values::{self, LevelsOf};

#[derive(Debug, Clone, Args)]
pub struct DescribeArgs {
    /// A CSV or Parquet file, several as one table (a.csv,b.csv or 'site_*.csv'), or a built-in data set such as @diabetes
    #[arg(value_name = "DATA")]
    pub data: PathBuf,
    /// The column of the groups, e.g. the treatment
    #[arg(long, value_name = "GROUP")]
    pub by: String,
    /// What to describe [default: all columns but identifiers]
    #[arg(long, value_name = "A,B", value_parser = values::record)]
    pub variables: Vec<Vec<String>>,
    /// Withhold counts from 1 to N - 1, and what would give them back
    #[arg(long, value_name = "N", value_parser = values::at_least_two, allow_negative_numbers = true)]
    pub suppress_below: Option<usize>,
    /// Count a numeric column by its values; repeatable, or a,b
    #[arg(long, value_name = "VAR", value_parser = values::record)]
    pub factor: Vec<Vec<String>>,
    /// The levels in order; repeatable
    #[arg(long, value_name = "VAR=A,B", value_parser = values::levels)]
    pub levels: Vec<LevelsOf>,
    /// More codes that mean missing, besides empty, NA, N/A, NaN, . and null
    #[arg(long, value_name = "A,B", value_parser = values::record, allow_hyphen_values = true)]
    pub na: Vec<Vec<String>>,
}

pub const DESCRIBE_EXAMPLES: &str = "\
Numbers: mean (SD), median [quartiles]; levels: n (%); missing; standardised mean differences. With --out also \
table1.json, table1.csv, table1.md, table1.html and summary.txt in that folder.

Example:
  clinreg describe trial.csv --by treatment --suppress-below 5 -o reports/table1";
