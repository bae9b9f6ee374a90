//! Several ranks against one process.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::data::ranks::open_by;
use crate::error::{Kind, Result};
use crate::fit::large::tests::{alike, registry_text, specs};
use crate::fit::large::{Storage, fit_with};
use crate::fit::result::Fit;
use crate::fit::spec::{ClusterCorrection, MethodName, Penalty, Robust, Spec};
use crate::optimise::watch::Unwatched;
use crate::performance::case_mix::Mix;
use crate::team::Team;
use crate::team::threads::on_threads;

fn file(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a temporary folder can be written to");
    path
}

/// What each rank gives that opens the file of its number, or the only one there is.
fn ranks(
    files: &[PathBuf],
    size: usize,
    spec: &Spec,
    storage: &Storage,
    cells: usize,
) -> Vec<Result<Option<Fit>>> {
    on_threads(size, &|team: Arc<dyn Team>| {
        // files so small are read whole by every rank, unless they are called big
        let small = if storage == &Storage::Memory { 0 } else { 1 << 20 };
        let (source, ranks) = open_by(&files[team.rank() % files.len()], team, small)?;
        let found = fit_with(spec, &source, storage, cells, &ranks, &mut Unwatched)?;
        Ok(found.map(|large| large.fit))
    })
}

fn first(mut found: Vec<Result<Option<Fit>>>) -> Fit {
    assert!(found.iter().skip(1).all(|other| matches!(other, Ok(None))), "only rank 0 has a fit");
    found.swap_remove(0).expect("a fit").expect("of rank 0")
}

fn without_influence(fit: Fit) -> Fit {
    Fit { influence: None, ..fit }
}

/// Everything that both know; moments of the variables to rounding.
fn together_alike(alone: &Fit, together: &Fit) {
    alike(alone, together);
    for ((name, a), (other, b)) in alone.case_mix.variables.iter().zip(&together.case_mix.variables) {
        assert_eq!(name, other);
        match (a, b) {
            (Mix::Number(a), Mix::Number(b)) => {
                assert_eq!(a.n, b.n);
                assert!(
                    (a.mean - b.mean).abs() <= 1e-12 * a.sd && (a.sd - b.sd).abs() <= 1e-12 * a.sd,
                    "{name}"
                );
            }
            (Mix::Levels { shares: a, .. }, Mix::Levels { shares: b, .. }) => {
                let near = |(x, y): (&(String, f64), &(String, f64))| x.0 == y.0 && (x.1 - y.1).abs() < 1e-14;
                assert!(a.len() == b.len() && a.iter().zip(b).all(near), "{name}");
            }
            _ => panic!("{name} is a number for one and a factor for the other"),
        }
    }
}

#[test]
fn any_number_of_ranks_gives_the_coefficients_of_one_to_ten_digits() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let whole = [file(folder.path(), "registry.csv", &registry_text(3000))];
    for cells in [usize::MAX, 0] {
        for spec in specs().iter().filter(|s| super::needs_one_process(s).is_none()) {
            let alone = without_influence(first(ranks(&whole, 1, spec, &Storage::Memory, cells)));
            for (size, storage) in
                [(2, Storage::Memory), (3, Storage::Disk(std::env::temp_dir())), (5, Storage::Memory)]
            {
                let fit = first(ranks(&whole, size, spec, &storage, cells));
                together_alike(&alone, &fit);
                for (a, b) in alone.coefficients.iter().zip(&fit.coefficients) {
                    let (a, b) = (a.estimate.unwrap_or(0.0), b.estimate.unwrap_or(0.0));
                    assert!(
                        (a - b).abs() <= 1e-10 * a.abs().max(1.0),
                        "{size} ranks, {}: {a} {b}",
                        spec.formula
                    );
                }
                assert!(
                    fit.ledger.notices.iter().any(|n| n.contains("ranks share the rows of `registry.csv`"))
                );
            }
        }
    }
}

#[test]
fn shares_of_a_file_are_its_rows_whatever_its_quotation_marks() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let plain: String = (0..500).map(|i| format!("{},{},{}\n", i % 7, (i * i) % 11, i % 3)).collect();
    let broken = plain.replace(",2\n", ",\"a\n1,1,1\nb\"\n"); // cells that look like rows
    let odd = plain.replacen("3,9,0\n", "3,9,\n,,\n,,\n", 1) + ",,\n\n,,\n"; // rows without values
    for (k, text) in [plain, broken.replace('\n', "\r\n"), broken, odd].iter().enumerate() {
        let path = file(folder.path(), &format!("{k}.csv"), &format!("y,x,z\n{text}"));
        let whole = crate::data::csv::open(&path).expect("a table");
        for size in [2, 3, 7] {
            let shares = on_threads(size, &|team: Arc<dyn Team>| {
                let (source, ranks) = open_by(&path, team, 0).expect("a share");
                (source.cells("z").expect("cells"), source.sha256.clone(), ranks.rank())
            });
            assert!(shares.iter().all(|(_, sha256, _)| *sha256 == whole.sha256), "{size} shares of {k}");
            let cells: Vec<String> = shares.into_iter().flat_map(|(cells, ..)| cells).collect();
            assert_eq!(cells, whole.cells("z").expect("cells"), "{size} shares of file {k}");
        }
    }
}

