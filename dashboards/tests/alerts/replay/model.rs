//! When each alert fires, by the words of its rule; and which of them people are told.

use homeward_transform::statistics::is_wholly_below;

use super::history::{Area, Counts, History, STEPS};

/// Steps of half an hour, an hour, two hours and a week.
const HALF_HOUR: usize = 2;
const HOUR: usize = 4;
const TWO_HOURS: usize = 8;
const WEEK: usize = 672;

/// An alert that fired, from a sample to the last one at which it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Episode {
    pub(super) alert: &'static str,
    pub(super) area: Area,
    /// Who takes most of the area's referrals.
    pub(super) main: String,
    pub(super) from: usize,
    pub(super) to: usize,
}

struct Rule {
    alert: &'static str,
    window: &'static str,
    target: f64,
    minimum: i64,
    hold: usize,
    keep: usize,
}

const RULES: [Rule; 3] = [
    Rule {
        alert: "UCRBelowTargetConfident",
        window: "28d",
        target: 0.8,
        minimum: 30,
        hold: HALF_HOUR,
        keep: TWO_HOURS,
    },
    Rule {
        alert: "UCRBelowNationalMinimumConfident",
        window: "28d",
        target: 0.7,
        minimum: 30,
        hold: HALF_HOUR,
        keep: TWO_HOURS,
    },
    Rule { alert: "UCRAtRisk", window: "7d", target: 0.8, minimum: 20, hold: HOUR, keep: 0 },
];

/// Every alert of the families slip and trust that a history raises.
pub(super) fn episodes(history: &History) -> Vec<Episode> {
    let mut all = Vec::new();
    for area in history.areas().filter(|area| area.is_told()) {
        let main = history.main_provider(area).code;
        for rule in &RULES {
            let counts = history.of(area, rule.window);
            let fired = firing(rule.hold, rule.keep, |step, is_firing| holds(rule, counts, step, is_firing));
            all.extend(fired.into_iter().map(|(from, to)| Episode {
                alert: rule.alert,
                area: area.clone(),
                main: main.clone(),
                from,
                to,
            }));
        }
    }
    for (provider, feed) in &history.feeds {
        let area = Area { level: "provider", code: provider.clone() };
        // `for: 5m` ends at the next sample.
        let fired = firing(1, 0, |step, _| feed.open[step] && feed.open_silence[step] > feed.expected_gap);
        all.extend(fired.into_iter().map(|(from, to)| Episode {
            alert: "UCRFeedSilent",
            area: area.clone(),
            main: provider.clone(),
            from,
            to,
        }));
    }
    all
}

fn holds(rule: &Rule, counts: &Counts, step: usize, is_firing: bool) -> bool {
    let (met, decided) = (counts.met[step], counts.met[step] + counts.late[step]);
    let below = |z| is_wholly_below(met.unsigned_abs(), decided.unsigned_abs(), z, rule.target);
    decided >= rule.minimum && (below(1.96) || is_firing && below(1.0))
}

/// Prometheus's states: a condition pends until it has held for `hold`, and fires until it has not held for `keep`.
fn firing(hold: usize, keep: usize, mut holds: impl FnMut(usize, bool) -> bool) -> Vec<(usize, usize)> {
    let mut episodes = Vec::new();
    let (mut since, mut fired, mut ceased) = (None, None, None);
    for step in 0..STEPS {
        if holds(step, fired.is_some()) {
            let since = *since.get_or_insert(step);
            ceased = None;
            if fired.is_none() && step - since >= hold {
                fired = Some(step);
            }
        } else if let Some(from) = fired {
            let ceased_at = *ceased.get_or_insert(step);
            if keep == 0 || step - ceased_at >= keep {
                episodes.push((from, step - 1));
                (since, fired, ceased) = (None, None, None);
            }
        } else {
            since = None;
        }
    }
    episodes.extend(fired.map(|from| (from, STEPS - 1)));
    episodes
}

/// What people are told: an alert when it first fires unmuted, and again each week for as long as it does.
pub(super) fn pages(fired: &[Episode]) -> Vec<Episode> {
    let mut told = Vec::new();
    for episode in fired.iter().filter(|episode| episode.alert != "UCRAtRisk") {
        let mut last: Option<usize> = None;
        for step in episode.from..=episode.to {
            if !is_muted(episode, fired, step) && last.is_none_or(|last| step - last >= WEEK) {
                told.push(Episode { from: step, to: step, ..episode.clone() });
                last = Some(step);
            }
        }
    }
    told
}

/// The inhibition rules of `alertmanager.yml` that a slip can meet here.
fn is_muted(episode: &Episode, fired: &[Episode], step: usize) -> bool {
    fired.iter().filter(|other| other.from <= step && step <= other.to).any(|other| {
        let same_area = other.area == episode.area;
        let graver = other.alert == "UCRBelowNationalMinimumConfident" && episode.alert == "UCRBelowTargetConfident";
        let narrower = match other.area.level {
            "provider" => episode.area.level != "provider",
            "lcp" => episode.area.level == "icb",
            _ => false,
        };
        let slip = |alert: &str| alert.starts_with("UCRBelow");
        let silent = other.alert == "UCRFeedSilent" && slip(episode.alert);
        same_area && (graver || silent)
            || narrower && slip(other.alert) && other.alert == episode.alert && other.main == episode.main
    })
}
