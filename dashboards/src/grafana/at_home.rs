//! Panels of people's nights: days at home never without the nights away beside them, because nearly everybody is at home on
//! nearly every night and an axis from zero would show a flat line (handbook, `days-at-home.md` section 1).

use homeward_transform::definition::{Definition, Kind};

use super::datasources::sql_curve;
use super::layout::Sheet;
use super::model::Panel;
use super::{Places, about, monthly, sql};

/// What stands beside days at home.
pub(super) const AWAY: &str = "nights-in-hospital";
/// What the names of all days at home begin with; of these, those of the people on the lists have twelve months.
const AT_HOME: &str = "days-at-home";

/// Everything about one definition. `away` is the rate of nights away, which goes with every figure of days at home.
pub(super) fn place(sheet: &mut Sheet, definition: &Definition, away: Option<&Definition>, places: &Places) {
    sheet.row(&definition.title);
    if definition.id.starts_with(AT_HOME) && definition.has_grain("twelve_months") {
        sheet.place(monthly::curve(definition, places), 12, 9);
        if let Some(away) = away {
            sheet.place(beside(definition, away, places), 12, 9);
        }
        let away = away.filter(|_| definition.id == AT_HOME);
        for drawn in [Some(definition), away].into_iter().flatten().filter(|drawn| drawn.has_grain("twelve_months")) {
            sheet.place(twelve_months(drawn, places), 12, 9);
        }
        sheet.place(monthly::table(definition, places), 24, 9);
        return;
    }
    if definition.kind == Kind::Standardised {
        // A title that says what is standardised, and for whom, needs the width.
        sheet.place(monthly::curve(definition, places), 24, 9);
        sheet.place(monthly::table(definition, places), 24, 9);
    } else if definition.has_months() {
        sheet.place(monthly::curve(definition, places), 10, 9);
        sheet.place(monthly::table(definition, places), 14, 9);
    }
    if definition.has_grain("day") {
        sheet.place(daily(definition, places), 24, 9);
    }
}

/// Winters and summers level out; there is a point a month.
fn twelve_months(definition: &Definition, places: &Places) -> Panel {
    let title = format!("{} over twelve months", definition.title);
    let text = format!(
        "The twelve months that end with each month, drawn at their end, one curve an area: sums of the months, divided last. An \
         area of which a month is missing has none. Counted: {}.",
        definition.numerator
    );
    monthly::points(about(Panel::curves(&title, &text, "none"), definition, places), definition)
        .asks(sql_curve(sql::twelve_monthly(definition)))
}

fn beside(definition: &Definition, away: &Definition, places: &Places) -> Panel {
    let text = format!(
        "The same months and areas: a night away is the rare event, so a change is seen here first. Counted: {}. The axis begins \
         at zero.",
        away.numerator
    );
    let title = format!("Nights in hospital beside {}", definition.title.to_lowercase());
    monthly::points(about(Panel::curves(&title, &text, "none"), away, places), away).asks(sql_curve(sql::monthly(away)))
}

fn daily(definition: &Definition, places: &Places) -> Panel {
    let title = format!("{} by day and area", definition.title);
    let text = format!("Each London night that is over, one curve an area. Counted: {}.", definition.numerator);
    about(Panel::curves(&title, &text, "none"), definition, places)
        .asks(sql_curve(sql::daily_own(definition)))
        .decimals(0)
        .axis(Some(0.0), None)
}