#[test]
fn mini_batches_take_the_steps_of_one_process() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let whole = [file(folder.path(), "registry.csv", &registry_text(1000))];
    let spec = Spec {
        method: MethodName::GradientDescent,
        batch_size: Some(64),
        max_epochs: Some(3),
        ..Spec::new("died ~ age + sex + sbp")
    };
    let alone = first(ranks(&whole, 1, &spec, &Storage::Memory, usize::MAX));
    let three = first(ranks(&whole, 3, &spec, &Storage::Memory, usize::MAX));
    together_alike(&without_influence(alone.clone()), &three);
    for (a, b) in alone.history.records.iter().zip(&three.history.records) {
        assert!((a.loss - b.loss).abs() < 1e-12 && (a.gradient_norm - b.gradient_norm).abs() < 1e-12);
    }
}

/// Rows of the registry from one on, with the header.
fn part(text: &str, from: usize, to: usize) -> String {
    let mut lines = text.lines();
    let header = lines.next().expect("a header").to_string();
    let rows: Vec<&str> = lines.skip(from).take(to - from).collect();
    format!("{header}\n{}\n", rows.join("\n"))
}

#[test]
fn ranks_with_files_of_their_own_give_the_answers_of_the_files_together() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text = registry_text(3000);
    let whole = [file(folder.path(), "all.csv", &text)];
    let own = [
        file(folder.path(), "a.csv", &part(&text, 0, 700)),
        file(folder.path(), "b.csv", &part(&text, 700, 2100)),
        file(folder.path(), "c.csv", &part(&text, 2100, 3000)),
    ];
    for spec in [
        Spec::new("died ~ rcs(age, c(45, 60, 80)) * sex + sbp + site"),
        Spec::new("days ~ age + sex + twice"),
    ] {
        let alone = first(ranks(&whole, 1, &spec, &Storage::Memory, usize::MAX));
        let fit = first(ranks(&own, 3, &spec, &Storage::Memory, usize::MAX));
        for (a, b) in alone.coefficients.iter().zip(&fit.coefficients) {
            let (a, b) = (a.estimate.unwrap_or(0.0), b.estimate.unwrap_or(0.0));
            assert!((a - b).abs() <= 1e-10 * a.abs().max(1.0), "{a} {b}");
        }
        if let (Some(a), Some(b)) = (alone.statistics.auc, fit.statistics.auc) {
            assert!((a - b).abs() < 1e-3, "{a} {b}"); // in cells of 0.001 of risk
        }
        assert_eq!(fit.ledger.file, "a.csv,b.csv,c.csv");
    }
}

#[test]
fn what_ranks_cannot_do_they_all_say() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text = registry_text(600);
    let own = |rows: usize| {
        [
            file(folder.path(), &format!("a{rows}.csv"), &part(&text, 0, 600 - rows)),
            file(folder.path(), &format!("b{rows}.csv"), &part(&text, 600 - rows, 600)),
        ]
    };
    let table = [
        (
            own(5),
            "died ~ age + sex + sbp + days + ward",
            "rank 1 has 5 complete rows of its own and the model 7 coefficients",
        ),
        (own(200), "died ~ rcs(age, 4) + sex", "only sums may leave a rank"),
        (own(200), "died ~ nobody", "nobody"),
    ];
    for (files, formula, words) in table {
        let found = ranks(&files, 2, &Spec::new(formula), &Storage::Memory, usize::MAX);
        for one in found {
            let error = one.expect_err(formula);
            assert!(error.message.contains(words), "{}", error.message);
        }
    }
    let text = "y,x\n1,2\n2,3\n3,5\n4,4\n5,9\n6,7\n7,6\n8,1\n";
    let numbers = file(folder.path(), "numbers.csv", text);
    let texts = file(
        folder.path(),
        "texts.csv",
        &text
            .replace(",2", ",two")
            .replace(",3", ",three")
            .replace(",5", ",five")
            .replace(",4", ",four")
            .replace(",9", ",nine"),
    );
    for one in ranks(&[numbers, texts], 2, &Spec::new("y ~ x"), &Storage::Memory, usize::MAX) {
        let error = one.expect_err("numbers and texts");
        assert!(error.message.contains("column `x`") && error.kind == Kind::Data, "{}", error.message);
    }
}

