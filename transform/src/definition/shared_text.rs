//! One SQL text for several indicators: `sql_of` names the folder that holds it, and each indicator fills in parameters of
//! its own. Pure.

use std::collections::BTreeMap;

/// The text with each `{name}` replaced by the parameter of that name.
///
/// # Errors
/// What is wrong, in words: a name without a parameter, or a parameter that the text does not name.
pub(super) fn fill(text: &str, parameters: &BTreeMap<String, String>) -> Result<String, String> {
    let mut filled = text.to_owned();
    for (name, value) in parameters {
        let place = format!("{{{name}}}");
        if !filled.contains(&place) {
            return Err(format!("the SQL does not name the parameter {place}"));
        }
        filled = filled.replace(&place, value);
    }
    match filled.split_once('{') {
        None => Ok(filled),
        Some((_, rest)) => {
            let name = rest.split_once('}').map_or(rest, |(name, _)| name);
            Err(format!("the SQL names {{{name}}}, and no parameter is called so"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_takes_its_parameter_and_none_is_left_over() {
        let given = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let text = "SELECT {nights} WHERE cohort = '{cohort}' AND {nights} > 0";
        let filled = fill(text, &given(&[("nights", "90"), ("cohort", "ucr")])).unwrap();
        assert_eq!(filled, "SELECT 90 WHERE cohort = 'ucr' AND 90 > 0");
        assert!(fill(text, &given(&[("nights", "90")])).unwrap_err().contains("{cohort}"));
        assert!(fill("SELECT 1", &given(&[("nights", "90")])).unwrap_err().contains("{nights}"));
        assert_eq!(fill("SELECT 1", &given(&[])).unwrap(), "SELECT 1");
    }
}
