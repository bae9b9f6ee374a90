//! With small counts withheld, none can be read off or worked out from all that is written.

use std::fs;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

use crate::cli::Folder;

const BELOW: usize = 5;

/// A patient: outcome, arm, ward, a number of two values, a measurement; what is missing is `None`.
type Patient = (bool, bool, Option<u8>, bool, Option<u8>);

/// What a reader knows: counts between bounds, and which counts are the sum of others.
#[derive(Default, Clone)]
struct Knowledge {
    names: Vec<String>,
    truth: Vec<usize>,
    bounds: Vec<(usize, usize)>,
    sums: Vec<(usize, Vec<usize>)>,
}

impl Knowledge {
    fn count(&mut self, name: &str, truth: usize) -> usize {
        self.names.push(name.to_string());
        self.truth.push(truth);
        self.bounds.push((0, 1_000_000));
        self.truth.len() - 1
    }

    fn sum(&mut self, whole: usize, parts: &[usize]) {
        assert_eq!(
            self.truth[whole],
            parts.iter().map(|k| self.truth[*k]).sum::<usize>(),
            "{}",
            self.names[whole]
        );
        self.sums.push((whole, parts.to_vec()));
    }

    /// Something written says that a count lies here; it must not be false.
    fn told(&mut self, count: usize, low: usize, high: usize) {
        let (truth, name) = (self.truth[count], &self.names[count]);
        assert!(low <= truth && truth <= high, "false: `{name}` is {truth}, told as {low} to {high}");
        let now = &mut self.bounds[count];
        *now = (now.0.max(low), now.1.min(high));
    }

    /// A cell of a table: a count, `"<5"`, or nothing.
    fn cell(&mut self, count: usize, cell: &Value) {
        match cell {
            Value::Number(n) => {
                let n = n.as_f64().expect("a number").round() as usize;
                self.told(count, n, n);
            }
            Value::String(text) if text.starts_with('<') => self.told(count, 1, BELOW - 1),
            _ => {}
        }
    }

    /// Narrows the bounds by the sums; false where they contradict each other.
    fn narrow(&mut self) -> bool {
        loop {
            let before = self.bounds.clone();
            for (whole, parts) in &self.sums {
                let low: usize = parts.iter().map(|k| self.bounds[*k].0).sum();
                let high: usize = parts.iter().map(|k| self.bounds[*k].1).sum();
                let own = &mut self.bounds[*whole];
                *own = (own.0.max(low), own.1.min(high));
                let whole = *own;
                for k in parts {
                    let own = self.bounds[*k];
                    let (others_low, others_high) = (low - own.0, high - own.1);
                    let least = own.0.max(whole.0.saturating_sub(others_high));
                    let Some(most) = whole.1.checked_sub(others_low) else { return false };
                    self.bounds[*k] = (least, own.1.min(most));
                }
            }
            if self.bounds.iter().any(|(low, high)| low > high) {
                return false;
            }
            if self.bounds == before {
                return true;
            }
        }
    }

    /// The small counts that can be nothing else.
    fn leaks(mut self) -> Vec<String> {
        assert!(self.narrow(), "what is told contradicts itself");
        let small = (0..self.truth.len()).filter(|k| (1..BELOW).contains(&self.truth[*k]));
        let alone = |k: &usize| {
            let possible = (self.bounds[*k].0..=self.bounds[*k].1).filter(|n| {
                let mut assumed = self.clone();
                assumed.bounds[*k] = (*n, *n);
                assumed.narrow()
            });
            possible.take(2).count() == 1
        };
        small.filter(alone).map(|k| format!("{} is {}", self.names[k], self.truth[k])).collect()
    }
}

fn csv(patients: &[Patient]) -> String {
    let line = |(k, (died, arm, ward, flag, score)): (usize, &Patient)| {
        let ward = ward.map_or("", |w| ["north", "south", "east", "west"][usize::from(w)]);
        let score = score.map_or(String::new(), |s| (usize::from(s) * 7 + k % 7).to_string());
        let arm = if *arm { "new" } else { "old" };
        format!("{},{arm},{ward},{},{score}\n", u8::from(*died), u8::from(*flag))
    };
    format!("died,arm,ward,flag,score\n{}", patients.iter().enumerate().map(line).collect::<String>())
}

