//! The built-in data sets: linfa-datasets' four and the two of the project, as CSV bytes that take the road of a file.

use std::fmt::Write;

use crate::data::simulate::{self, DEMO_ROWS, DEMO_SEED};
use crate::error::{Error, Result, probably_meant};

/// A data set that comes with the program or its folder.
#[derive(Debug, Clone, PartialEq)]
pub struct DataSet {
    /// What to type for DATA, e.g. `@diabetes`.
    pub name: String,
    /// What it is, in one sentence.
    pub description: String,
    /// Rows.
    pub n_rows: usize,
    /// Columns in order.
    pub columns: Vec<String>,
}

/// One entry of the catalogue.
struct Entry {
    name: &'static str,
    description: &'static str,
    make: fn() -> Result<String>,
}

const CATALOGUE: [Entry; 6] = [
    Entry {
        name: "treatment_effectiveness",
        description: "a simulated trial of two treatments against a control, with known truth (outcomes \
                      effectiveness and responded); also data/treatment_effectiveness.csv",
        make: || simulate::treatment_effectiveness(DEMO_ROWS, DEMO_SEED),
    },
    Entry {
        name: "masks_patients",
        description: "50 simulated days at a hospital: masks used against patients seen; also \
                      data/masks_patients.csv",
        make: || Ok(include_str!("../../data/masks_patients.csv").to_owned()),
    },
    Entry {
        name: "diabetes",
        description: "progression of diabetes after one year in 441 patients, ten centred and scaled baseline \
                      covariates (Efron et al. 2004). Names are those of linfa-datasets; what it calls t_cells, \
                      thyroid_stimulating_hormone, lamotrigine are total cholesterol, its ratio to HDL, and the \
                      logarithm of triglycerides",
        make: || Ok(diabetes()),
    },
    Entry {
        name: "winequality",
        description: "quality scores of 1,599 red wines and eleven of their physical and chemical properties \
                      (Cortez et al. 2009)",
        make: || Ok(winequality()),
    },
    Entry {
        name: "iris",
        description: "sepals and petals in cm of 150 irises of three species (Fisher 1936)",
        make: || Ok(iris()),
    },
    Entry {
        name: "linnerud",
        description: "three exercises and three outcomes (weight in pounds, waist in inches, pulse) of 20 \
                      middle-aged men (Tenenhaus 1998)",
        make: || Ok(linnerud()),
    },
];

/// The data sets that can be used wherever a CSV is.
///
/// # Errors
/// Those of the simulation, which has none for these arguments.
pub fn list() -> Result<Vec<DataSet>> {
    CATALOGUE.iter().map(described).collect()
}

/// The CSV text of a built-in set; `name` without the `@`.
///
/// # Errors
/// Data, when there is no such set; the message lists those that there are.
pub fn csv(name: &str) -> Result<Vec<u8>> {
    let Some(entry) = CATALOGUE.iter().find(|entry| entry.name == name) else {
        let names: Vec<String> = CATALOGUE.iter().map(|entry| format!("`@{}`", entry.name)).collect();
        let error = Error::data(format!("no data set `@{name}` is built in; there are {}", names.join(", ")));
        return Err(match probably_meant(name, CATALOGUE.iter().map(|entry| entry.name)) {
            Some(near) => error.hint(format!("did you mean `@{near}`?")),
            None => error.hint(format!("a file of that name is `./@{name}`")),
        });
    };
    Ok((entry.make)()?.into_bytes())
}

fn described(entry: &Entry) -> Result<DataSet> {
    let text = (entry.make)()?;
    let mut lines = text.lines();
    let header = lines.next().unwrap_or_default();
    Ok(DataSet {
        name: format!("@{}", entry.name),
        description: entry.description.to_owned(),
        n_rows: lines.count(),
        columns: header.split(',').map(str::to_owned).collect(),
    })
}

fn iris() -> String {
    const SPECIES: [&str; 3] = ["setosa", "versicolor", "virginica"];
    let set = linfa_datasets::iris();
    let outcomes = set.targets.iter().map(|species| SPECIES[*species].to_owned());
    written(set.feature_names(), &["species"], set.records.rows().into_iter().map(|r| r.to_vec()), outcomes)
}

