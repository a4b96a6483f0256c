//! Every reason for which a submission or a record is refused, filtered or flagged, in one table.
//!
//! The codes are Homeward's own and never look like national ones (`csds.md` section 8): `HW-ANY-nnn` for any feed,
//! `HW-UCR-nnn` for UCR events, `HW-CSDS-nnn` for submissions, `HW-PUB-nnn` for published figures, `HW-STATE-nnn` for
//! events that carry a whole state, `HW-ADT-nnn` for HL7 v2 ADT messages, `HW-FHIR-nnn` for FHIR resources. A code once given keeps its meaning; a rule that goes away leaves a hole. Messages hold no value of the record, so that no personal data reaches a log or a summary.

use std::fmt;

/// What a rule that catches something does with it. The order is the one in which a person mends: what takes most with it
/// first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The submission does not count: its header or its parts are at fault. A record that shows it goes to quarantine.
    File,
    /// The record goes to quarantine with its bytes, and back through after the mend.
    Record,
    /// The row is sound and kept, and does not count: its parent was refused. It counts again when the parent is mended.
    Cascade,
    /// The record is kept and counts; the finding is a data-quality measure.
    Warning,
    /// The record holds no fact; it is left out and counted, with this code as its reason.
    Filter,
}

impl Severity {
    /// Every severity, in order.
    pub const ALL: [Severity; 5] =
        [Severity::File, Severity::Record, Severity::Cascade, Severity::Warning, Severity::Filter];

    /// What becomes of what the rule catches, in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Severity::File => "the submission does not count until it is sent again or completed",
            Severity::Record => "the record is refused and waits in quarantine; mended and sent again it counts",
            Severity::Cascade => {
                "the row is kept and does not count until its parent is mended; leave the row as it is"
            }
            Severity::Warning => "the record is kept and counts",
            Severity::Filter => "the record holds no fact and is left out",
        }
    }

    /// The word shown to people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::File => "file",
            Severity::Record => "record",
            Severity::Cascade => "cascade",
            Severity::Warning => "warning",
            Severity::Filter => "filter",
        }
    }
}

macro_rules! reject_codes {
    ($($variant:ident $code:literal $severity:ident $message:literal $mend:literal;)+) => {
        /// One reason; see the table in this module's source for code, severity, message and mend.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum RejectCode {
            $(#[doc = concat!("`", $code, "`: ", $message, ".")] $variant,)+
        }

        impl RejectCode {
            /// Every code, in the order of the table.
            pub const ALL: &'static [RejectCode] = &[$(RejectCode::$variant,)+];

            /// The code as stored and shown, for example `HW-UCR-005`.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(RejectCode::$variant => $code,)+ }
            }

            /// What happens to the record.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(RejectCode::$variant => Severity::$severity,)+ }
            }

            /// What is wrong, in words, without any value of the record.
            #[must_use]
            pub const fn message(self) -> &'static str {
                match self { $(RejectCode::$variant => $message,)+ }
            }

            /// How to mend it.
            #[must_use]
            pub const fn mend(self) -> &'static str {
                match self { $(RejectCode::$variant => $mend,)+ }
            }
        }
    };
}