fn json(folder: &Folder, name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(folder.path(name)).expect("it is there")).expect("JSON")
}

const LEVELS: [&str; 4] = ["north", "south", "east", "west"];

/// The rows, how many were dropped and why, and the combinations of what is missing; `complete` where rows with gaps are dropped.
fn rows_told(patients: &[Patient], data: &Value, csv: Option<&str>, complete: bool) -> Knowledge {
    let mut known = Knowledge::default();
    let lacking = |wanted: [bool; 2]| {
        patients.iter().filter(|(_, _, ward, _, score)| [ward.is_none(), score.is_none()] == wanted).count()
    };
    let read = known.count("rows read", patients.len());
    let whole = known.count("rows without a gap", lacking([false, false]));
    let broken = known.count("rows with a gap", patients.len() - lacking([false, false]));
    known.sum(read, &[whole, broken]);
    let nothing = known.count("no rows", 0);
    let (used, dropped) = if complete { (whole, broken) } else { (read, nothing) };
    let patterns = [("ward alone", [true, false]), ("score alone", [false, true]), ("both", [true, true])]
        .map(|(name, wanted)| known.count(&format!("rows that lack {name}"), lacking(wanted)));
    known.sum(broken, &patterns);
    let gaps = [("ward", [patterns[0], patterns[2]]), ("score", [patterns[1], patterns[2]])];
    let notices = data["notices"].to_string();
    for (name, parts) in gaps {
        let truth = parts.iter().map(|k| known.truth[*k]).sum();
        let count = known.count(&format!("rows that lack {name}"), truth);
        known.sum(count, &parts);
        known.cell(count, &data["missing"][name]);
    }
    known.cell(read, &data["rows_read"]);
    known.cell(used, &data["rows_used"]);
    known.cell(dropped, &data["rows_dropped"]);
    if notices.contains("fewer than 5 rows were dropped") {
        known.told(dropped, 1, BELOW - 1);
    }
    for line in csv.into_iter().flat_map(str::lines).skip(1) {
        let header: Vec<&str> =
            csv.and_then(|csv| csv.lines().next()).expect("a header").split(',').collect();
        let cells: Vec<&str> = line.split(',').collect();
        let lacks =
            |name: &str| header.iter().zip(&cells).any(|(column, cell)| *column == name && *cell == "1");
        let count = match (lacks("ward"), lacks("score")) {
            (false, false) => whole,
            (true, false) => patterns[0],
            (false, true) => patterns[1],
            (true, true) => patterns[2],
        };
        let n = cells[cells.len() - 1].parse().expect("a count");
        known.told(count, n, n);
    }
    let imputed = notices.split("cells imputed: ").nth(1).unwrap_or_default();
    for (name, count) in [("ward", patterns[0]), ("score", patterns[1])] {
        let told =
            imputed.split(&format!("`{name}` ")).nth(1).and_then(|rest| rest.split(['"', ',', ';']).next());
        if let Some(n) = told.and_then(|n| n.parse::<usize>().ok()) {
            let cells =
                known.count(&format!("cells of {name}"), known.truth[count] + known.truth[patterns[2]]);
            known.sum(cells, &[count, patterns[2]]);
            known.told(cells, n, n);
        }
    }
    known
}

/// The counts of a table by group, and its sums: levels of the ward, values of the flag, what is missing.
struct Counts {
    known: Knowledge,
    /// By group, then overall.
    groups: Vec<Group>,
}

/// The group, its rows, those of each ward, those without a ward, those with each value of the flag.
type Group = (String, usize, Vec<usize>, usize, [usize; 2]);

