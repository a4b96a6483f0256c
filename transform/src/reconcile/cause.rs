//! The stages of one figure, and why a clock is counted otherwise in the next.

/// A stage of the two-hour figure of a provider and month, in the order in which it comes into being.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Live events alone, in true minutes: stopped clocks.
    Live,
    /// The Primary of each period alone, by the wall clock.
    Primary,
    /// What counts now, by the wall clock: basis `published`.
    Refresh,
    /// The workbook of NHS England.
    Published,
}

impl Stage {
    /// The word of every outlet.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Primary => "primary",
            Self::Refresh => "refresh",
            Self::Published => "published",
        }
    }

    /// As a sentence begins it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Live => "Live",
            Self::Primary => "Primary",
            Self::Refresh => "Refresh",
            Self::Published => "Published",
        }
    }
}

/// From one stage to the next that exists. Live to Refresh is for a month whose Primary is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Live to Primary.
    LiveToPrimary,
    /// Live to Refresh.
    LiveToRefresh,
    /// Primary to Refresh.
    PrimaryToRefresh,
}

impl Step {
    /// The step between two stages that hold clocks.
    #[must_use]
    pub const fn between(from: Stage, to: Stage) -> Option<Self> {
        match (from, to) {
            (Stage::Live, Stage::Primary) => Some(Self::LiveToPrimary),
            (Stage::Live, Stage::Refresh) => Some(Self::LiveToRefresh),
            (Stage::Primary, Stage::Refresh) => Some(Self::PrimaryToRefresh),
            _ => None,
        }
    }
}

macro_rules! causes {
    ($($(#[$words:meta])+ $variant:ident $code:literal $one:literal $many:literal $meaning:literal;)+) => {
        /// Why a clock is counted in one stage and otherwise in the next. The order is that of the outlets.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Cause {
            $($(#[$words])+ $variant,)+
        }

        impl Cause {
            /// Every cause.
            pub const ALL: [Self; [$(Self::$variant,)+].len()] = [$(Self::$variant,)+];

            /// The word of every outlet.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The word as a heading: "Missing RTT end".
            #[must_use]
            pub fn title(self) -> String {
                let word = |word| match word {
                    "csds" => "CSDS",
                    "rtt" => "RTT",
                    other => other,
                };
                let words: Vec<&str> = self.as_str().split('_').map(word).collect();
                let title = words.join(" ");
                title[..1].to_uppercase() + &title[1..]
            }

            /// A phrase that follows a number of clocks: "is not in CSDS".
            #[must_use]
            pub const fn phrase(self, many: bool) -> &'static str {
                match (self, many) { $((Self::$variant, false) => $one, (Self::$variant, true) => $many,)+ }
            }

            /// What it means, for a person who reads it for the first time.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)+ }
            }
        }
    };
}

causes! {
    /// The live feed voided it, CSDS counts it.
    Voided "voided" "was voided on the live feed" "were voided on the live feed"
        "CSDS counts a referral that the live feed voided.";
    /// Only CSDS knows it.
    NotOnFeed "not_on_live_feed" "is not on the live feed" "are not on the live feed"
        "CSDS counts a clock that the live feed never sent.";
    /// Not in the Primary, but in the Refresh.
    LateRecord "late_record" "was submitted late" "were submitted late"
        "The clock is not in the Primary and is in what counts now.";
    /// In no submission that counts (E22).
    NotInCsds "not_in_csds" "is not in CSDS" "are not in CSDS"
        "The live feed stopped a clock that no submission holds (E22).";
    /// The submission that held it was withdrawn.
    Withdrawn "submission_withdrawn" "was in a withdrawn submission" "were in a withdrawn submission"
        "Only a Primary that was withdrawn holds the clock.";
    /// A later submission left it out.
    NotSentAgain "not_sent_again" "was not sent again" "were not sent again"
        "The Primary holds the clock and what replaced it does not.";
    /// Another waiting type, or superseded.
    ChangedType "changed_type" "changed type" "changed type"
        "One stage holds the clock as a two-hour clock and the other does not.";
    /// CSDS has no RTT end.
    EndMissing "missing_rtt_end" "has no RTT end in CSDS" "have no RTT end in CSDS"
        "The live feed stopped the clock and CSDS has no RTT end.";
    /// Only CSDS has the RTT end.
    EndOnlyInCsds "rtt_end_only_in_csds" "has its RTT end only in CSDS" "have their RTT end only in CSDS"
        "CSDS stopped the clock and the live feed did not.";
    /// An RTT end came later.
    EndGained "gained_rtt_end" "gained an RTT end" "gained an RTT end"
        "The Primary left the clock open and what counts now stops it.";
    /// An RTT end went.
    EndLost "lost_rtt_end" "lost its RTT end" "lost their RTT end"
        "The Primary stopped the clock and what counts now leaves it open.";
    /// The RTT end falls into another month.
    OtherMonth "other_month" "falls into another month" "fall into another month"
        "Both stages count the clock, in different months: it leaves the one and comes into the other.";
    /// The same times, true minutes against the wall clock (E7).
    ClockChange "clock_change" "differs by the clock change" "differ by the clock change"
        "The wait crosses a clock change: true minutes and the wall clock disagree (E7).";
    /// Other times in CSDS than live.
    TimesDiffer "start_or_end_differs" "has another start or end in CSDS" "have another start or end in CSDS"
        "Both count the clock, and the start or end in CSDS differs or lacks its time.";
    /// Other times than in the Primary.
    TimesAmended "times_amended" "had its times amended" "had their times amended"
        "The start or end is another than in the Primary.";
    /// Rounding to the nearest 5.
    Rounding "rounding" "was rounded" "were rounded"
        "Published counts are rounded to the nearest 5, and 1 to 7 to 5.";
    /// What no cause explains.
    NotExplained "not_explained" "is not explained" "are not explained"
        "What is left between the rounded count and the published one.";
}
