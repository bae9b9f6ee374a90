//! `table1.json`: every number with all its digits; a count that is withheld is `"<5"`, one that protects it null.

use serde_json::{Map, Value, json};

use crate::inference::baseline::{Content, Continuous, Counts, TableOne, Variable};
use crate::inference::suppress::Cell;
use crate::report::table_one::About;

/// The text of `table1.json`.
pub fn json(one: &TableOne, about: &About) -> String {
    let sizes: Map<String, Value> =
        one.groups.iter().cloned().zip(one.n_by_group.iter().map(|n| json!(n))).collect();
    let variables: Map<String, Value> =
        one.variables.iter().map(|v| (v.name.clone(), variable(v, one))).collect();
    let left_out: Map<String, Value> =
        one.left_out.iter().map(|(name, why)| (name.clone(), json!(why))).collect();
    let is_withheld = one.is_withheld(one.without_group);
    let rows_read = (!is_withheld).then_some(about.rows_read);
    let without_group = if is_withheld { Cell::Below } else { Cell::Count(one.without_group) };
    let document = json!({
        "schema": "clinreg-table1/1",
        "data": {"file": about.file, "sha256": about.sha256, "rows_read": rows_read},
        "by": one.by,
        "groups": one.groups,
        "n_by_group": sizes,
        "rows_without_group": cell(without_group, one.suppress_below),
        "suppress_below": one.suppress_below,
        "variables": variables,
        "left_out": left_out,
        "notices": about.notices,
    });
    format!("{document:#}\n")
}

fn variable(v: &Variable, one: &TableOne) -> Value {
    let mut map = Map::new();
    // A group may itself be called `overall`; then the sum of all has a name that no group has.
    let mut overall = "overall".to_string();
    while one.groups.contains(&overall) {
        overall.push('_');
    }
    let names = || one.groups.iter().cloned().chain([overall.clone()]);
    let below = one.suppress_below;
    let by_group: Map<String, Value> = match &v.content {
        Content::Continuous(groups) => {
            map.insert("type".to_string(), json!("continuous"));
            names().zip(groups.iter().map(|g| continuous(g, below))).collect()
        }
        Content::Categorical(levels, groups) => {
            map.insert("type".to_string(), json!("categorical"));
            map.insert("levels".to_string(), json!(levels));
            names().zip(groups.iter().map(|g| counts(levels, g, below))).collect()
        }
    };
    map.insert("by_group".to_string(), Value::Object(by_group));
    map.insert("smd".to_string(), json!(v.smd));
    if !v.smd_pairs.is_empty() {
        let pairs = v
            .smd_pairs
            .iter()
            .map(|((a, b), smd)| json!({"groups": [one.groups[*a], one.groups[*b]], "smd": smd}));
        map.insert("smd_pairs".to_string(), Value::Array(pairs.collect()));
    }
    Value::Object(map)
}

fn cell(cell: Cell, below: Option<usize>) -> Value {
    match (cell, below) {
        (Cell::Count(n), _) => json!(n),
        (Cell::Below, Some(below)) => json!(format!("<{below}")),
        (Cell::Below | Cell::Hidden, _) => Value::Null,
    }
}

fn continuous(g: &Continuous, below: Option<usize>) -> Value {
    let m = g.moments;
    json!({
        "n": cell(g.n, below),
        "missing": cell(g.missing, below),
        "mean": m.map(|m| m.mean),
        "sd": m.and_then(|m| m.sd),
        "median": m.map(|m| m.median),
        "q1": m.map(|m| m.q1),
        "q3": m.map(|m| m.q3),
        "min": m.and_then(|m| m.min),
        "max": m.and_then(|m| m.max),
    })
}

fn counts(levels: &[String], g: &Counts, below: Option<usize>) -> Value {
    let by_level: Map<String, Value> = levels
        .iter()
        .zip(g.levels.iter().zip(&g.percent))
        .map(|(level, (count, percent))| {
            (level.clone(), json!({"count": cell(*count, below), "percent": percent}))
        })
        .collect();
    json!({"n": cell(g.n, below), "missing": cell(g.missing, below), "levels": by_level})
}