fn counts(patients: &[&Patient], group_of: &dyn Fn(&Patient) -> &'static str) -> Counts {
    let mut known = Knowledge::default();
    let mut names: Vec<&str> = patients.iter().map(|p| group_of(p)).collect();
    names.sort_unstable();
    names.dedup();
    names.push("overall");
    let mut groups = Vec::new();
    for name in names {
        let of: Vec<&&Patient> =
            patients.iter().filter(|p| name == "overall" || group_of(p) == name).collect();
        let n = known.count(&format!("rows of {name}"), of.len());
        let wards: Vec<usize> = (0..LEVELS.len())
            .map(|k| {
                let truth = of.iter().filter(|p| p.2.is_some_and(|w| usize::from(w) == k)).count();
                known.count(&format!("ward {} of {name}", LEVELS[k]), truth)
            })
            .collect();
        let without = known.count(&format!("no ward of {name}"), of.iter().filter(|p| p.2.is_none()).count());
        known.sum(n, &[&wards[..], &[without]].concat());
        let flags = [false, true].map(|flag| {
            let truth = of.iter().filter(|p| p.3 == flag).count();
            known.count(&format!("flag {} of {name}", u8::from(flag)), truth)
        });
        known.sum(n, &flags);
        groups.push((name.to_string(), n, wards, without, flags));
    }
    let (overall, parts) = groups.split_last().expect("the sum of all is there");
    known.sum(overall.1, &parts.iter().map(|g| g.1).collect::<Vec<_>>());
    for k in 0..LEVELS.len() {
        known.sum(overall.2[k], &parts.iter().map(|g| g.2[k]).collect::<Vec<_>>());
    }
    known.sum(overall.3, &parts.iter().map(|g| g.3).collect::<Vec<_>>());
    for k in 0..2 {
        known.sum(overall.4[k], &parts.iter().map(|g| g.4[k]).collect::<Vec<_>>());
    }
    Counts { known, groups }
}

impl Counts {
    /// Shares of the levels, and the mean of the flag, in a model file or an evaluation.
    fn shares(&mut self, variables: &Value) {
        let of = |name: &str| match &variables[name]["evaluation"] {
            Value::Null => variables[name].clone(),
            own => own.clone(),
        };
        let (_, _, wards, _, flags) = self.groups[self.groups.len() - 1].clone();
        let ward = of("ward");
        let n = ward["n"].as_f64().unwrap_or(0.0);
        for (level, count) in LEVELS.iter().zip(&wards) {
            if let Some(share) = ward["levels"][level].as_f64() {
                self.known.cell(*count, &Value::from(share * n));
            }
        }
        let flag = of("flag");
        if let (Some(n), Some(mean)) = (flag["n"].as_f64(), flag["mean"].as_f64()) {
            self.known.cell(flags[1], &Value::from(mean * n));
        }
    }

    /// The cells of `table1.json`.
    fn table(&mut self, table: &Value) {
        for (name, n, wards, without, flags) in self.groups.clone() {
            self.known.cell(n, &table["n_by_group"][&name]);
            let ward = &table["variables"]["ward"]["by_group"][&name];
            for (level, count) in LEVELS.iter().zip(&wards) {
                self.known.cell(*count, &ward["levels"][level]["count"]);
            }
            self.known.cell(without, &ward["missing"]);
            let flag = &table["variables"]["flag"]["by_group"][&name];
            for (k, count) in flags.iter().enumerate() {
                self.known.cell(*count, &flag["levels"][k.to_string()]["count"]);
            }
            if let (Some(mean), Some(n)) = (flag["mean"].as_f64(), flag["n"].as_f64()) {
                self.known.cell(flags[1], &Value::from(mean * n));
            }
        }
    }

