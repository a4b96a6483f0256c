//! Where a person is on each night, by the precedence of the handbook (`days-at-home.md` section 2). Pure.

use std::collections::BTreeSet;

use crate::spans::{Point, Span, Spans, by_precedence};

/// After every day: 31 December 9999.
pub(super) const NEVER: Point = 2_932_896;

/// What a person-night is counted as, in order of precedence: the first that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum State {
    /// After death; told only where a stay claims the night.
    Dead,
    /// The person opted out.
    OptedOut,
    /// Before the feeds began: where the person was is not known.
    NotCovered,
    /// In a hospital bed, or in an emergency department over midnight.
    Hospital,
    /// The same, and no discharge is known yet.
    HospitalOpen,
    /// In a short-term bed.
    ShortTerm,
    /// The same, and no end is known yet.
    ShortTermOpen,
    /// An interval that never ended, and that no record supports any more.
    Unsupported,
    /// At home, on a virtual ward.
    VirtualWard,
    /// At home.
    Home,
}

impl State {
    const ALL: [Self; 10] = [
        Self::Dead,
        Self::OptedOut,
        Self::NotCovered,
        Self::Hospital,
        Self::HospitalOpen,
        Self::ShortTerm,
        Self::ShortTermOpen,
        Self::Unsupported,
        Self::VirtualWard,
        Self::Home,
    ];

    /// The handbook's name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Dead => "dead",
            Self::OptedOut | Self::NotCovered | Self::Unsupported => "not_observed",
            Self::Hospital | Self::HospitalOpen => "away_hospital",
            Self::ShortTerm | Self::ShortTermOpen => "away_short_term",
            Self::VirtualWard => "home_virtual_ward",
            Self::Home => "home",
        }
    }

    /// Away from home, in hospital or a short-term bed.
    pub(super) const fn is_away(self) -> bool {
        matches!(self, Self::Hospital | Self::HospitalOpen | Self::ShortTerm | Self::ShortTermOpen)
    }

    /// Why it is so, where the name alone does not tell.
    pub(super) const fn reason(self) -> Option<&'static str> {
        match self {
            Self::Dead => Some("stay_after_death"),
            Self::OptedOut => Some("opted_out"),
            Self::NotCovered => Some("not_covered"),
            Self::Unsupported => Some("unsupported"),
            Self::HospitalOpen | Self::ShortTermOpen => Some("open"),
            Self::Hospital | Self::ShortTerm | Self::VirtualWard | Self::Home => None,
        }
    }
}

/// Kind of an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bed {
    /// Acute, community hospital or mental health.
    Hospital,
    /// Emergency department.
    Emergency,
    /// Hospice, or a short-term bed in a care home.
    ShortTerm,
    /// At home under a virtual ward.
    Virtual,
}

/// An interval of a person, in nights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stay {
    pub(super) bed: Bed,
    /// Which spell it is a segment of, as a hash; none for what is no spell.
    pub(super) spell: Option<u64>,
    pub(super) nights: Span,
    /// No end is known.
    pub(super) open: bool,
    /// Nights after the last that any record supports.
    pub(super) unsupported: Span,
    /// The year of birth that its begin and the person's age then come to, or the year after it.
    pub(super) born: Option<i32>,
}

/// A registration with a practice, in nights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Registration {
    pub(super) nights: Span,
    /// Its practice and what else the person is counted by, by number.
    pub(super) place: u32,
    pub(super) opted_out: bool,
    /// The year of birth that the age and the day on which it was told come to, or the year after it.
    pub(super) born: Option<i32>,
}

/// A year of birth, as near as ages tell it, by who tells them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Born {
    /// Registrations: of every night.
    Listed(i32),
    /// Stays, of somebody whose registrations tell no age: of nights away alone. Else the first stay of a life would touch
    /// the years at home before it, and figures by age would be of those who were ever away.
    Stayed(i32),
}

impl Born {
    pub(super) const fn year(self) -> i32 {
        match self {
            Self::Listed(year) | Self::Stayed(year) => year,
        }
    }

    /// The year that registrations tell.
    pub(super) const fn listed(self) -> Option<i32> {
        match self {
            Self::Listed(year) => Some(year),
            Self::Stayed(_) => None,
        }
    }

    /// True when it is known of nights in a state.
    pub(super) const fn tells(self, state: State) -> bool {
        matches!(self, Self::Listed(_)) || state.is_away()
    }
}

/// What is known of one person.
#[derive(Debug, Default)]
pub(super) struct Known<'a> {
    pub(super) stays: Vec<Stay>,
    /// Days of death with whether each is formal.
    pub(super) deaths: Vec<(Point, bool)>,
    /// Registrations with their subjects.
    pub(super) registrations: Vec<(&'a str, Registration)>,
    /// The first night that the feeds cover; none when they cover every night.
    pub(super) first_night: Option<Point>,
    /// Days on which a referral to urgent community response was accepted.
    pub(super) accepted: BTreeSet<Point>,
}

/// Nights that follow each other in one state and place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Piece {
    pub(super) span: Span,
    pub(super) state: State,
    pub(super) place: u32,
}

