//! Progress of long work: a bar on a terminal, plain lines otherwise, always on standard error.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Time between two plain lines.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Progress of one piece of work.
pub(super) struct Progress {
    what: String,
    shape: Shape,
    done: u64,
}

enum Shape {
    Bar(ProgressBar),
    Lines { total: Option<u64>, last: Instant },
}

impl Progress {
    /// Starts; `total` is the number of steps when it is known.
    pub(super) fn start(what: &str, total: Option<u64>) -> Self {
        let shape = if std::io::stderr().is_terminal() {
            let bar = total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
            let template = if total.is_some() {
                "{msg:28} [{bar:32}] {human_pos}/{human_len} {per_sec} eta {eta}"
            } else {
                "{msg:28} {spinner} {human_pos} {per_sec}"
            };
            // A template that does not parse costs the looks of the bar, not the work.
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.progress_chars("=> "));
            }
            bar.set_message(what.to_owned());
            Shape::Bar(bar)
        } else {
            eprintln!("{what} ...");
            Shape::Lines { total, last: Instant::now() }
        };
        Self { what: what.to_owned(), shape, done: 0 }
    }

    /// `steps` more are done.
    pub(super) fn advance(&mut self, steps: u64) {
        self.done += steps;
        match &mut self.shape {
            Shape::Bar(bar) => bar.inc(steps),
            Shape::Lines { total, last } => {
                if last.elapsed() >= LINE_EVERY {
                    *last = Instant::now();
                    match total {
                        Some(total) => eprintln!("{}: {} of {total}", self.what, self.done),
                        None => eprintln!("{}: {}", self.what, self.done),
                    }
                }
            }
        }
    }

    /// Done; says how many.
    pub(super) fn finish(self) {
        if let Shape::Bar(bar) = &self.shape {
            bar.finish_and_clear();
        }
        eprintln!("{}: {} done", self.what, self.done);
    }
}