    /// The cells of the table in a report's page: lines of the variable's levels, one cell a group.
    fn page(&mut self, html: &str) {
        let cells_of = |line: &str| -> Vec<String> {
            line.split("<td")
                .skip(1)
                .filter_map(|cell| Some(cell.split_once('>')?.1.split("</td>").next()?.to_string()))
                .collect()
        };
        let mut variable = String::new();
        for line in html.lines().filter(|line| line.starts_with("<tr class=\"")) {
            let cells = cells_of(line);
            if line.starts_with("<tr class=\"first\"") {
                variable = cells[0].split(',').next().expect("a name").to_string();
                continue;
            }
            let k = LEVELS.iter().position(|level| *level == cells[0]);
            for (cell, group) in cells[1..].iter().zip(self.groups.clone()) {
                let count = match (variable.as_str(), k, cells[0].as_str()) {
                    ("ward", Some(k), _) => group.2[k],
                    ("ward", None, "missing") => group.3,
                    ("flag", _, "0") => group.4[0],
                    ("flag", _, "1") => group.4[1],
                    _ => continue,
                };
                let text = cell.replace("&lt;", "<");
                let number = text.split(' ').next().and_then(|n| n.parse::<usize>().ok());
                self.known.cell(count, &number.map_or(Value::from(text), Value::from));
            }
        }
    }
}

/// Events and non-events beyond each cut of the risk that an evaluation tells, and in groups and bins.
fn few_between_cuts(found: &Value) -> Vec<String> {
    let number = |value: &Value| value.as_f64().expect("a number");
    let (n, events) = (number(&found["n"]), number(&found["n_events"]));
    let mut cuts = vec![[0.0, 0.0], [n - events, events]];
    let list = |name: &str| found[name].as_array().cloned().unwrap_or_default();
    for point in list("roc") {
        cuts.push([
            number(&point["false_positive_rate"]) * (n - events),
            number(&point["sensitivity"]) * events,
        ]);
    }
    for c in list("classification") {
        cuts.push([number(&c["false_positives"]), number(&c["true_positives"])]);
    }
    for benefit in list("decision_curve").iter().chain(&list("net_benefit")) {
        let (model, error) = (number(&benefit["model"]), number(&benefit["std_error"]));
        let harm = number(&benefit["threshold"]) / (1.0 - number(&benefit["threshold"]));
        // Two equations: TP - harm FP = n model; TP + harm^2 FP = n (error^2 (n - 1) + model^2).
        let false_positives = n * (error * error * (n - 1.0) + model * model - model) / (harm * harm + harm);
        cuts.push([false_positives, n * model + harm * false_positives]);
    }
    let is_few = |rows: f64| rows > 1e-3 && rows < BELOW as f64 - 1e-3;
    let mut few = Vec::new();
    for (k, a) in cuts.iter().enumerate() {
        for b in &cuts[..k] {
            few.extend(
                (0..2)
                    .map(|j| (a[j] - b[j]).abs())
                    .filter(|rows| is_few(*rows))
                    .map(|rows| format!("{rows:.2} between two cuts")),
            );
        }
    }
    let mut parts = |what: &str, of: Vec<[f64; 2]>| {
        for (j, all) in [n - events, events].into_iter().enumerate() {
            let shown = of.iter().map(|part| part[j]);
            few.extend(
                shown
                    .clone()
                    .chain([all - shown.sum::<f64>()])
                    .filter(|rows| is_few(*rows))
                    .map(|rows| format!("{rows:.2} in {what}")),
            );
        }
    };
    let groups = list("calibration_groups");
    parts(
        "a group",
        groups.iter().map(|g| [number(&g["n"]) - number(&g["events"]), number(&g["events"])]).collect(),
    );
    let bins = &found["risk_distribution"];
    let pairs = bins["non_events"]
        .as_array()
        .into_iter()
        .flatten()
        .zip(bins["events"].as_array().into_iter().flatten());
    parts("a bin", pairs.filter_map(|(o, e)| Some([o.as_f64()?, e.as_f64()?])).collect());
    few
}

/// How a fit treats its rows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Rows with a gap are dropped.
    Complete,
    /// The same, swept on disk.
    Swept,
    /// Gaps are filled.
    Imputed,
}

