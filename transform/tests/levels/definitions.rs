//! Definitions planted for the test: distinct people, and a percentile with a stratum.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use homeward_transform::definition::{Catalogue, sql_sha256};

/// Distinct ages stand for distinct people: many clocks share one, across areas and months.
pub(crate) const PEOPLE: &str = "planted-people";
/// The first quartile of minutes.
pub(crate) const QUARTILE: &str = "planted-quartile";

fn sql(own: &str) -> String {
    format!(
        "SELECT 'live' AS basis, c.provider, c.icb, c.lcp, c.pcn, p.period, {own}, c.source_rank,
       CASE WHEN c.true_minutes <= 60 THEN 'short' ELSE 'long' END AS band,
       CASE WHEN c.true_minutes > 150 THEN 1 ELSE 0 END AS count_late
FROM live_clock c
JOIN period p ON c.stopped_at >= p.starts_at AND c.stopped_at < p.ends_at
WHERE c.stopped_at <= $as_of AND (p.grain = 'month' OR p.period IN ('window:7d', 'window:28d'))"
    )
}

fn plant(folder: &Path, id: &str, kind: &str, sql: &str) {
    let toml = format!(
        r#"id = "{id}"
title = "Planted"
question = "How many?"
theme = "T1"
statement = "None"
owner = "One role"
checker = "Another role"
next_review = "2027-04-30"
version = 1
sql_sha256 = "{}"
status = "live"
{kind}
direction = "context"
numerator = "What is planted"
default_basis = "live"
strata = ["band"]
grains = ["month", "window"]
windows = ["7d", "28d"]
interval = "none"
release = "internal-live"
feeds = ["ucr"]
counts = ["late"]

[[basis]]
id = "live"
title = "Live"
period_column = "stopped_at"
note = "Planted."
"#,
        sql_sha256(sql)
    );
    let own = folder.join(id);
    fs::create_dir(&own).expect("a folder");
    fs::write(own.join("indicator.toml"), toml).expect("writes");
    fs::write(own.join("indicator.sql"), sql).expect("writes");
}

pub(crate) fn catalogue() -> Arc<Catalogue> {
    let folder = tempfile::tempdir().expect("a folder");
    let people = sql("CAST(c.age_years AS VARCHAR) AS person");
    plant(folder.path(), PEOPLE, "kind = \"people\"\nunit = \"people\"", &people);
    let kind = "kind = \"quantile\"\nquantile = 0.25\nunit = \"minutes\"\ndenominator = \"Clocks\"";
    plant(folder.path(), QUARTILE, kind, &sql("c.true_minutes AS measure"));
    Arc::new(Catalogue::load(folder.path()).expect("the planted definitions are sound"))
}