reject_codes! {
    // Any feed.
    Tombstone "HW-ANY-001" Filter "the record has no payload"
        "nothing to do: a tombstone holds no fact; send a void event to withdraw one";
    RecordTooLarge "HW-ANY-002" Record "the record is larger than the byte limit"
        "send one entity a record, or raise the limit in the configuration and replay";
    NotUtf8 "HW-ANY-003" Record "the payload is not UTF-8"
        "write the payload as UTF-8 without a byte-order mark";
    NotJson "HW-ANY-004" Record "the payload is not one JSON value"
        "check for cut-off text and for several values in one record";
    NotAnObject "HW-ANY-005" Record "the payload is JSON and not an object"
        "send one object a record, not a list, a text or a number";
    RepeatedName "HW-ANY-006" Record "an object holds the same name twice"
        "send each name once: which of two values is meant cannot be known";
    MissingKey "HW-ANY-007" Record "the Kafka record has no key"
        "send the entity as key, so that its records stay in one partition and in order";
    UndecodedRecord "HW-ANY-008" Record "the record could not be read and no rule says why"
        "report this as a defect of Homeward, with the quarantine id; replay after the fix";

    // UCR: the envelope.
    WrongSpecVersion "HW-UCR-001" Record "specversion is not 1.0"
        "send CloudEvents 1.0";
    UnknownEventType "HW-UCR-002" Record "the event type is not one of the eight UCR types"
        "send a type of the contract with its version number; a new type needs a new Homeward first, then replay";
    MissingAttribute "HW-UCR-003" Record "a required attribute is absent, null or empty"
        "send specversion, id, source, type, time, subject, versionid and data, none of them null";
    WrongKind "HW-UCR-004" Record "an attribute or item has the wrong JSON kind"
        "send texts as texts, whole numbers as numbers, true or false without quotes";
    BadDateTime "HW-UCR-005" Record "a date-time is not in the form CCYY-MM-DDTHH:MM:SS with an offset"
        "send for example 2025-06-12T10:02:00+01:00";
    BadOffset "HW-UCR-006" Record "a date-time has no offset or one other than Z, +00:00 or +01:00"
        "send the offset of the clock on the wall in England";
    BadSubject "HW-UCR-007" Record "the subject is not a provider, a vertical bar and a service request id"
        "send for example NR5|SRI-000912345";
    KeyMismatch "HW-UCR-008" Record "the Kafka key differs from the subject"
        "send the subject as key";
    SubjectMismatch "HW-UCR-009" Record "the subject names another provider or referral than data does"
        "send OrgID_Provider and ServiceRequestID as in the subject";
    BadVersionId "HW-UCR-010" Record "versionid is not a whole number from 1 up"
        "send versionid as digits; the higher number wins";
    BadIdentifier "HW-UCR-011" Record "an id or source is longer than 200 characters or holds control characters"
        "send a GUID as id and a reverse-DNS name as source";
    BadDataContentType "HW-UCR-012" Record "datacontenttype is not application/json"
        "send data as JSON and say so";

    // UCR: the data.
    MissingItem "HW-UCR-020" Record "an item that this event type needs is absent or empty"
        "send the item; the detail names it";
    BadOrganisation "HW-UCR-021" Record "an organisation code has not the shape of one"
        "send the ODS code: letters and digits, up to twelve";
    BadDate "HW-UCR-022" Record "a date is not in the form CCYY-MM-DD"
        "send for example 2025-06-12";
    UnknownSourceGroup "HW-UCR-023" Record "sourceGroup is not in its list"
        "send one of 999, 111, gp, care_home, acute, community, self_carer, other, unknown";
    UnknownDecision "HW-UCR-024" Record "decision is not in its list"
        "send accepted, reclassified or redirected";
    UnknownClosureGroup "HW-UCR-025" Record "closureGroup is not in its list"
        "send treatment_completed, onward_referral, admitted, died, refused, withdrawn_by_referrer or other";
    UnknownTarget "HW-UCR-026" Record "target is not in its list"
        "send referral, contact or clock";
    UnknownVoidReason "HW-UCR-027" Record "the reason of a void is not in its list"
        "send duplicate, entered_in_error or test_record";
    RedirectedNowhere "HW-UCR-028" Record "the decision is redirected and redirectedTo is absent"
        "send the organisation code the referral went to";
    ReclassifiedFromNothing "HW-UCR-029" Record "the decision is reclassified without both the new and the previous waiting time type"
        "send WaitingTime_MeasurementType and previousWaitingTimeType";
    ClockStopContradiction "HW-UCR-030" Record "stopsClock and RTT_EndDateTime contradict each other"
        "send RTT_EndDateTime exactly when stopsClock is true";
    ContactNotNamed "HW-UCR-031" Record "the target is a contact and CareContactID is absent"
        "send the CareContactID of the contact that is amended or voided";
    BadChanges "HW-UCR-032" Record "changes is not a list of objects with item and to"
        "send at least one change, each with the item's name and its new value";
    UnknownChangeItem "HW-UCR-033" Record "a change names an item that cannot be amended"
        "amend items of the event's data; to change who or which referral it is, void and send again";
    BadPseudonym "HW-UCR-034" Record "a pseudonym is not 43 characters of base64url"
        "send the keyed pseudonym, never a number; leave person null when nothing is known";
    MissingKeyVersion "HW-UCR-035" Record "a pseudonym comes without the whole number that is its key's version"
        "send keyVersion beside the pseudonym";
    BadAge "HW-UCR-036" Record "ageYears is not a whole number from 0 to 129"
        "send completed years, or null";
    BadDuration "HW-UCR-037" Record "CareContact_Duration is not a whole number of minutes from 0 to 32767"
        "send minutes, or null";
    BadWaitingType "HW-UCR-038" Record "a waiting time type is not two digits"
        "send for example 05";

    // UCR: kept and counted.
    UcrInvalidNhsNumber "HW-UCR-060" Warning "the NHS number is not valid: the person has no pseudonym"
        "correct the number at the source, or leave it out";
    UcrIdentifierDropped "HW-UCR-061" Warning "the person came with a direct identifier, which was dropped"
        "send pseudonym, age, LSOA and practice only";
    UcrPlaceholderReferral "HW-UCR-062" Warning "the service request id is a placeholder: nothing is joined on it"
        "send the referral's own id";
    UcrFilteringMismatch "HW-UCR-063" Warning "filtering says something else than data; data was taken"
        "fill filtering from data";
    UcrDurationOverMaximum "HW-UCR-064" Warning "a contact longer than 9999 minutes"
        "check the unit: minutes, not seconds";
    UcrUnknownTeamType "HW-UCR-065" Warning "the team type says nothing and was stored as 98"
        "send a code of the service or team type list";

    // CSDS: the envelope and the submission.
    UnknownTable "HW-CSDS-001" Record "the table is absent or none that Homeward reads"
        "send one of the 37 tables of the data set by its national name, for example CYP104RTT";
    MissingSubmissionItem "HW-CSDS-002" File "the submission lacks its id, version, provider, period or time of receipt"
        "send the whole submission with every record";
    BadSubmission "HW-CSDS-003" File "the submission's id, provider or file type cannot be read"
        "send an id of up to 100 visible characters, an ODS code, and primary or refresh";
    UnsupportedVersion "HW-CSDS-004" File "the data set version is none that Homeward reads"
        "send version 1.0, 1.5 or 1.6";
    WrongVersionForPeriod "HW-CSDS-005" File "the data set version does not belong to the reporting period"
        "use 1.6 from January 2023, 1.5 from July 2020 and 1.0 before";
    BadPeriod "HW-CSDS-006" File "the reporting period is no period: a date cannot be read or the end is before the start"
        "send the first and last day of the month";
    BadReceiptTime "HW-CSDS-007" File "the time of receipt or of file creation cannot be read"
        "send for example 2025-05-12T08:15:00Z";
    MissingHeader "HW-CSDS-008" File "the submission has no CYP000Header row or more than one"
        "send exactly one header row";
    MissingHeaderItem "HW-CSDS-009" File "an item of the header is absent or empty"
        "fill every item of CYP000Header: all of them are mandatory";
    HeaderMismatch "HW-CSDS-010" File "the header row says something else than the submission it came with"
        "publish the folder again: version, provider and period must be the header's";
    WrongCsdsKind "HW-CSDS-011" Record "a member of the record's envelope has the wrong JSON kind"
        "send table as text, submission and record as objects, row_number as a whole number from 1 up";
    BadManifest "HW-CSDS-012" File "rows of the header is no object of CSDS table names and row counts"
        "send for example {\"CYP001MPI\":120,\"CYP104RTT\":0}: how many rows of each table the submission has";
    BadDecision "HW-CSDS-013" Record "the decision lacks its id, submission, word, reason, name or time, or one cannot be read"
        "send id, submission, decision (withdrawn or reinstated), reason, by and at; no patient in any of them";
    RowsMissing "HW-CSDS-014" File "rows that the header announces have not arrived"
        "load the same files again: what is known already changes nothing";
    NoManifest "HW-CSDS-015" File "the header does not say how many rows of each table the submission has"
        "publish the folder with `homeward load`, which counts them";
    TwoFilesOneId "HW-CSDS-016" File "one submission id was used for two different files"
        "send it again with another FileCreation_DateTime";
    NoPeople "HW-CSDS-017" File "the submission has no row of CYP001MPI or none of CYP002GP"
        "send both tables: no submission is accepted without them";

    // CSDS: the row.
    MissingRecord "HW-CSDS-020" Record "the envelope holds neither a record nor a raw line"
        "send record as an object of items";
    UnsplittableLine "HW-CSDS-021" Record "the line could not be split into the columns of its header"
        "check quotation marks, separators and line breaks inside values";
    MissingKeyItem "HW-CSDS-022" Record "a key item of the table is absent or empty"
        "send the key; the detail names the item";
    MissingMandatoryItem "HW-CSDS-023" Record "a mandatory item of the table is absent or empty"
        "send the item; the detail names it";
    BadCsdsDate "HW-CSDS-024" Record "a date is not in the form CCYY-MM-DD"
        "send for example 2025-04-03, or leave the item empty";
    BadCsdsTime "HW-CSDS-025" Record "a time is not in the form HH:MM:SS"
        "send for example 10:02:00, or leave the item empty";
    BadCsdsDateTime "HW-CSDS-026" Record "a date and time is not in the form CCYY-MM-DDTHH:MM:SS"
        "send for example 2025-05-12T09:15:00";
    BadNumber "HW-CSDS-027" Record "a number is not a whole number from 0 to 32767"
        "send digits, or leave the item empty";
    BadDecimal "HW-CSDS-040" Record "a decimal number has more digits than its item, or is none"
        "send for example 71.250 for a weight in kilograms, or leave the item empty";
    ItemTooLong "HW-CSDS-028" Record "an item is longer than 255 characters"
        "check that the columns are in the header's order";
    BadItemValue "HW-CSDS-029" Record "an item is an object, a list, true or false, or holds control characters"
        "send each item as a text or a number";
    ProviderMismatch "HW-CSDS-030" Record "the Kafka key names another provider than the submission does"
        "publish the folder again with `homeward load`";
    CascadeReject "HW-CSDS-031" Cascade "the row belongs to a person or referral whose own row was refused"
        "mend the root first and send it again: this row then counts as it is";

    // Published figures.
    WrongPublishedKind "HW-PUB-001" Record "the record is not an object with a figure"
        "load the workbook with `homeward published load`";
    BadPublishedFigure "HW-PUB-002" Record "a member of the figure is absent or cannot be read"
        "load the workbook with `homeward published load`; the detail names the member";
    PublishedKeyMismatch "HW-PUB-003" Record "the Kafka key is not the organisation's code"
        "load the workbook with `homeward published load`";

    // Whole states: the envelope.
    StateWrongSpecVersion "HW-STATE-001" Record "specversion is not 1.0"
        "send CloudEvents 1.0";
    StateUnknownType "HW-STATE-002" Record "the event type is none of this feed's"
        "send a type of docs/events.md on its own topic; a new type needs a new Homeward first, then replay";
    StateMissingAttribute "HW-STATE-003" Record "a required attribute is absent, null or empty"
        "send specversion, id, source, type, time, subject, versionid and data, none of them null";
    StateWrongKind "HW-STATE-004" Record "an attribute or item has the wrong JSON kind"
        "send texts as texts, whole numbers as numbers, true or false without quotes";
    StateBadDateTime "HW-STATE-005" Record "a date-time is not in the form CCYY-MM-DDTHH:MM:SS with an offset"
        "send for example 2025-06-12T10:02:00+01:00";
    StateBadOffset "HW-STATE-006" Record "a date-time has no offset or one other than Z, +00:00 or +01:00"
        "send the offset of the clock on the wall in England";
    StateBadSubject "HW-STATE-007" Record "the subject has not the parts of its feed, a vertical bar between each two"
        "send the parts that docs/events.md lists for the feed, in their order";
    StateKeyMismatch "HW-STATE-008" Record "the Kafka key differs from the subject"
        "send the subject as key";
    StateSubjectMismatch "HW-STATE-009" Record "the subject names another state than data does"
        "send in data what the subject says; the detail names the item";
    StateBadVersionId "HW-STATE-010" Record "versionid is not a whole number from 1 up"
        "send versionid as digits; the higher number wins";
    StateBadIdentifier "HW-STATE-011" Record "an id or source is too long, or holds control characters or a vertical bar"
        "send up to 200 visible characters as id and source, up to 100 without a bar as ids of data";
    StateBadDataContentType "HW-STATE-012" Record "datacontenttype is not application/json"
        "send data as JSON and say so";

    // Whole states: the data.
    StateMissingItem "HW-STATE-020" Record "an item that this event needs is absent or empty"
        "send the item; the detail names it";
    StateBadOrganisation "HW-STATE-021" Record "an organisation code has not the shape of one"
        "send the ODS code: letters and digits, up to twelve";
    StateBadDate "HW-STATE-022" Record "a date is not in the form CCYY-MM-DD"
        "send for example 2025-06-12";
    StateUnknownWord "HW-STATE-023" Record "a word is not in its item's list"
        "send a word of the list in docs/events.md; the detail names the item";
    StateBadNumber "HW-STATE-024" Record "a number is not a whole number within its item's bounds"
        "send digits within the bounds of docs/events.md, or null where it may be absent";
    StateBadCode "HW-STATE-025" Record "a code is not a letter followed by letters, digits, points and hyphens, up to twelve in all"
        "send for example J44.1, or null";
    StateBadPseudonym "HW-STATE-026" Record "a pseudonym is not 43 characters of base64url"
        "send the keyed pseudonym, never a number; leave it null where nothing is known and it may be";
    StateMissingKeyVersion "HW-STATE-027" Record "a pseudonym comes without the whole number that is its key's version"
        "send keyVersion beside the pseudonym";
    StateBadAge "HW-STATE-028" Record "ageYears is not a whole number from 0 to 129"
        "send completed years, or null";
    StateEndsBeforeStart "HW-STATE-029" Record "the end lies before the begin"
        "check both, their offsets as well; an equal end is taken";
    StateTriggerContradiction "HW-STATE-030" Record "the trigger says otherwise than the state"
        "with A11 send status cancelled; with A13 a null end and not status closed or cancelled";

    // Whole states: kept and counted.
    StateInvalidNhsNumber "HW-STATE-060" Warning "the NHS number is not valid: the person has no pseudonym from it"
        "correct the number at the source, or leave it out";
    StateIdentifierDropped "HW-STATE-061" Warning "a direct identifier came with the event and was dropped"
        "send pseudonym, age, LSOA and practice only";
    StateStatusContradiction "HW-STATE-062" Warning "status says otherwise than the end; the instants decide"
        "send closed exactly when the end is there";

    // HL7 v2 ADT messages.
    AdtNotHl7 "HW-ADT-001" Record "the payload does not begin with an MSH segment whose separators can be used"
        "send one HL7 v2 message a record, in the encoding with bars; the frame of MLLP may stay around it";
    AdtBadEncoding "HW-ADT-002" Record "the bytes are not of the character set that MSH-18 names, or it names one that is not read"
        "send UTF-8 (UNICODE UTF-8) or ISO 8859-1 (8859/1) and name it in MSH-18";
    AdtSeveralMessages "HW-ADT-003" Record "the record holds more than one message"
        "send each message as a record of its own; `homeward load` splits a batch file";
    AdtMissingSegment "HW-ADT-004" Record "a segment that the event needs is absent"
        "send MSH, PID and PV1; the detail names the segment";
    AdtMissingField "HW-ADT-005" Record "a field that the event needs is absent or empty"
        "send the field; the detail names it";
    AdtBadTime "HW-ADT-006" Record "a time is not in the form CCYYMMDDHHMM, seconds and offset if known"
        "send for example 20250506213000 or 20250506213000+0100; the detail names the field";
    AdtBadOffset "HW-ADT-007" Record "a time has an offset other than +0000 or +0100"
        "send the offset of the clock on the wall in England, or none";
    AdtBadOrganisation "HW-ADT-008" Record "MSH-4 is not an organisation code"
        "send the ODS code of the hospital's organisation in MSH-4.1";
    AdtBadIdentifier "HW-ADT-009" Record "an id or code is too long, or holds control characters or a vertical bar"
        "send up to 100 visible characters; the detail names the field";
    AdtEndsBeforeStart "HW-ADT-010" Record "the discharge lies before the admission"
        "check PV1-44 and PV1-45; equal ones are taken";
    AdtEventContradiction "HW-ADT-011" Record "EVN-1 names another event than MSH-9"
        "send the same trigger event in both, or leave EVN-1 empty";
    AdtOtherEvent "HW-ADT-040" Filter "the message is no ADT event that begins, moves, changes or ends a stay"
        "nothing to do: A01, A02, A03, A08, A11 and A13 are taken";
    AdtNoStay "HW-ADT-041" Filter "the patient class is none of a stay in a bed or an emergency department"
        "nothing to do for outpatients; else send I, B, D, R, S or E in PV1-2";
    AdtNotProduction "HW-ADT-042" Filter "MSH-11 says that the message is for training or debugging"
        "nothing to do; send P for what happened";
    AdtInvalidNhsNumber "HW-ADT-060" Warning "the NHS number is not valid: the person has no pseudonym"
        "correct the number at the source, or leave it out";

    // FHIR resources.
    FhirWrongKind "HW-FHIR-001" Record "the resource is not an Encounter of FHIR R4 in JSON"
        "send one Encounter a record, its elements with the JSON kinds of R4";
    FhirNotVirtual "HW-FHIR-002" Record "the class of the Encounter is not HH"
        "send one Encounter of class HH for the whole stay on the virtual ward";
    FhirMissingElement "HW-FHIR-003" Record "an element that a stay needs is absent or empty"
        "send the element; the detail names it";
    FhirBadPeriod "HW-FHIR-004" Record "an end of the period is not a date, or a date-time with Z, +00:00 or +01:00"
        "send for example 2025-02-03T14:20:00+00:00, or the date alone";
    FhirPlanned "HW-FHIR-040" Filter "the Encounter has not begun"
        "nothing to do: it counts from status arrived, in-progress or finished on";

    // CSDS: kept and counted.
    CsdsInvalidNhsNumber "HW-CSDS-060" Warning "the NHS number is not valid: the person has no pseudonym"
        "correct the number at the source, or leave it empty";
    CsdsPlaceholderReferral "HW-CSDS-061" Warning "the service request id is a placeholder: nothing is joined on it"
        "send the referral's own id";
    CsdsUnknownCode "HW-CSDS-070" Warning "a code that its list does not hold; it was kept"
        "check the code; where it is right, tell us: the lists hold what was found";
    CsdsTextNotKept "HW-CSDS-071" Warning "a measured value that is no number; it was not kept, because text can name a person"
        "send the number alone";
    CsdsUnknownItem "HW-CSDS-062" Warning "an item name that no version knows; its value was not kept"
        "check the spelling of the column against the data set's item names";
    CsdsItemOfOtherVersion "HW-CSDS-063" Warning "an item that belongs to another version; its value was kept in its own column"
        "send the item of the header's version";
    CsdsUnknownTeamType "HW-CSDS-064" Warning "the team type says nothing and was stored as 98"
        "send a code of the service or team type list";
    CsdsOrphan "HW-CSDS-066" Warning "the row names a parent that no row of the submission is; it was kept and counts"
        "send the parent's row in the same submission, or check the id";
    CsdsDuplicateKey "HW-CSDS-067" Warning "an earlier row of the submission has the same key; the greater row number wins"
        "send one row for each key";
    CsdsNegativeWait "HW-CSDS-068" Warning "the clock ends before it starts"
        "check RTT start and end, their dates as well as their times";
    CsdsDurationOverMaximum "HW-CSDS-065" Warning "a duration longer than 9999 minutes"
        "check the unit: minutes, not seconds";
}