/// Everything small that the outputs of `fit`, `evaluate` and `describe` give away.
fn leaks(patients: &[Patient], options: &[&str], treatment: bool, way: Way) -> Vec<String> {
    let folder = Folder::new();
    fs::write(folder.path("p.csv"), csv(patients)).expect("written");
    let mut found = Vec::new();
    let described = folder.run(&[&["describe", "p.csv", "--by", "arm", "-o", "table"], options].concat());
    if described.status == Some(0) {
        let all: Vec<&Patient> = patients.iter().collect();
        let mut known = counts(&all, &|p| if p.1 { "new" } else { "old" });
        known.table(&json(&folder, "table/table1.json"));
        found.extend(known.known.leaks().into_iter().map(|leak| format!("describe: {leak}")));
    }
    let formula = "died ~ arm + ward + flag + score";
    let more: &[&str] = if treatment { &["--treatment", "arm"] } else { &[] };
    let by_way: &[&str] = match way {
        Way::Complete => &[],
        Way::Swept => &["--memory", "1MB"],
        Way::Imputed => &["--missing", "impute", "--imputations", "2"],
    };
    let fitted = folder.run(&[&["fit", "p.csv", formula, "-o", "out"], options, more, by_way].concat());
    let complete = way != Way::Imputed;
    let used: Vec<&Patient> =
        patients.iter().filter(|p| !complete || (p.2.is_some() && p.4.is_some())).collect();
    let events = used.iter().filter(|p| p.0).count();
    let few = [events, used.len() - events].iter().any(|n| (1..BELOW).contains(n));
    if !matches!(fitted.status, Some(0 | 3)) {
        assert!(fitted.err.contains("hint: "), "{}", fitted.err);
        return found;
    }
    if few {
        found.push(format!("{events} events of {}", used.len()));
    }
    let model = json(&folder, "out/model.json");
    let missing = fs::read_to_string(folder.path("out/missing.csv")).ok();
    assert_eq!(way == Way::Swept, model["data"]["notices"].to_string().contains("swept on disk"));
    let known = rows_told(patients, &model["data"], missing.as_deref(), complete);
    found.extend(known.leaks().into_iter().map(|leak| format!("fit: {leak}")));
    let html = fs::read_to_string(folder.path("out/report.html")).expect("it is there");
    let group_of: &dyn Fn(&Patient) -> &'static str = if treatment {
        &|p: &Patient| if p.1 { "new" } else { "old" }
    } else {
        &|p: &Patient| if p.0 { "1" } else { "0" }
    };
    let mut known = counts(&used, group_of);
    if complete {
        known.shares(&model["case_mix"]["variables"]); // of patients, not of what was filled in
    }
    if options.is_empty() {
        found.extend(known.known.clone().leaks()); // the table of all rows is another
    } else {
        known.page(&html);
        for text in [&html, &fitted.out, &fs::read_to_string(folder.path("out/methods.txt")).expect("there")]
        {
            let (read, dropped) = (patients.len(), patients.len() - used.len());
            let told = [
                format!("{read} rows"),
                format!("of {read}"),
                format!("{dropped} dropped"),
                format!("<b>{read}</b>"),
            ];
            let words = told.iter().find(|words| text.contains(words.as_str()));
            found.extend(
                words.filter(|_| (1..BELOW).contains(&dropped)).map(|words| format!("told: {words}")),
            );
        }
    }
    found.extend(known.known.leaks().into_iter().map(|leak| format!("fit: {leak}")));
    if let Some(arms) = folder.path("out/effects.json").exists().then(|| json(&folder, "out/effects.json")) {
        for arm in arms["arms"].as_array().into_iter().flatten() {
            let (n, events) = (arm["n"].as_f64().expect("n"), arm["events"].as_f64().expect("events"));
            let small = [n, events, n - events].into_iter().find(|n| *n > 0.0 && *n < BELOW as f64);
            found.extend(small.map(|n| format!("fit: {n} in an arm")));
        }
    }
    let thresholds = ["evaluate", "out/model.json", "p.csv", "-o", "new", "--thresholds", "0.1,0.3,0.5"];
    let ended = folder.run(&[&thresholds[..], options].concat());
    if ended.status == Some(0) {
        let evaluation = json(&folder, "new/evaluation.json");
        let known = rows_told(patients, &evaluation["data"], None, true);
        let whole: Vec<&Patient> = patients.iter().filter(|p| p.2.is_some() && p.4.is_some()).collect();
        let mut shares = counts(&whole, group_of);
        shares.shares(&evaluation["case_mix"]["variables"]);
        let all = known.leaks().into_iter().chain(shares.known.leaks()).chain(few_between_cuts(&evaluation));
        found.extend(all.map(|leak| format!("evaluate: {leak}")));
    }
    found
}

