//! What a question is asked of: simulated facts, and what is wanted of them.

use chrono::{DateTime, NaiveDate, Utc};
use homeward_contract::geography::Geography;

use crate::Fault;
use crate::sheet::{Alone, Sink};

/// Simulated facts, and the figures that are asked of them.
pub(crate) trait World {
    /// In words, for the report.
    fn described(&self) -> String;

    /// The indicators that are computed, and of each the companion counts that are compared beside numerator and denominator.
    fn indicators(&self) -> &'static [(&'static str, &'static [&'static str])];

    fn geography(&self) -> Result<Geography, Fault>;

    /// Practices with board, partnership and network, as the geography has them.
    fn practices(&self) -> Result<Vec<[String; 4]>, Fault> {
        let geography = self.geography()?;
        let areas = |(code, network): (&str, &homeward_contract::geography::Pcn)| {
            let board = geography.icb_of_practice(code).unwrap_or_default();
            [code, board, &network.lcp, &network.code].map(str::to_owned)
        };
        Ok(geography.practices().map(areas).collect())
    }

    /// The first day that is counted.
    fn first_day(&self) -> NaiveDate;

    /// The instant that figures speak for.
    fn as_of(&self) -> DateTime<Utc>;

    /// Every fact, in the order in which sources tell of them.
    fn tell(&self, sink: &mut Sink<'_>) -> Result<(), Fault>;

    /// One late correction: a discharge that moves by days, told weeks after it.
    fn correct(&self, number: u64, row: &mut Alone) -> Result<(), Fault>;
}
