//! The feeds Homeward takes in and the lake tables their facts go to.

use std::fmt;
use std::str::FromStr;

/// One stream of records with a contract of its own and a Kafka topic of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feed {
    /// Live urgent community response events (handbook, `ucr.md` section 7).
    Ucr,
    /// Monthly Community Services Data Set submissions (handbook, `csds.md`).
    Csds,
    /// Figures of NHS England's workbooks (handbook, `ucr.md` section 1).
    Published,
    /// Stays on virtual wards (handbook, `virtual-wards.md` section 4).
    VwStay,
    /// Beds of virtual wards (handbook, `virtual-wards.md` section 4).
    VwCapacity,
    /// Segments of hospital spells (handbook, `days-at-home.md` section 3).
    Spell,
    /// Stays in emergency departments (handbook, `days-at-home.md` section 3).
    EdStay,
    /// Deaths (handbook, `days-at-home.md` section 3).
    Death,
    /// Registrations with practices (handbook, `days-at-home.md` section 3).
    Registration,
    /// HL7 v2 ADT messages, of which events of `spell` and `ed_stay` are made (handbook, `days-at-home.md` section 3).
    Adt,
}

impl Feed {
    /// Every feed, in the order in which they are listed to people.
    pub const ALL: [Feed; 10] = [
        Feed::Ucr,
        Feed::Csds,
        Feed::Published,
        Feed::VwStay,
        Feed::VwCapacity,
        Feed::Spell,
        Feed::EdStay,
        Feed::Death,
        Feed::Registration,
        Feed::Adt,
    ];

    /// The feeds that figures are made of: all but the one whose messages become events of others.
    pub fn counted() -> impl Iterator<Item = Feed> {
        Feed::ALL.into_iter().filter(|feed| *feed != Feed::Adt)
    }

    /// The feeds whose every message is a whole state ([`crate::state`]).
    pub const STATES: [Feed; 6] =
        [Feed::VwStay, Feed::VwCapacity, Feed::Spell, Feed::EdStay, Feed::Death, Feed::Registration];

    /// The short name used in configuration, metric labels and quarantine ids.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Feed::Ucr => "ucr",
            Feed::Csds => "csds",
            Feed::Published => "published",
            Feed::VwStay => "vw_stay",
            Feed::VwCapacity => "vw_capacity",
            Feed::Spell => "spell",
            Feed::EdStay => "ed_stay",
            Feed::Death => "death",
            Feed::Registration => "registration",
            Feed::Adt => "adt",
        }
    }

    /// The topic a feed is read from unless configuration names another.
    #[must_use]
    pub const fn default_topic(self) -> &'static str {
        match self {
            Feed::Ucr => "homeward.ucr",
            Feed::Csds => "homeward.csds",
            Feed::Published => "homeward.published",
            Feed::VwStay => "homeward.vw_stay",
            Feed::VwCapacity => "homeward.vw_capacity",
            Feed::Spell => "homeward.spell",
            Feed::EdStay => "homeward.ed_stay",
            Feed::Death => "homeward.death",
            Feed::Registration => "homeward.registration",
            Feed::Adt => "homeward.hl7_adt",
        }
    }

    /// The table that commits last: its stored offset is the feed's frontier.
    #[must_use]
    pub const fn anchor(self) -> Table {
        match self {
            Feed::Ucr => Table::UcrEvent,
            Feed::Csds => Table::Cyp000Header,
            Feed::Published => Table::PublishedFigure,
            Feed::VwStay => Table::VirtualWardStay,
            Feed::VwCapacity => Table::VirtualWardCapacity,
            Feed::Spell => Table::HospitalSpell,
            Feed::EdStay => Table::EdStay,
            Feed::Death => Table::Death,
            Feed::Registration => Table::Registration,
            Feed::Adt => Table::AdtMessage,
        }
    }
}

impl fmt::Display for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The word does not name a feed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a feed; use one of: {names}", names = Feed::ALL.map(Feed::name).join(", "))]
pub struct UnknownFeed(pub String);

impl FromStr for Feed {
    type Err = UnknownFeed;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Feed::ALL
            .into_iter()
            .find(|feed| feed.name().eq_ignore_ascii_case(text.trim()))
            .ok_or_else(|| UnknownFeed(text.to_owned()))
    }
}