fn patient() -> impl Strategy<Value = Patient> {
    (
        proptest::bool::weighted(0.3),
        proptest::bool::weighted(0.4),
        prop_oneof![10 => Just(Some(0)), 6 => Just(Some(1)), 2 => Just(Some(2)), 1 => Just(Some(3)), 1 => Just(None)],
        proptest::bool::weighted(0.15),
        prop_oneof![12 => (0..9_u8).prop_map(Some), 1 => Just(None)],
    )
}

#[test]
fn no_small_count_is_told_or_can_be_worked_out() {
    const CASES: u32 = 24;
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(CASES);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 60, ..Config::default() };
    TestRunner::new(config)
        .run(&(prop::collection::vec(patient(), 20..=60), any::<bool>()), |(patients, treatment)| {
            let found = leaks(&patients, &["--suppress-below", "5"], treatment, Way::Complete);
            prop_assert!(found.is_empty(), "{found:?}");
            Ok(())
        })
        .unwrap_or_else(|why| panic!("{why}"));
}

#[test]
fn no_small_count_of_imputed_rows_is_told() {
    const CASES: u32 = 10;
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(CASES);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 60, ..Config::default() };
    TestRunner::new(config)
        .run(&prop::collection::vec(patient(), 30..=70), |patients| {
            let found = leaks(&patients, &["--suppress-below", "5"], false, Way::Imputed);
            prop_assert!(found.is_empty(), "{found:?}");
            Ok(())
        })
        .unwrap_or_else(|why| panic!("{why}"));
}

/// Few patients with something rare among very many without it.
#[test]
fn no_small_count_of_swept_rows_is_told() {
    const CASES: u32 = 3;
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(CASES);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 0, ..Config::default() };
    TestRunner::new(config)
        .run(&prop::collection::vec(patient(), 5..=30), |rare| {
            let common = |k: usize| -> Patient {
                (k * 7 % 10 < 3, k.is_multiple_of(3), Some((k % 2) as u8), false, Some((k * 5 % 9) as u8))
            };
            let patients: Vec<Patient> = (0..500_000).map(common).chain(rare).collect();
            let found = leaks(&patients, &["--suppress-below", "5"], false, Way::Swept);
            prop_assert!(found.is_empty(), "{found:?}");
            Ok(())
        })
        .unwrap_or_else(|why| panic!("{why}"));
}

/// The same check finds every kind of count where nothing is withheld.
#[test]
fn without_withholding_every_kind_of_small_count_is_found() {
    let of = |k: usize| -> Patient {
        let ward = if k % 20 == 7 { None } else { Some([0, 1, 0, 1, 0, 2][k % 6] + u8::from(k % 18 == 5)) };
        let score = if k == 31 { None } else { Some((k * 5 % 9) as u8) };
        (k * 7 % 10 < 3, k.is_multiple_of(3), ward, k % 17 == 2, score)
    };
    let patients: Vec<Patient> = (0..60).map(of).collect();
    let found = leaks(&patients, &[], false, Way::Complete).join("\n");
    for words in [
        "describe: ward west of",
        "describe: no ward of",
        "fit: rows with a gap is 4",
        "fit: rows that lack score",
        "flag 1 of overall is",
        "between two cuts",
        "in a bin",
    ] {
        assert!(found.contains(words), "no `{words}` in\n{found}");
    }
}
