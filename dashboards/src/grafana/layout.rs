//! Where panels stand: from left to right, row by row, without a gap that a hand would have to mend.

use super::model::{GridPos, Panel};

/// Columns of Grafana's grid.
const COLUMNS: u32 = 24;

/// A board being filled from the top.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    panels: Vec<Panel>,
    /// Column of the next panel.
    x: u32,
    /// Row of the line that is being filled.
    y: u32,
    /// Tallest panel of that line.
    height: u32,
}

impl Sheet {
    /// A heading over everything that follows.
    pub(super) fn row(&mut self, title: &str) {
        self.break_line();
        let mut row = Panel::bare("row", title);
        row.collapsed = Some(false);
        row.panels = Some(Vec::new());
        self.put(row, COLUMNS, 1);
        self.break_line();
    }

    /// A panel to the right of the last one, or on a new line where it does not fit.
    pub(super) fn place(&mut self, panel: Panel, width: u32, height: u32) {
        if self.x + width > COLUMNS {
            self.break_line();
        }
        self.put(panel, width, height);
    }

    /// Panels that share one line evenly.
    pub(super) fn line(&mut self, panels: Vec<Panel>, height: u32) {
        let count = u32::try_from(panels.len()).unwrap_or(COLUMNS).clamp(1, COLUMNS);
        for panel in panels {
            self.place(panel, COLUMNS / count, height);
        }
    }

    /// The panels in order, numbered from 1.
    pub(super) fn finish(self) -> Vec<Panel> {
        self.panels
    }

    fn put(&mut self, mut panel: Panel, width: u32, height: u32) {
        panel.id = u32::try_from(self.panels.len()).unwrap_or(u32::MAX).saturating_add(1);
        panel.grid_pos = GridPos { h: height, w: width, x: self.x, y: self.y };
        self.panels.push(panel);
        self.x += width;
        self.height = self.height.max(height);
    }

    fn break_line(&mut self) {
        self.y += self.height;
        self.x = 0;
        self.height = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_flow_from_left_to_right_and_a_heading_takes_a_line() {
        let mut sheet = Sheet::default();
        sheet.row("First");
        sheet.place(Panel::bare("stat", "a"), 12, 4);
        sheet.place(Panel::bare("stat", "b"), 12, 6);
        sheet.place(Panel::bare("stat", "c"), 8, 2);
        sheet.row("Second");
        let places: Vec<_> =
            sheet.finish().iter().map(|p| (p.id, p.grid_pos.x, p.grid_pos.y, p.grid_pos.w, p.grid_pos.h)).collect();
        assert_eq!(places, [(1, 0, 0, 24, 1), (2, 0, 1, 12, 4), (3, 12, 1, 12, 6), (4, 0, 7, 8, 2), (5, 0, 9, 24, 1)]);
    }
}
