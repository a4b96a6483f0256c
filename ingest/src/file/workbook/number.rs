//! One published value, and how many decimals it shows. Pure.

use homeward_contract::published::MOST_DECIMALS;

use super::table::Cell;

/// What a cell below a month holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Published {
    /// Blank: no data.
    Blank,
    /// A number.
    Number(f64),
}

/// Reads a cell; the error says what is wrong with it.
pub(super) fn published(cell: Option<&Cell>) -> Result<Published, &'static str> {
    match cell {
        None => Ok(Published::Blank),
        Some(Cell::Number(number)) => Ok(Published::Number(*number)),
        Some(Cell::Text(text)) => match text.trim() {
            "" | "-" => Ok(Published::Blank),
            text if text.ends_with('%') => Err(
                "is a percentage that was rounded for display: save the table with unrounded numbers, or load the .xlsx file",
            ),
            text => {
                let number = text.replace(',', "").parse().ok().filter(|number: &f64| number.is_finite());
                number.map(Published::Number).ok_or("holds a word where a number belongs")
            }
        },
        Some(Cell::Date(_) | Cell::Other) => Err("holds no number"),
    }
}

/// Decimals of the shortest text that gives the number.
pub(super) fn decimals(number: f64) -> u8 {
    let text = number.to_string();
    let digits = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    u8::try_from(digits).unwrap_or(MOST_DECIMALS).min(MOST_DECIMALS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_is_no_data_and_zero_is_zero() {
        let text = |text: &str| published(Some(&Cell::Text(text.to_owned())));
        assert_eq!(published(None), Ok(Published::Blank));
        assert_eq!(text(" - "), Ok(Published::Blank));
        assert_eq!(text("0"), Ok(Published::Number(0.0)));
        assert_eq!(text("63,060"), Ok(Published::Number(63_060.0)));
        assert!(text("85%").is_err() && text("*").is_err() && text("inf").is_err());
        assert_eq!((decimals(0.8667), decimals(0.853_860_032_285_633), decimals(120.0)), (4, 15, 0));
    }
}
