//! Properties of the Kafka client that lie in files of their own: passwords, which belong in no configuration.

use super::fault::Faults;
use super::settings::KafkaSettings;

/// Lays the content of every file of `[kafka.property_files]` over `[kafka.properties]`.
pub(super) fn read(kafka: &mut KafkaSettings, faults: &mut Faults) {
    for (name, path) in std::mem::take(&mut kafka.property_files) {
        let place = format!("[kafka.property_files] {name}");
        if kafka.properties.contains_key(&name) {
            faults.add(&place, "both a file and a value are given", "keep one of the two");
            continue;
        }
        match std::fs::read_to_string(&path) {
            Ok(text) if text.trim_end_matches(['\r', '\n']).is_empty() => {
                faults.add(&place, format!("{} is empty", path.display()), "write the value into it");
            }
            Ok(text) => {
                kafka.properties.insert(name, text.trim_end_matches(['\r', '\n']).to_owned());
            }
            Err(error) => faults.add(
                &place,
                format!("{} cannot be read: {error}", path.display()),
                "make the file, readable by this user alone, with the value as its only line",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_comes_from_its_file_without_the_line_end_and_is_never_printed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        std::fs::write(&path, "three words here\n").unwrap();
        let mut kafka = KafkaSettings::default();
        kafka.property_files.insert("sasl.password".to_owned(), path);
        let mut faults = Faults::default();
        read(&mut kafka, &mut faults);
        assert!(faults.0.is_empty(), "{:?}", faults.0);
        assert_eq!(kafka.properties["sasl.password"], "three words here");
        assert!(!format!("{kafka:?}").contains("three words"), "{kafka:?}");
    }

    #[test]
    fn a_missing_an_empty_and_a_doubled_value_are_faults_with_their_place() {
        let folder = tempfile::tempdir().unwrap();
        let empty = folder.path().join("empty");
        std::fs::write(&empty, "\n").unwrap();
        let mut kafka = KafkaSettings::default();
        kafka.properties.insert("sasl.username".to_owned(), "homeward".to_owned());
        for (name, path) in [("sasl.password", "missing"), ("sasl.username", "empty"), ("ssl.key.password", "empty")] {
            kafka.property_files.insert(name.to_owned(), folder.path().join(path));
        }
        let mut faults = Faults::default();
        read(&mut kafka, &mut faults);
        let told: Vec<String> = faults.0.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 3, "{told:#?}");
        assert!(told[0].contains("sasl.password") && told[0].contains("cannot be read"), "{told:#?}");
        assert!(told[1].contains("ssl.key.password") || told[1].contains("sasl.username"), "{told:#?}");
        assert!(told.iter().any(|fault| fault.contains("both a file and a value")), "{told:#?}");
        assert!(told.iter().any(|fault| fault.contains("is empty")), "{told:#?}");
    }
}