impl RejectCode {
    /// The reason with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<RejectCode> {
        RejectCode::ALL.iter().copied().find(|reject| reject.code() == code)
    }
}

impl RejectCode {
    /// The code of a whole state for what the envelope or a single field of any event can get wrong. Codes that say more
    /// than that are returned as they are.
    #[must_use]
    pub const fn of_state(self) -> RejectCode {
        match self {
            RejectCode::WrongSpecVersion => RejectCode::StateWrongSpecVersion,
            RejectCode::UnknownEventType => RejectCode::StateUnknownType,
            RejectCode::MissingAttribute => RejectCode::StateMissingAttribute,
            RejectCode::WrongKind => RejectCode::StateWrongKind,
            RejectCode::BadDateTime => RejectCode::StateBadDateTime,
            RejectCode::BadOffset => RejectCode::StateBadOffset,
            RejectCode::BadSubject => RejectCode::StateBadSubject,
            RejectCode::KeyMismatch => RejectCode::StateKeyMismatch,
            RejectCode::SubjectMismatch => RejectCode::StateSubjectMismatch,
            RejectCode::BadVersionId => RejectCode::StateBadVersionId,
            RejectCode::BadIdentifier => RejectCode::StateBadIdentifier,
            RejectCode::BadDataContentType => RejectCode::StateBadDataContentType,
            RejectCode::BadOrganisation => RejectCode::StateBadOrganisation,
            RejectCode::BadPseudonym => RejectCode::StateBadPseudonym,
            RejectCode::MissingKeyVersion => RejectCode::StateMissingKeyVersion,
            RejectCode::BadAge => RejectCode::StateBadAge,
            other => other,
        }
    }
}

