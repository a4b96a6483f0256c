//! The list of wards that HL7 messages name, from its file.

use std::io::Read;
use std::path::Path;

use homeward_ingest::adt::Wards;

use super::fault::Faults;

const PLACE: &str = "[ingest] wards_file";

/// Most bytes of the file.
const MOST_BYTES: u64 = 4 << 20;

/// Reads the list; without a file every ward is a physical one.
pub(super) fn read(path: Option<&Path>, faults: &mut Faults) -> Wards {
    let Some(path) = path else { return Wards::default() };
    let mut text = String::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(MOST_BYTES).read_to_string(&mut text));
    if let Err(error) = read {
        let what = format!("{} cannot be read: {error}", path.display());
        faults.add(PLACE, what, "name a CSV file in UTF-8 with the columns provider, ward, kind and setting");
        return Wards::default();
    }
    Wards::from_csv(&text).unwrap_or_else(|fault| {
        faults.add(PLACE, format!("{}: {fault}", path.display()), "mend that line");
        Wards::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_or_its_file_and_line_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wards.csv");
        let mut faults = Faults::default();
        assert_eq!(read(None, &mut faults), Wards::default());
        std::fs::write(&path, "provider,ward,kind,setting\nRH8,VW1,virtual,acute\n").unwrap();
        assert_ne!(read(Some(&path), &mut faults), Wards::default());
        assert!(faults.0.is_empty(), "{:?}", faults.0);
        std::fs::write(&path, "provider,ward,kind,setting\nRH8,VW1,imagined,acute\n").unwrap();
        read(Some(&path), &mut faults);
        read(Some(&folder.path().join("none.csv")), &mut faults);
        let told: Vec<String> = faults.0.iter().map(ToString::to_string).collect();
        assert!(told[0].contains("line 2") && told[1].contains("cannot be read"), "{told:#?}");
    }
}