fn diabetes() -> String {
    let set = linfa_datasets::diabetes();
    let outcomes = set.targets.iter().map(f64::to_string);
    written(
        set.feature_names(),
        &["progression"],
        set.records.rows().into_iter().map(|r| r.to_vec()),
        outcomes,
    )
}

fn winequality() -> String {
    let set = linfa_datasets::winequality();
    let outcomes = set.targets.iter().map(usize::to_string);
    written(set.feature_names(), &["quality"], set.records.rows().into_iter().map(|r| r.to_vec()), outcomes)
}

fn linnerud() -> String {
    let set = linfa_datasets::linnerud();
    let outcomes = set.targets.rows().into_iter().map(|row| joined(row.iter()));
    let names = ["weight", "waist", "pulse"];
    written(set.feature_names(), &names, set.records.rows().into_iter().map(|r| r.to_vec()), outcomes)
}

/// The CSV text of covariates and outcomes, row by row. Names become plain: `body mass index` is
/// `body_mass_index`, so that a formula needs no backticks.
fn written(
    covariates: &[impl AsRef<str>],
    outcome_names: &[&str],
    rows: impl Iterator<Item = Vec<f64>>,
    outcomes: impl Iterator<Item = String>,
) -> String {
    let mut names: Vec<String> =
        covariates.iter().map(|name| name.as_ref().replace([' ', '-'], "_")).collect();
    names.extend(outcome_names.iter().map(|name| (*name).to_owned()));
    let mut text = names.join(",") + "\n";
    for (row, outcome) in rows.zip(outcomes) {
        writeln!(text, "{},{outcome}", joined(row.iter())).expect("writing to a string cannot fail");
    }
    text
}

/// Numbers in their shortest form that reads back the same, with commas between.
fn joined<'a>(numbers: impl Iterator<Item = &'a f64>) -> String {
    numbers.map(f64::to_string).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::choices::DataChoices;
    use crate::data::csv::Source;
    use crate::data::table::Values;

    fn column(set: &str, name: &str) -> Values {
        let source = Source::from_bytes(set, csv(set).expect("built in")).expect("readable");
        let typed = source.typed(&[name.to_owned()], &DataChoices::default()).expect("typed");
        typed.table.columns[0].values.clone()
    }

    fn mean(set: &str, name: &str) -> f64 {
        match column(set, name) {
            Values::Number(x) => x.iter().sum::<f64>() / x.len() as f64,
            other => panic!("{name} is not numeric: {other:?}"),
        }
    }

    #[test]
    fn the_sets_have_the_rows_and_columns_that_their_authors_give() {
        let sets = list().expect("all sets can be made");
        let shape = |name: &str| {
            let set = sets.iter().find(|set| set.name == name).expect(name);
            (set.n_rows, set.columns.len())
        };
        assert_eq!(shape("@diabetes"), (441, 11));
        assert_eq!(shape("@winequality"), (1599, 12));
        assert_eq!(shape("@iris"), (150, 5));
        assert_eq!(shape("@linnerud"), (20, 6));
        assert_eq!(shape("@masks_patients"), (50, 3));
    }

    #[test]
    fn the_numbers_are_those_of_the_sets() {
        // Oracle: R's datasets::iris; the means that linfa-datasets' own tests give for linnerud.
        assert!((mean("iris", "sepal_length") - 5.843_333_333_333_333).abs() < 1e-12);
        assert!((mean("linnerud", "weight") - 178.6).abs() < 1e-12);
        assert!((mean("linnerud", "pulse") - 56.1).abs() < 1e-12);
        assert!(mean("diabetes", "body_mass_index").abs() < 0.005);
    }

    #[test]
    fn species_are_text_in_fisher_s_order() {
        let Values::Category { codes, levels } = column("iris", "species") else {
            panic!("species are levels")
        };
        assert_eq!(levels, ["setosa", "versicolor", "virginica"]);
        assert_eq!((codes[0], codes[60], codes[149]), (0, 1, 2));
    }

    #[test]
    fn an_unknown_set_is_refused_with_those_that_there_are() {
        let error = csv("diabets").expect_err("a slip");
        assert!(error.message.contains("`@winequality`"), "{}", error.message);
        assert_eq!(error.hint.as_deref(), Some("did you mean `@diabetes`?"));
    }
}
