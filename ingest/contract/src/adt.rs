//! Words of HL7 v2 ADT messages: which events are taken, and which patient classes are stays (handbook,
//! `days-at-home.md` section 3; names and codes from general knowledge, unconfirmed).

/// The event behind a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trigger {
    /// A01.
    Admit,
    /// A02.
    Transfer,
    /// A03.
    Discharge,
    /// A08.
    Update,
    /// A11.
    CancelAdmit,
    /// A13.
    CancelDischarge,
}

impl Trigger {
    /// Every one that is taken.
    pub const ALL: [Trigger; 6] = [
        Trigger::Admit,
        Trigger::Transfer,
        Trigger::Discharge,
        Trigger::Update,
        Trigger::CancelAdmit,
        Trigger::CancelDischarge,
    ];

    /// As MSH-9 names it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Trigger::Admit => "A01",
            Trigger::Transfer => "A02",
            Trigger::Discharge => "A03",
            Trigger::Update => "A08",
            Trigger::CancelAdmit => "A11",
            Trigger::CancelDischarge => "A13",
        }
    }

    /// The event with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Trigger> {
        Trigger::ALL.into_iter().find(|trigger| trigger.code() == code)
    }
}

/// The class of a patient, PV1-2. Its table is the user's own: D and S are our choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PatientClass {
    /// I: an inpatient; B, obstetrics, is read as one.
    Inpatient,
    /// D: a day case.
    DayCase,
    /// R: a regular attender.
    RegularAttender,
    /// S: same-day emergency care.
    SameDayEmergencyCare,
    /// E: in an emergency department.
    Emergency,
}

impl PatientClass {
    /// Every class that is a stay.
    pub const ALL: [PatientClass; 5] = [
        PatientClass::Inpatient,
        PatientClass::DayCase,
        PatientClass::RegularAttender,
        PatientClass::SameDayEmergencyCare,
        PatientClass::Emergency,
    ];

    /// The code stored.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            PatientClass::Inpatient => "I",
            PatientClass::DayCase => "D",
            PatientClass::RegularAttender => "R",
            PatientClass::SameDayEmergencyCare => "S",
            PatientClass::Emergency => "E",
        }
    }

    /// The class with this code; none for outpatients and everybody else who is in no bed.
    #[must_use]
    pub fn from_code(code: &str) -> Option<PatientClass> {
        if code == "B" {
            return Some(PatientClass::Inpatient);
        }
        PatientClass::ALL.into_iter().find(|class| class.code() == code)
    }

    /// The word of a spell's `patient_classification`; none in an emergency department.
    #[must_use]
    pub const fn classification(self) -> Option<&'static str> {
        match self {
            PatientClass::Inpatient => Some("ordinary"),
            PatientClass::DayCase => Some("day_case"),
            PatientClass::RegularAttender => Some("regular_attender"),
            PatientClass::SameDayEmergencyCare => Some("sdec"),
            PatientClass::Emergency => None,
        }
    }
}

/// The word of a spell's `admission_method` for an admission type, PV1-4; none for other types.
#[must_use]
pub fn admission_method(admission_type: &str) -> Option<&'static str> {
    match admission_type {
        "A" | "E" | "U" => Some("emergency"),
        "C" | "R" => Some("elective"),
        "L" | "N" => Some("maternity"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_come_back() {
        for trigger in Trigger::ALL {
            assert_eq!(Trigger::from_code(trigger.code()), Some(trigger));
        }
        for class in PatientClass::ALL {
            assert_eq!(PatientClass::from_code(class.code()), Some(class));
            assert_eq!(class.classification().is_none(), class == PatientClass::Emergency);
        }
        assert_eq!(PatientClass::from_code("B"), Some(PatientClass::Inpatient));
        assert_eq!((Trigger::from_code("A04"), PatientClass::from_code("O")), (None, None));
    }
}