impl Known<'_> {
    /// The day of death: of formal records the earliest, else of informal ones (our choice).
    pub(super) fn died_on(&self) -> Option<Point> {
        self.deaths.iter().min_by_key(|(day, formal)| (!formal, *day)).map(|(day, _)| *day)
    }

    /// The year of birth: the earliest that any registration comes to, since those before the birthday of a year come to the
    /// next; where none tells an age, the earliest that any stay comes to.
    pub(super) fn born(&self) -> Option<Born> {
        let listed = self.registrations.iter().filter_map(|(_, own)| own.born).min();
        let stayed = || self.stays.iter().filter_map(|stay| stay.born).min();
        listed.map(Born::Listed).or_else(|| stayed().map(Born::Stayed))
    }

    /// Every registered night in its state, in order.
    pub(super) fn nights(&mut self) -> Vec<Piece> {
        if self.registrations.is_empty() {
            return Vec::new();
        }
        let own = by_precedence(&self.layers());
        let mut pieces = Vec::new();
        for (registration, nights) in self.registered() {
            for (state, set) in State::ALL.into_iter().zip(&own) {
                let nights = match (state, registration.opted_out) {
                    (State::OptedOut, true) => nights.minus(&own[0]),
                    (State::OptedOut, false) => continue,
                    (_, true) => continue,
                    (State::Dead, false) => nights.intersection(&set.intersection(&self.claimed())),
                    (_, false) => nights.intersection(set),
                };
                let place = registration.place;
                pieces.extend(nights.pieces().iter().map(|span| Piece { span: *span, state, place }));
            }
        }
        pieces.sort_unstable();
        pieces
    }

    /// Registrations, each with the nights that no later one claims. Who opted out in the newest one leaves the past too.
    fn registered(&mut self) -> Vec<(Registration, Spans)> {
        self.registrations.sort_by_key(|(name, own)| std::cmp::Reverse((own.nights.from, *name)));
        let left = self.registrations.first().is_some_and(|(_, newest)| newest.opted_out);
        let sets: Vec<Spans> = self.registrations.iter().map(|(_, own)| Spans::from(own.nights)).collect();
        let each = self.registrations.iter().zip(by_precedence(&sets));
        each.map(|((_, own), nights)| (Registration { opted_out: own.opted_out || left, ..*own }, nights)).collect()
    }

    /// The sets of [`State::ALL`]; opting out is told by the registration.
    fn layers(&self) -> [Spans; 10] {
        let of = |wanted: &dyn Fn(&Stay) -> bool| -> Spans {
            self.stays.iter().filter(|stay| wanted(stay)).map(|stay| stay.nights).collect()
        };
        let dead = self.died_on().map(|day| Spans::from(Span::new(day, NEVER))).unwrap_or_default();
        let hospital = |open: bool| -> Spans {
            let emergency = of(&|stay| stay.bed == Bed::Emergency && stay.open == open);
            self.spells().filter(|(stay, _)| stay.open == open).fold(emergency, |all, (_, own)| all.union(&own))
        };
        [
            dead,
            Spans::default(),
            self.first_night.map(|first| Spans::from(Span::new(-NEVER, first))).unwrap_or_default(),
            hospital(false),
            hospital(true),
            of(&|stay| stay.bed == Bed::ShortTerm && !stay.open),
            of(&|stay| stay.bed == Bed::ShortTerm && stay.open),
            self.stays.iter().map(|stay| stay.unsupported).collect(),
            of(&|stay| stay.bed == Bed::Virtual),
            Spans::from(Span::new(-NEVER, NEVER)),
        ]
    }

    /// Segments of hospital spells without the nights that a virtual segment of the same spell holds.
    fn spells(&self) -> impl Iterator<Item = (&Stay, Spans)> {
        self.stays.iter().filter(|stay| stay.bed == Bed::Hospital).map(|stay| {
            let is_virtual = |other: &&Stay| other.bed == Bed::Virtual && other.spell == stay.spell;
            let at_home: Spans = self
                .stays
                .iter()
                .filter(is_virtual)
                .filter(|other| other.spell.is_some())
                .map(|own| own.nights)
                .collect();
            (stay, Spans::from(stay.nights).minus(&at_home))
        })
    }

    /// Nights that any stay claims.
    fn claimed(&self) -> Spans {
        self.stays.iter().map(|stay| stay.nights).collect()
    }

    /// Days of discharge from hospital: where spells that follow each other end. A transfer, or a new spell on the same day,
    /// goes on; a stay without a night is none.
    pub(super) fn discharges(&self) -> BTreeSet<Point> {
        let (mut all, mut ends) = (Spans::default(), BTreeSet::new());
        for (stay, nights) in self.spells() {
            if !stay.open {
                ends.extend(nights.pieces().iter().map(|piece| piece.to));
            }
            all = all.union(&nights);
        }
        all.pieces().iter().map(|piece| piece.to).filter(|end| ends.contains(end)).collect()
    }

    /// Days of admission to a virtual ward: where stays that follow each other begin.
    pub(super) fn virtual_admissions(&self) -> BTreeSet<Point> {
        let nights: Spans = self.stays.iter().filter(|stay| stay.bed == Bed::Virtual).map(|stay| stay.nights).collect();
        nights.pieces().iter().map(|piece| piece.from).collect()
    }
}
