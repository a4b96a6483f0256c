"""Virtual wards minute by minute: every ward is walked through every minute of every local day, with the standard library
alone. Written from the handbook's page; what that leaves open, and the definitions decide, is marked "our choice".

    wards.py AS_OF MESSAGES REFERENCE

MESSAGES holds one CloudEvent a line, REFERENCE is the folder of practices, networks, organisations and population. Prints
numbers by name, by cell, by indicator; what is 0 is left out.
"""

import csv
import json
import statistics
import sys
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path

MINUTE = timedelta(minutes=1)
STALE = timedelta(days=30)
LONG_NIGHTS = 14
YEAR_DAYS = 365
AGE_FROM = 16
# VW-EQUIV: so many hospital beds for so many of a virtual ward.
ACUTE, VIRTUAL = 90, 184
UNKNOWN = "unknown"


def instant(text):
    return text and datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)


def last_sunday(year, month):
    day = date(year, month, 31)
    while day.weekday() != 6:
        day -= timedelta(days=1)
    return datetime(year, month, day.day, 1, tzinfo=timezone.utc)


def clock(at):
    """What a clock in London shows."""
    summer = last_sunday(at.year, 3) <= at < last_sunday(at.year, 10)
    return (at + timedelta(hours=summer)).replace(tzinfo=None)


def shows(day, hour):
    """The instant at which a clock in London shows a full hour of a day that is not moved."""
    at = datetime(day.year, day.month, day.day, hour, tzinfo=timezone.utc)
    return at if clock(at).hour == hour else at - timedelta(hours=1)