#[test]
fn a_separated_table_is_found_separated_by_all_ranks_together() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let rows: String =
        (0..400).map(|i| format!("{},{},{}\n", u8::from(i % 40 > 20), i % 40, (i * 7) % 11)).collect();
    let whole = [file(folder.path(), "cut.csv", &format!("died,x,z\n{rows}"))];
    let fit = first(ranks(&whole, 2, &Spec::new("died ~ x + z"), &Storage::Memory, usize::MAX));
    assert!(!fit.convergence.converged);
    let found = fit.convergence.separation.expect("separated");
    assert!(found.complete && found.rows == Some(400), "{found:?}");
}

#[test]
fn penalties_of_given_strength_shrink_the_same_among_any_number_of_ranks() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let whole = [file(folder.path(), "registry.csv", &registry_text(3000))];
    let penalised = |formula: &str, lambda, alpha| Spec {
        penalty: Penalty::ElasticNet { lambda: Some(lambda), alpha },
        weights: Some("n".to_string()),
        ..Spec::new(formula)
    };
    let in_batches = Spec {
        method: MethodName::GradientDescent,
        batch_size: Some(200),
        max_epochs: Some(30),
        ..penalised("died ~ age + sex + sbp", 0.05, 0.0)
    };
    let specs = [
        penalised("died ~ age * sex + sbp + site", 0.02, 0.0),
        penalised("days ~ rcs(age, 4) + sbp + site", 0.05, 1.0),
        penalised("died ~ age + sbp + sex - 1", 0.02, 0.4),
        in_batches,
    ];
    for (cells, spec) in specs.iter().flat_map(|spec| [(usize::MAX, spec), (0, spec)]) {
        let alone = first(ranks(&whole, 1, spec, &Storage::Memory, cells));
        for (size, storage) in [(2, Storage::Memory), (3, Storage::Disk(std::env::temp_dir()))] {
            let together = first(ranks(&whole, size, spec, &storage, cells));
            for (a, b) in alone.coefficients.iter().zip(&together.coefficients) {
                let (a, b) = (a.estimate.expect("kept"), b.estimate.expect("kept"));
                let what = format!("{size} ranks, {}: {a} {b}", spec.formula);
                assert!((a - b).abs() <= 1e-10 * a.abs().max(1.0) && (a == 0.0) == (b == 0.0), "{what}");
            }
            let used = |fit: &Fit| fit.penalty.as_ref().map(|used| (used.non_zero, used.duality_gap));
            let ((kept, gap), (wanted, least)) = used(&together).zip(used(&alone)).expect("penalties");
            assert!(kept == wanted && gap < 1e-9 + 2.0 * least, "{gap} {least}");
            assert_eq!(alone.convergence.converged, together.convergence.converged);
        }
    }
}

#[test]
fn clusters_that_no_rank_has_all_of_are_put_together_by_their_names() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text = registry_text(2000);
    let whole = [file(folder.path(), "registry.csv", &text)];
    let spec = |variable: &str| Spec {
        robust: Robust::Cluster { variable: variable.to_string(), correction: ClusterCorrection::Cr1 },
        ..Spec::new("died ~ age + sex + sbp")
    };
    for variable in ["days", "age", "site"] {
        let alone = first(ranks(&whole, 1, &spec(variable), &Storage::Memory, usize::MAX));
        for (size, storage) in [(2, Storage::Memory), (3, Storage::Disk(std::env::temp_dir()))] {
            let together = first(ranks(&whole, size, &spec(variable), &storage, usize::MAX));
            for (a, b) in alone.coefficients.iter().zip(&together.coefficients) {
                let (a, b) = (a.std_error.expect("an error"), b.std_error.expect("an error"));
                assert!((a - b).abs() < 1e-10 * a, "{variable}, {size} ranks, {}: {a} {b}", alone.formula);
            }
        }
    }
    let own = [
        file(folder.path(), "a.csv", &part(&text, 0, 900)),
        file(folder.path(), "b.csv", &part(&text, 900, 2000)),
    ];
    for one in ranks(&own, 2, &spec("site"), &Storage::Memory, usize::MAX) {
        let error = one.expect_err("a cluster may be one patient");
        assert!(error.message.contains("would leave a rank"), "{}", error.message);
    }
}