impl fmt::Display for RejectCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_ours_unique_and_in_order() {
        let mut seen = BTreeSet::new();
        for reject in RejectCode::ALL {
            let code = reject.code();
            let number = ["HW-ANY-", "HW-UCR-", "HW-CSDS-", "HW-PUB-", "HW-STATE-", "HW-ADT-", "HW-FHIR-"]
                .iter()
                .find_map(|prefix| code.strip_prefix(prefix));
            assert!(number.is_some_and(|n| n.len() == 3 && n.bytes().all(|b| b.is_ascii_digit())), "{code}");
            assert!(seen.insert(code), "{code} twice");
            assert_eq!(RejectCode::from_code(code), Some(*reject));
            assert_eq!(reject.to_string(), code);
        }
        assert_eq!(RejectCode::from_code("HW-UCR-999"), None);
    }

    #[test]
    fn every_code_says_what_and_how_to_mend() {
        for reject in RejectCode::ALL {
            for text in [reject.message(), reject.mend()] {
                assert!(text.len() > 10 && !text.ends_with('.'), "{reject}: {text}");
                assert_eq!(text.trim(), text);
            }
        }
    }

    #[test]
    fn warnings_are_numbered_from_60() {
        for reject in RejectCode::ALL {
            let number: u32 = reject.code()[reject.code().len() - 3..].parse().unwrap();
            assert_eq!(reject.severity() == Severity::Warning, number >= 60, "{reject}");
        }
    }
}