macro_rules! tables {
    ($($feed:ident {$($variant:ident $name:literal $csds_name:expr, $words:literal;)+})+) => {
        /// One append-only fact table of the lake; see the list in this module's source.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Table {
            $($(#[doc = concat!("`", $name, "`: ", $words, ".")] $variant,)+)+
        }

        impl Table {
            /// Every fact table.
            pub const ALL: [Table; [$($(Table::$variant,)+)+].len()] = [$($(Table::$variant,)+)+];

            /// The table's name in the lake.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $($(Table::$variant => $name,)+)+ }
            }

            /// The table's name in the national data set, which is also its CSV file's stem.
            #[must_use]
            pub const fn csds_name(self) -> Option<&'static str> {
                match self { $($(Table::$variant => $csds_name,)+)+ }
            }

            /// What one row is, in words.
            #[must_use]
            pub const fn words(self) -> &'static str {
                match self { $($(Table::$variant => $words,)+)+ }
            }

            /// The feed whose facts the table holds.
            #[must_use]
            pub const fn feed(self) -> Feed {
                match self { $($(Table::$variant)|+ => Feed::$feed,)+ }
            }
        }

        impl Feed {
            /// The tables the feed's facts go to, the anchor first.
            #[must_use]
            pub const fn tables(self) -> &'static [Table] {
                match self { $(Feed::$feed => &[$(Table::$variant,)+],)+ }
            }
        }
    };
}

// A feed's first table is its anchor. Parents stand before their children (`item::parent`), so that files are read in an
// order in which a row's parent has come before it.
tables! {
    Ucr {
        UcrEvent "ucr_event" None, "a UCR event";
    }
    Csds {
        Cyp000Header "csds_cyp000_header" Some("CYP000Header"), "a submission";
        Cyp001Mpi "csds_cyp001_mpi" Some("CYP001MPI"), "a person";
        Cyp002Gp "csds_cyp002_gp" Some("CYP002GP"), "a person's registration with a practice";
        Cyp003AccommType "csds_cyp003_accomm_type" Some("CYP003AccommType"), "a person's accommodation";
        Cyp004CarePlanType "csds_cyp004_care_plan_type" Some("CYP004CarePlanType"), "a care plan";
        Cyp005CarePlanAgreement "csds_cyp005_care_plan_agreement" Some("CYP005CarePlanAgreement"), "an agreement to a care plan";
        Cyp006SocPerCircumstances "csds_cyp006_soc_per_circumstances" Some("CYP006SocPerCircumstances"), "a social or personal circumstance";
        Cyp007EmpStatus "csds_cyp007_emp_status" Some("CYP007EmpStatus"), "a person's employment";
        Cyp008OverseasVisitorChargCat "csds_cyp008_overseas_visitor_charg_cat" Some("CYP008OverseasVisitorChargCat"), "an overseas visitor's charging category";
        Cyp101Referral "csds_cyp101_referral" Some("CYP101Referral"), "a referral";
        Cyp102ServiceTypeReferredTo "csds_cyp102_service_type_referred_to" Some("CYP102ServiceTypeReferredTo"), "a service or team a referral is for";
        Cyp103OtherReasonReferral "csds_cyp103_other_reason_referral" Some("CYP103OtherReasonReferral"), "a further reason for a referral";
        Cyp104Rtt "csds_cyp104_rtt" Some("CYP104RTT"), "a waiting time clock";
        Cyp105OnwardReferral "csds_cyp105_onward_referral" Some("CYP105OnwardReferral"), "an onward referral";
        Cyp201CareContact "csds_cyp201_care_contact" Some("CYP201CareContact"), "a care contact";
        Cyp202CareActivity "csds_cyp202_care_activity" Some("CYP202CareActivity"), "an activity within a care contact";
        Cyp301GroupSession "csds_cyp301_group_session" Some("CYP301GroupSession"), "a group session, of no one patient";
        Cyp401SpEdNeedId "csds_cyp401_sp_ed_need_id" Some("CYP401SpEdNeedId"), "a special educational need";
        Cyp402Svf "csds_cyp402_svf" Some("CYP402SVF"), "a safeguarding vulnerability factor";
        Cyp403Cpp "csds_cyp403_cpp" Some("CYP403CPP"), "a child protection plan";
        Cyp404AssTechToSupportDisTyp "csds_cyp404_ass_tech_to_support_dis_typ" Some("CYP404AssTechToSupportDisTyp"), "an assistive technology";
        Cyp501CodedImm "csds_cyp501_coded_imm" Some("CYP501CodedImm"), "a coded immunisation";
        Cyp502Imm "csds_cyp502_imm" Some("CYP502Imm"), "a childhood immunisation";
        Cyp601MedicalHistory "csds_cyp601_medical_history" Some("CYP601MedicalHistory"), "a previous diagnosis";
        Cyp602DisabilityType "csds_cyp602_disability_type" Some("CYP602DisabilityType"), "a disability";
        Cyp603NewbornHearingScreening "csds_cyp603_newborn_hearing_screening" Some("CYP603NewbornHearingScreening"), "a newborn hearing screening";
        Cyp604BloodSpotResult "csds_cyp604_blood_spot_result" Some("CYP604BloodSpotResult"), "a newborn blood spot result";
        Cyp605Ipe "csds_cyp605_ipe" Some("CYP605IPE"), "an infant physical examination";
        Cyp606ProvDiag "csds_cyp606_prov_diag" Some("CYP606ProvDiag"), "a provisional diagnosis";
        Cyp607PrimDiag "csds_cyp607_prim_diag" Some("CYP607PrimDiag"), "a primary diagnosis";
        Cyp608SecDiag "csds_cyp608_sec_diag" Some("CYP608SecDiag"), "a secondary diagnosis";
        Cyp609CodedAssessmentReferral "csds_cyp609_coded_assessment_referral" Some("CYP609CodedAssessmentReferral"), "a coded assessment of a referral";
        Cyp610BreastfeedingStatus "csds_cyp610_breastfeeding_status" Some("CYP610BreastfeedingStatus"), "a breastfeeding status";
        Cyp611Obs "csds_cyp611_obs" Some("CYP611Obs"), "an observation of weight, height or length";
        Cyp612CodedAssessmentContact "csds_cyp612_coded_assessment_contact" Some("CYP612CodedAssessmentContact"), "a coded assessment in an activity";
        Cyp613AnonSelfAssessment "csds_cyp613_anon_self_assessment" Some("CYP613AnonSelfAssessment"), "an anonymous self-assessment";
        Cyp901StaffDetails "csds_cyp901_staff_details" Some("CYP901StaffDetails"), "a member of staff";
        CsdsRefusedRow "csds_refused_row" None, "a refused row of a submission: where it stood, why, and which keys it names, without its bytes";
        CsdsRowWarning "csds_row_warning" None, "a warning about an accepted row of a submission";
        CsdsSubmissionDecision "csds_submission_decision" None, "a withdrawal or reinstatement of a submission";
    }
    Published {
        PublishedFigure "published_figure" None, "a published figure";
    }
    VwStay {
        VirtualWardStay "virtual_ward_stay" None, "one version of a stay on a virtual ward";
    }
    VwCapacity {
        VirtualWardCapacity "virtual_ward_capacity" None, "one version of a virtual ward's beds from one instant on";
    }
    Spell {
        HospitalSpell "hospital_spell" None, "one version of a segment of a hospital spell";
    }
    EdStay {
        EdStay "ed_stay" None, "one version of a stay in an emergency department";
    }
    Death {
        Death "death" None, "one version of a death";
    }
    Registration {
        Registration "registration" None, "one version of a registration with a practice";
    }
    Adt {
        AdtMessage "adt_message" None, "one HL7 v2 ADT message about a stay";
    }
}

