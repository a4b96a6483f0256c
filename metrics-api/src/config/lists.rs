//! Lists that have files of their own: the wards that HL7 messages name, and how deprived neighbourhoods are.

use std::fmt::Display;
use std::io::Read;
use std::path::Path;

use homeward_contract::deprivation::Deprivation;
use homeward_ingest::adt::Wards;

use super::fault::Faults;

/// Most bytes of a file; a row a small area of England takes one.
const MOST_BYTES: u64 = 4 << 20;

/// The list of wards; without a file every ward is a physical one.
pub(super) fn wards(path: Option<&Path>, faults: &mut Faults) -> Wards {
    let place = ("[ingest] wards_file", "provider, ward, kind and setting");
    path.and_then(|path| read(path, place, Wards::from_csv, faults)).unwrap_or_default()
}

/// The deciles of deprivation, where a file has them.
pub(super) fn deprivation(path: Option<&Path>, faults: &mut Faults) -> Option<Deprivation> {
    let place = ("[transform] deprivation_file", "lsoa, imd_decile and edition");
    read(path?, place, Deprivation::from_csv, faults)
}

fn read<T, E: Display>(
    path: &Path,
    (place, columns): (&str, &str),
    from_csv: fn(&str) -> Result<T, E>,
    faults: &mut Faults,
) -> Option<T> {
    let mut text = String::new();
    let file = std::fs::File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_string(&mut text));
    let what = match file {
        Err(error) => format!("{} cannot be read: {error}", path.display()),
        Ok(bytes) if bytes as u64 > MOST_BYTES => format!("{} has more than {MOST_BYTES} bytes", path.display()),
        Ok(_) => {
            let told = |fault: E| faults.add(place, format!("{}: {fault}", path.display()), "mend that line");
            return from_csv(&text).map_err(told).ok();
        }
    };
    faults.add(place, what, format!("name a CSV file in UTF-8 with the columns {columns}"));
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A good text and a wrong one of each list.
    #[test]
    fn a_list_is_read_or_its_file_and_line_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.csv");
        let written = |text: &str| {
            std::fs::write(&path, text).unwrap();
            Some(path.as_path())
        };
        let mut faults = Faults::default();
        assert_eq!(wards(None, &mut faults), Wards::default());
        assert_eq!(deprivation(None, &mut faults), None);
        assert_ne!(
            wards(written("provider,ward,kind,setting\nRH8,VW1,virtual,acute\n"), &mut faults),
            Wards::default()
        );
        let read = deprivation(written("lsoa,imd_decile,edition\nE01000001,9,IoD 2019\n"), &mut faults).unwrap();
        assert_eq!(read.edition(), "IoD 2019");
        assert!(faults.0.is_empty(), "{:?}", faults.0);
        wards(written("provider,ward,kind,setting\nRH8,VW1,imagined,acute\n"), &mut faults);
        deprivation(written("lsoa,imd_decile,edition\nE01000001,ninth,IoD 2019\n"), &mut faults);
        deprivation(written(&"E01000001,1,2019\n".repeat(300_000)), &mut faults);
        let none = folder.path().join("none.csv");
        wards(Some(&none), &mut faults);
        deprivation(Some(&none), &mut faults);
        let told: Vec<String> = faults.0.iter().map(ToString::to_string).collect();
        let words = ["line 2", "line 2", "more than 4194304 bytes", "cannot be read", "cannot be read"];
        assert_eq!(told.len(), words.len(), "{told:#?}");
        for (told, words) in told.iter().zip(words) {
            assert!(told.contains(words), "{words}: {told}");
        }
        assert!(told[1].contains("[transform] deprivation_file") && told[4].contains("lsoa, imd_decile"), "{told:#?}");
    }
}