def reference_morning(month):
    """The last Friday of the month, the Monday of its week, the Thursday of the week before."""
    day = (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    while day.weekday() != 4:
        day -= timedelta(days=1)
    monday = day - timedelta(days=4)
    return shows(monday - timedelta(days=4), 8)


class Places:
    """Practices and organisations."""

    def __init__(self, folder):
        rows = lambda name: csv.DictReader((folder / name).open(encoding="utf-8", newline=""))
        networks = {row["code"]: row for row in rows("devon_pcns.csv")}
        self.of_practice = {row["code"]: networks[row["pcn"]] for row in rows("practices.csv")}
        self.organisations = {row["code"]: row for row in rows("organisations.csv")}
        self.people = defaultdict(int)
        for row in rows("population.csv"):
            edition = row["as_of"], int(row["version"])
            self.people[edition] += sum(int(row[age]) for age in row if age.isdigit() and int(age) >= AGE_FROM)

    def provider(self, code):
        """Who answers for a provider today."""
        heir = self.organisations.get(code, {}).get("successor_code")
        return self.provider(heir) if heir else code

    def board(self, code):
        own = self.organisations.get(code, {})
        return own["parent"] if own.get("type") == "sub_icb_location" else code

    def areas(self, practice):
        own = self.of_practice.get(practice)
        if own is None:
            return {"icb": UNKNOWN, "lcp": UNKNOWN, "pcn": UNKNOWN}
        return {"icb": own["icb"] or UNKNOWN, "lcp": own["lcp"], "pcn": own["code"]}

    def edition(self, month):
        """The newest edition that had come, else the first."""
        come = [edition for edition in sorted(self.people) if edition[0] <= month + "-01"]
        return come[-1] if come else min(self.people)


def standing(events, wanted):
    """The newest version of each subject that is taken in; greater version, then later, then greater id."""
    held = {}
    for event in events:
        if wanted in event["type"] and is_sound(event["data"]):
            order = int(event["versionid"]), instant(event["time"]), event["id"].lower()
            if event["subject"] not in held or order > held[event["subject"]][0]:
                held[event["subject"]] = order, event
    return [(subject, event) for subject, (_, event) in sorted(held.items()) if "voided" not in event["type"]]


def is_sound(data):
    """Rule 8, and the same for beds."""
    for begin, end in (("admitted_at", "discharged_at"), ("valid_from", "valid_to")):
        if data.get(end) and instant(data[end]) < instant(data[begin]):
            return False
    return True


class Stay:
    def __init__(self, subject, event, places):
        data = event["data"]
        self.subject, self.data, self.told_at = subject, data, instant(event["time"])
        self.ward = places.provider(data["provider"]), data["ward_id"]
        self.person = data["person"].get("pseudonym")
        self.begin, self.end = instant(data["admitted_at"]), instant(data["discharged_at"])

    def is_in_progress(self, at):
        return self.begin <= at and (self.end is None or at < self.end)


class Episode:
    """Stays of one person on one ward that overlap (rule 5)."""

    def __init__(self, stays, places):
        never = datetime.max.replace(tzinfo=timezone.utc)
        lasts = lambda stay: stay.end or never
        # Our choice: the first to begin (then the longer, then the lesser name) gives what is known at the admission,
        # the last to end (then the greater name) what is known at the discharge.
        first = min(stays, key=lambda stay: (stay.begin, never - lasts(stay), stay.subject))
        last = max(stays, key=lambda stay: (lasts(stay), stay.subject))
        self.ward, self.person, self.begin, self.end = first.ward, first.person, first.begin, last.end
        self.route, self.pathway = first.data["route"], first.data["pathway"]
        self.tech, self.outcome = first.data["tech_enabled"], last.data["outcome"]
        self.is_merged = len(stays) > 1
        # Rule 7: any record supports it.
        self.stale_at = max(stay.told_at for stay in stays) + STALE
        self.cell = {"provider": self.ward[0], "ward": self.ward[1], "pathway": self.pathway or UNKNOWN,
                     "route": self.route or UNKNOWN, **places.areas(first.data["person"].get("practice"))}

    def nights(self):
        return (clock(self.end).date() - clock(self.begin).date()).days

    def is_stale(self, at):
        return self.end is None and self.begin <= at and self.stale_at <= at

    def is_of(self, begin, end):
        """It touches a period."""
        return self.begin < end and (self.end is None or self.end > begin or self.begin >= begin)


def episodes(stays, places):
    """Two overlap when one begins while the other is in progress; chains of them are one."""
    groups = defaultdict(list)
    for stay in stays:
        groups[stay.ward, stay.person or (None, stay.subject)].append(stay)
    for group in groups.values():
        while group:
            chain, grown = [group.pop()], True
            while grown:
                near = [own for own in group if any(
                    own.is_in_progress(held.begin) or held.is_in_progress(own.begin) for held in chain)]
                chain += near
                group, grown = [own for own in group if own not in near], bool(near)
            yield Episode(chain, places)


class Beds:
    """One row of a ward's beds."""

    def __init__(self, subject, event, places):
        data = event["data"]
        self.subject, self.ward = subject, (places.provider(data["provider"]), data["ward_id"])
        self.begin, self.end, self.beds = instant(data["valid_from"]), instant(data["valid_to"]), data["beds"]
        self.cell = {"icb": places.board(data["area"]), "pathway": data["pathway"] or UNKNOWN}

    def count(self):
        return self.beds or 0


NO_ROW = {"icb": UNKNOWN, "pathway": UNKNOWN}


def row_at(rows, at):
    """The later begin wins, and a row that has ended leaves a gap (rule 6); of two that begin together the greater subject."""
    begun = [row for row in rows if row.begin <= at]
    row = max(begun, key=lambda row: (row.begin, row.subject), default=None)
    return row if row and (row.end is None or at < row.end) else None


AREAS = ("provider", "icb", "lcp", "pcn")
BREAKDOWNS = [("provider", "ward", "pathway", "route"), ("provider", "route"), ("provider", "pathway"), ("ward",),
              ("provider",), ("icb",), ("lcp",), ("pcn",), ()]


def keys(cell, strata, period):
    """The cells that something counts in, each by what the indicator tells of a breakdown."""
    told = [tuple(name for name in own if name in strata or name in AREAS) for own in BREAKDOWNS]
    for breakdown in dict.fromkeys(told):
        yield "|".join([f"{name}={cell.get(name, UNKNOWN)}" for name in breakdown] + ([period] if period else []))


class Figures:
    def __init__(self):
        self.cells = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
        self.people, self.nights = defaultdict(set), defaultdict(list)

    def add(self, indicator, cell, period, strata, **numbers):
        for key in keys(cell, strata, period):
            for name, number in numbers.items():
                self.cells[indicator][key][name] += number

    def told(self):
        for (indicator, key), people in self.people.items():
            self.cells[indicator][key]["numerator"] = len(people)
        for (indicator, key), nights in self.nights.items():
            self.cells[indicator][key]["twice the median"] = round(2 * statistics.median(nights))
            self.cells[indicator][key]["denominator"] = len(nights)
        kept = {}
        for indicator, cells in self.cells.items():
            own = {cell: {name: number for name, number in all.items() if number} for cell, all in cells.items()}
            kept[indicator] = {cell: numbers for cell, numbers in own.items() if numbers}
        return kept


def day_of(at):
    return "day=" + clock(at).date().isoformat()


def month_of(at):
    return "month=" + clock(at).date().isoformat()[:7]


WARD, FLOW = ("ward", "pathway"), ("ward", "pathway", "route")


class Census:
    """Every ward, every day, every minute."""

    def __init__(self, figures, own, beds, as_of):
        self.figures, self.as_of, self.integral = figures, as_of, 0
        self.stays, self.rows = defaultdict(list), defaultdict(list)
        for episode in own:
            self.stays[episode.ward].append(episode)
        for row in beds:
            self.rows[row.ward].append(row)

    def walk(self, day):
        begin, end = shows(day, 0), shows(day + timedelta(days=1), 0)
        minutes = [begin + number * MINUTE for number in range((end - begin) // MINUTE)]
        morning = next(number for number, at in enumerate(minutes) if (clock(at).hour, clock(at).minute) == (8, 0))
        for ward in sorted(self.stays.keys() | self.rows.keys()):
            patients, rows = self.patients(ward, begin, len(minutes)), self.beds(ward, minutes)
            self.integral += sum(patients)
            if end <= self.as_of:
                self.time(ward, minutes[0], Counter(zip(patients, rows)))
            if minutes[morning] <= self.as_of:
                self.snapshot(ward, minutes[morning], patients[morning], rows[morning])
            if begin <= self.as_of < end:
                now = (self.as_of - begin) // MINUTE
                self.look("virtual-ward-occupancy-now", ward, self.as_of, "", patients[now], rows[now], is_stale=True)

    def patients(self, ward, begin, length):
        """How many are there in each minute of a day."""
        masks = []
        for stay in self.stays[ward]:
            since = max(0, (stay.begin - begin) // MINUTE)
            until = length if stay.end is None else min(length, (stay.end - begin) // MINUTE)
            if since < until:
                masks.append(bytes(since) + b"\1" * (until - since) + bytes(length - until))
        return [sum(here) for here in zip(*masks)] if masks else [0] * length

    def beds(self, ward, minutes):
        """The row of beds that stands in each minute of a day."""
        own, begin, end = self.rows[ward], minutes[0], minutes[-1]
        edges = {edge for row in own for edge in (row.begin, row.end) if edge and begin < edge <= end}
        if not edges:
            return [row_at(own, begin)] * len(minutes)
        return [row_at(own, at) for at in minutes]

    def time(self, ward, at, counts):
        for (patients, row), minutes in counts.items():
            seconds, beds = 60 * minutes, row.count() if row else 0
            for period in (day_of(at), month_of(at)):
                self.figures.add(
                    "virtual-ward-occupied-time", self.cell(ward, row), period, WARD, numerator=patients * seconds,
                    denominator=beds * seconds, no_beds=patients * seconds * (beds == 0))

    def snapshot(self, ward, at, patients, row):
        for period in (day_of(at), month_of(at)):
            self.look("virtual-ward-occupancy", ward, at, period, patients, row, is_stale=True)
        if at == reference_morning(clock(at).date()):
            self.look("virtual-ward-occupancy-national", ward, at, month_of(at), patients, row)

    def look(self, indicator, ward, at, period, patients, row, is_stale=False):
        beds = row.count() if row else 0
        numbers = {"numerator": patients, "denominator": beds, "over_capacity": patients > beds > 0,
                   "no_beds": patients * (beds == 0)}
        if is_stale:
            numbers["stale_open"] = sum(stay.is_stale(at) for stay in self.stays[ward])
        self.figures.add(indicator, self.cell(ward, row), period, WARD, **numbers)

    def cell(self, ward, row):
        return {"provider": ward[0], "ward": ward[1], **(row.cell if row else NO_ROW)}

    def suspect_zeros(self, months):
        """Rule 4, asked of a whole provider, as providers send the return (our choice), and shown at its wards with beds."""
        for month in months:
            at, before = reference_morning(month), reference_morning(month - timedelta(days=1))
            if at > self.as_of:
                continue
            count = lambda provider, when: sum(
                stay.begin <= when and (stay.end is None or when < stay.end)
                for ward, stays in self.stays.items() if ward[0] == provider for stay in stays)
            for ward, rows in self.rows.items():
                row = row_at(rows, at)
                if row and row.count() and count(ward[0], at) == 0 and count(ward[0], before) > 0:
                    self.figures.add(
                        "virtual-ward-occupancy-national", self.cell(ward, row), month_of(at), WARD, suspect_zero=1)


def beds_of_months(figures, census, places, months):
    """The last 08:00 of each month that has come."""
    for month in months:
        day = (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        while shows(day, 8) > census.as_of:
            day -= timedelta(days=1)
        if day < month:
            continue
        for ward, rows in census.rows.items():
            row = row_at(rows, shows(day, 8))
            if row is None:
                continue
            cell, period, untold = census.cell(ward, row), "month=" + month.isoformat()[:7], row.beds is None
            figures.add(
                "virtual-ward-beds", cell, period, WARD, numerator=row.count(), wards=1, not_told=untold)
            figures.add(
                "virtual-ward-beds-per-100000-people", cell, period, (), numerator=100_000 * row.count(),
                beds=row.count(), not_told=untold)
            equivalent = "virtual-ward-acute-equivalent"
            figures.add(equivalent, cell, period, WARD, numerator=ACUTE * row.count(), wards=1, not_told=untold)
    for numbers in figures.cells["virtual-ward-acute-equivalent"].values():
        # One month is divided once, however many wards it has.
        numbers["denominator"] = VIRTUAL
    for key, numbers in figures.cells["virtual-ward-beds-per-100000-people"].items():
        # Every practice that is known is Devon's, so that the nation has the same people here.
        if any(numbers.values()) and (key.startswith("icb=QJK") or key.startswith("month=")):
            edition = places.edition(key.rsplit("month=", 1)[1])
            numbers["denominator"] = places.people[edition]
            numbers[f"population of {edition[0]}, version {edition[1]}"] = places.people[edition]


def flow(figures, episode, as_of):
    if episode.begin <= as_of:
        for period in (day_of(episode.begin), month_of(episode.begin)):
            figures.add(
                "virtual-ward-admissions", episode.cell, period, FLOW, numerator=1, tech_enabled=bool(episode.tech),
                no_route=episode.route is None, no_person=episode.person is None, overlapping=episode.is_merged)
        figures.add(
            "virtual-ward-step-up", episode.cell, month_of(episode.begin), WARD, numerator=episode.route == "step_up",
            denominator=1, no_route=episode.route is None)
    if episode.end is None or episode.end > as_of:
        return
    period, nights = month_of(episode.end), episode.nights()
    closed = {"denominator": 1, "overlapping": episode.is_merged}
    figures.add("virtual-ward-stay-nights", episode.cell, period, FLOW, numerator=nights,
                over_14_nights=nights > LONG_NIGHTS, **closed)
    figures.add("virtual-ward-long-stays", episode.cell, period, FLOW, numerator=nights > LONG_NIGHTS, **closed)
    figures.add(
        "virtual-ward-escalations", episode.cell, period, FLOW, numerator=episode.outcome == "escalated",
        died=episode.outcome == "died", no_outcome=episode.outcome is None, **closed)
    median = "virtual-ward-stay-nights-median"
    figures.add(median, episode.cell, period, FLOW, overlapping=episode.is_merged)
    for key in keys(episode.cell, FLOW, period):
        figures.nights[median, key].append(nights)


def people(figures, episode, periods, as_of):
    """Distinct people; an admission that is ahead has not happened."""
    for name, begin, end in periods:
        if episode.begin > as_of or not episode.is_of(begin, end):
            continue
        figures.add("virtual-ward-people", episode.cell, name, ("ward",), stays=1, tech_enabled=bool(episode.tech),
                    no_person=episode.person is None)
        for key in keys(episode.cell, ("ward",), name) if episode.person else ():
            figures.people["virtual-ward-people", key].add(episode.person)


def implied_stays(figures, own, periods, as_of):
    """Little's law: time on the wards over admissions, in the days of the month that are over, beside the measured stay."""
    for name, begin, end in periods:
        end = min(end, shows(clock(as_of).date(), 0))
        seen = []
        for stay in own:
            minutes = max(0, (min(stay.end or end, end) - max(stay.begin, begin)) // MINUTE)
            admitted, closed = begin <= stay.begin < end, stay.end is not None and begin <= stay.end < end
            if minutes or admitted or closed:
                seen.append((stay, minutes, admitted, closed, stay.nights() if closed else 0))
        for ward in {it[0].ward for it in seen}:
            here = [it for it in seen if it[0].ward == ward]
            minutes, admitted, closed, nights = (sum(it[place] for it in here) for place in (1, 2, 3, 4))
            is_apart = False
            if admitted and closed:
                implied, measured = Fraction(minutes, 24 * 60 * admitted), Fraction(nights, closed)
                is_apart = abs(implied - measured) > Fraction(20, 100) * measured
            for stay, spent, is_admitted, is_closed, slept in here:
                figures.add(
                    "virtual-ward-implied-stay", stay.cell, name, ("ward",), numerator=60 * spent,
                    denominator=24 * 3600 * is_admitted, admissions=is_admitted, closed=is_closed, nights=slept,
                    stay_gap=is_admitted and is_apart)


def main():
    as_of, places = instant(sys.argv[1]), Places(Path(sys.argv[3]))
    with open(sys.argv[2], encoding="utf-8") as lines:
        events = [json.loads(line) for line in lines]
    stays = [Stay(*own, places) for own in standing(events, "virtual-ward-stay")]
    beds = [Beds(*own, places) for own in standing(events, "virtual-ward-capacity")]
    figures, own = Figures(), list(episodes(stays, places))
    today = clock(as_of).date()
    day = min(clock(it.begin).date() for it in own + beds)
    census, months = Census(figures, own, beds, as_of), []
    until = shows(today + timedelta(days=1), 0)
    spent = sum(max(0, (min(stay.end or until, until) - stay.begin) // MINUTE) for stay in own)
    while day <= today:
        if not months or months[-1] != day.replace(day=1):
            months.append(day.replace(day=1))
        census.walk(day)
        day += timedelta(days=1)
    # Little: the two ways to count the time of stays agree to the minute.
    assert census.integral == spent, (census.integral, spent)
    census.suspect_zeros(months)
    beds_of_months(figures, census, places, months)
    after = lambda month: (month + timedelta(days=32)).replace(day=1)
    periods = [("month=" + month.isoformat()[:7], shows(month, 0), shows(after(month), 0)) for month in months]
    implied_stays(figures, own, periods, as_of)
    periods.append(("window=365d", shows(today - timedelta(days=YEAR_DAYS - 1), 0), as_of + MINUTE))
    for episode in own:
        flow(figures, episode, as_of)
        people(figures, episode, periods, as_of)
    refused = sum(not is_sound(event["data"]) for event in events)
    json.dump({"figures": figures.told(), "refused": refused}, sys.stdout)


main()