impl Table {
    /// The table with this lake name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Table> {
        Table::ALL.into_iter().find(|table| table.name() == name)
    }

    /// The table with this national name, whatever its letter case (file names vary).
    #[must_use]
    pub fn from_csds_name(name: &str) -> Option<Table> {
        let name = name.trim();
        Table::ALL.into_iter().find(|table| table.csds_name().is_some_and(|csds| csds.eq_ignore_ascii_case(name)))
    }

    /// True when its rows are notes about records that are held elsewhere: in another table, or in quarantine.
    #[must_use]
    pub const fn is_note(self) -> bool {
        matches!(self, Table::CsdsRefusedRow | Table::CsdsRowWarning)
    }

    /// A small dense number, for arrays indexed by table.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_belongs_to_exactly_one_feed() {
        for (place, table) in Table::ALL.into_iter().enumerate() {
            assert_eq!(table.index(), place);
            assert_eq!(Table::from_name(table.name()), Some(table));
            let owners: Vec<Feed> = Feed::ALL.into_iter().filter(|feed| feed.tables().contains(&table)).collect();
            assert_eq!(owners, [table.feed()]);
        }
    }

    #[test]
    fn the_anchor_is_one_of_the_feeds_tables() {
        for feed in Feed::ALL {
            assert_eq!(feed.tables().first(), Some(&feed.anchor()));
            assert_eq!(feed.name().parse(), Ok(feed));
            assert_eq!(Feed::counted().any(|counted| counted == feed), feed != Feed::Adt);
        }
    }

    #[test]
    fn national_names_are_found_in_any_case() {
        assert_eq!(Table::from_csds_name("cyp104rtt"), Some(Table::Cyp104Rtt));
        assert_eq!(Table::from_csds_name(" CYP001MPI "), Some(Table::Cyp001Mpi));
        assert_eq!(Table::from_csds_name("CYP608"), None);
        assert_eq!(Table::from_csds_name("CYP608SecDiag"), Some(Table::Cyp608SecDiag));
        assert_eq!(Feed::Csds.tables().iter().filter(|table| table.csds_name().is_some()).count(), 37);
    }

    #[test]
    fn an_unknown_feed_says_what_to_write() {
        let error = "mhsds".parse::<Feed>().unwrap_err();
        assert!(error.to_string().contains("ucr, csds, published"));
    }
}
