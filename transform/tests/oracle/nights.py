"""Days at home the slow way, in another language: the newest version of each message by looking at all of them, then every
night of every person looked at by itself. Reads CloudEvents, one a line; prints figures as JSON. Standard library alone.

    python3 nights.py 2025-06-12T15:30:00Z events.jsonl ingest/contract/reference
"""

import csv
import json
import os
import sys
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta, timezone

HOSPITAL = ("acute", "community_hospital", "mental_health")
AWAY = ("hospital", "hospital_open", "short", "short_open")
OBSERVED = AWAY + ("virtual", "home")
NIGHT = timedelta(days=1)
BEDS = "beds-occupied-at-midnight"
MEAN_BEDS = "mean-" + BEDS
DAYS = "days-at-home"


def last_sunday(year, month):
    day = date(year, month, 31)
    return day - timedelta(days=(day.weekday() + 1) % 7)


def instant(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)


def local_day(at):
    """The date on a clock in London: an hour ahead from the last Sunday of March to that of October, each at 01:00 UTC."""
    change = lambda month: datetime.combine(last_sunday(at.year, month), datetime.min.time(), timezone.utc) + timedelta(hours=1)
    return (at + timedelta(hours=change(3) <= at < change(10))).date()


def rank(event):
    return int(event["versionid"]), instant(event["time"]), event["id"]


def newest(events):
    held = {}
    for event in events:
        key = event["subject"]
        if key not in held or rank(event) > rank(held[key]):
            held[key] = event
    return [held[key] for key in sorted(held)]


class Interval:
    def __init__(self, kind, spell, begin, end, event):
        self.kind, self.spell = kind, spell
        recorded = instant(event["time"])
        self.open = end is None
        self.first = local_day(instant(begin))
        self.born = self.first.year - event["data"]["person"]["ageYears"]
        self.end = local_day(recorded + timedelta(days=30)) if self.open else local_day(instant(end))

    def nights(self):
        night = self.first
        while night < self.end:
            yield night
            night += NIGHT

    def doubted(self, today):
        """Nights that a stay without an end claims, and that no record supports."""
        night = max(self.first, self.end)
        while self.open and night < today:
            yield night
            night += NIGHT


class Person:
    def __init__(self):
        self.intervals, self.deaths, self.lists, self.accepted = [], [], [], set()

    def settle(self, today):
        at_home = defaultdict(set)
        for own in self.intervals:
            if own.kind == "virtual" and own.spell:
                at_home[own.spell].update(own.nights())
        self.marks, self.ends, in_bed = defaultdict(set), set(), set()
        for own in self.intervals:
            self.marks_of(own, at_home[own.spell] if own.spell else set(), in_bed, today)
        self.discharges = {day for day in self.ends if day not in in_bed}
        ward = {night for own in self.intervals if own.kind == "virtual" for night in own.nights()}
        self.admissions = {night for night in ward if night - NIGHT not in ward}
        formal = [day for day, status in self.deaths if status == "formal"]
        self.died = min(formal or [day for day, _ in self.deaths], default=None)
        self.lists.sort(key=lambda own: (own["registered_from"], own["subject"]))
        self.listed = min((own["born"] for own in self.lists if own["born"] is not None), default=None)
        stayed = min((own.born for own in self.intervals), default=None)
        self.born = stayed if self.listed is None else self.listed
        self.left = bool(self.lists) and self.lists[-1]["opted_out"]

    def marks_of(self, own, at_home, in_bed, today):
        bed = {"hospital": "hospital", "emergency": "hospital", "short": "short", "virtual": "virtual"}[own.kind]
        state = bed + "_open" if own.open and bed != "virtual" else bed
        for night in own.nights():
            self.marks[night].add("claimed")
            if own.kind == "hospital" and night in at_home:
                continue
            self.marks[night].add(state)
            if own.kind == "hospital":
                in_bed.add(night)
                if not own.open and (night + NIGHT >= own.end or night + NIGHT in at_home):
                    self.ends.add(night + NIGHT)
        for night in own.doubted(today):
            self.marks[night].add("unsupported")

    def list_of(self, night):
        found = None
        for own in self.lists:
            last = own["registered_to"]
            if own["registered_from"] <= night and (last is None or night <= last):
                found = own
        return found

    def state(self, own, night):
        marks = self.marks.get(night, ())
        opted_out = own["opted_out"] or self.left
        if self.died is not None and night >= self.died:
            return "after_death" if "claimed" in marks and not opted_out else "dead"
        if opted_out:
            return "opted_out"
        for state in AWAY + ("unsupported", "virtual"):
            if state in marks:
                return state
        return "home"


class Figures:
    def __init__(self):
        self.cells = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
        self.own = defaultdict(lambda: [0, 0])
        self.away = set()
        self.aged = defaultdict(int)

    def add(self, indicator, practice, period, **numbers):
        cell = self.cells[indicator][practice + "|" + period]
        for name, number in numbers.items():
            cell[name] += number

    def person(self, indicator, practice, period, x, y):
        own = self.own[indicator, practice, period]
        own[0], own[1] = own[0] + x, own[1] + y

    def person_done(self):
        """Squares what one person brought to each cell."""
        for (indicator, practice, period), own in self.own.items():
            self.add(indicator, practice, period, **spread([own]))
        for indicator, practice, period in self.away:
            self.add(indicator, practice, period, people_away=1)
        for (indicator, practice, period, band), nights in self.aged.items():
            self.add(indicator, practice, period, **{f"aged_{band}_squared": nights * nights})
        self.aged.clear()
        self.own.clear()
        self.away.clear()

    def told(self):
        """Without zeros, as cells are."""
        kept = {}
        for indicator, cells in self.cells.items():
            own = {cell: {name: number for name, number in numbers.items() if number} for cell, numbers in cells.items()}
            kept[indicator] = {cell: numbers for cell, numbers in own.items() if numbers}
        return kept


def people_of(events):
    people = defaultdict(Person)
    by_type = defaultdict(list)
    for event in events:
        by_type[event["type"].rsplit("-", 1)[0]].append(event)
    for event in newest(by_type["hospital-spell"]):
        data, who = event["data"], event["data"]["person"].get("pseudonym")
        if data["status"] == "cancelled" or not who:
            continue
        kind = "virtual" if data["ward_kind"] == "virtual" else "hospital" if data["setting"] in HOSPITAL else "short"
        spell = data["provider"] + "|" + data["spell_id"]
        stay = Interval(kind, spell, data["admitted_at"], data["discharged_at"], event)
        people[who].intervals.append(stay)
    for event in newest(by_type["ed-stay"]):
        data, who = event["data"], event["data"]["person"].get("pseudonym")
        if data["status"] != "cancelled" and who:
            stay = Interval("emergency", None, data["arrived_at"], data["departed_at"], event)
            people[who].intervals.append(stay)
    for event in newest(by_type["virtual-ward-stay"] + by_type["virtual-ward-stay-voided"]):
        data = event["data"]
        if "voided" not in event["type"]:
            stay = Interval("virtual", None, data["admitted_at"], data["discharged_at"], event)
            people[data["person"]["pseudonym"]].intervals.append(stay)
    for event in newest(by_type["death"]):
        data = event["data"]
        if not data["revoked"]:
            people[data["pseudonym"]].deaths.append((date.fromisoformat(data["date_of_death"]), data["status"]))
    for who, at in acceptances(events):
        people[who].accepted.add(local_day(at))
    for event in newest(by_type["registration"]):
        data = dict(event["data"], subject=event["subject"])
        age = data.get("ageYears")
        data["born"] = None if age is None else local_day(instant(event["time"])).year - age
        data["registered_from"] = date.fromisoformat(data["registered_from"])
        data["registered_to"] = data["registered_to"] and date.fromisoformat(data["registered_to"])
        people[data["pseudonym"]].lists.append(data)
    return people


def core20_of(path):
    """Of each area whether it is in the two most deprived tenths."""
    with open(path, encoding="utf-8", newline="") as table:
        return {row["lsoa"]: int(row["imd_decile"]) < 3 for row in csv.DictReader(table)}


AGES = (("nights-in-hospital-per-1000-people", 0), ("nights-in-hospital-per-1000-people-18-and-over", 18),
        ("nights-in-hospital-per-1000-people-65-and-over", 65))
STANDARDISED = (("nights-in-hospital-standardised", 0), ("nights-in-hospital-standardised-18-and-over", 18),
                ("nights-in-hospital-standardised-65-and-over", 65))


def per_people(figures, path):
    """Divides what is counted by the people of the practice, by the newest edition of the month's begin, the first before."""
    with open(path, encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    editions = sorted({(row["as_of"], int(row["version"])) for row in rows})
    people = defaultdict(int)
    for row in rows:
        for indicator, youngest in AGES + STANDARDISED:
            counts = sum(int(count) for age, count in row.items() if age.isdigit() and int(age) >= youngest)
            people[indicator, row["practice"], row["as_of"], int(row["version"])] += counts
    for indicator, _ in AGES + STANDARDISED:
        for cell, numbers in figures.cells[indicator].items():
            practice, month = cell.split("|")
            come = [edition for edition in editions if edition[0] <= month + "-01"]
            edition = come[-1] if come else editions[0]
            if any(numbers.values()):
                count = people[(indicator, practice) + edition]
                numbers["denominator"] = count
                numbers[f"population of {edition[0]}, version {edition[1]}"] = count


def per_night(figures, today):
    """Divides nights away by the nights of the month that are over."""
    for cell, numbers in figures.cells[MEAN_BEDS].items():
        first = date.fromisoformat(cell.split("|")[1] + "-01")
        after = (first + timedelta(days=31)).replace(day=1)
        numbers["denominator"] = (min(after, today) - first).days


def acceptances(events):
    """Who was accepted when, by each referral's newest decision as amended; voids are final."""
    referrals = defaultdict(lambda: defaultdict(list))
    for event in events:
        kind = event["type"].rsplit("-", 1)[0]
        if kind.startswith("ucr-referral-"):
            referrals[event["subject"]][kind.removeprefix("ucr-referral-")].append(event)
    for told in referrals.values():
        if told["voided"] or told["rejected"] or not told["triaged"] or not told["received"]:
            continue
        decided = max(told["triaged"], key=rank)
        at = decided["data"]["decidedAt"]
        for amended in sorted(told["amended"], key=rank):
            if rank(amended) > rank(decided):
                for change in amended["data"]["changes"]:
                    at = change["to"] if change["item"] == "decidedAt" else at
        if decided["data"]["decision"] == "accepted" and at:
            yield max(told["received"], key=rank)["data"]["person"]["pseudonym"], instant(at)


def spread(people):
    """Sums over the people of one cell: each has so much in the numerator and so much in the denominator."""
    own = [(x, y) for x, y in people if y]
    return {"people": len(own), "numerator_squared": sum(x * x for x, _ in own), "product": sum(x * y for x, y in own),
            "denominator_squared": sum(y * y for _, y in own)}


def nights_of(figures, person, practice, month, state, care_home, efi_band, core20, nights):
    """So many nights of one state in one month and place."""
    home, away, observed = state in ("home", "virtual"), state in AWAY, state in OBSERVED
    hospital, short = state.startswith("hospital"), state.startswith("short")
    count = lambda holds: nights if holds else 0
    listed_age = None if person.listed is None else int(month[:4]) - person.listed
    if core20 is None and observed:
        figures.add(DAYS + "-core20", practice, month, neighbourhood_unknown=nights)
    for youngest in (18, 65):
        if listed_age is None and observed:
            figures.add(f"{DAYS}-{youngest}-and-over", practice, month, age_unknown=nights)
    for name, is_in, at_home in (
            (DAYS, True, home), (DAYS + "-own-home", True, home and not care_home),
            (DAYS + "-with-short-term-beds", True, home or short), (DAYS + "-of-care-home-residents", care_home, home),
            (DAYS + "-of-people-with-frailty", efi_band in ("moderate", "severe"), home),
            (DAYS + "-core20", core20, home),
            (DAYS + "-18-and-over", listed_age is not None and listed_age >= 18, home),
            (DAYS + "-65-and-over", listed_age is not None and listed_age >= 65, home)):
        if not is_in:
            continue
        figures.add(
            name, practice, month, numerator=365 * count(at_home), denominator=count(observed),
            home_nights=count(state == "home"), virtual_ward_nights=count(state == "virtual"),
            hospital_nights=count(hospital), short_term_nights=count(short), own_home_nights=count(home and not care_home),
            open_stay=count(state.endswith("_open")), unsupported=count(state == "unsupported"),
            opted_out=count(state == "opted_out"), after_death=count(state == "after_death"))
        figures.person(name, practice, month, 365 * count(at_home), count(observed))
    figures.add("nights-in-hospital", practice, month, numerator=1000 * count(hospital), denominator=count(observed))
    for indicator, youngest in STANDARDISED:
        figures.add(indicator, practice, month, observed_nights=count(observed))
        if hospital and (age := int(month[:4]) - person.born) >= youngest:
            band = max(youngest, min(age, 90) // 5 * 5)
            figures.add(indicator, practice, month, numerator=nights, **{f"aged_{band}": nights})
            figures.aged[indicator, practice, month, band] += nights
            figures.away.add((indicator, practice, month))
    for indicator, youngest in AGES:
        counts = hospital and int(month[:4]) - person.born >= youngest
        figures.add(indicator, practice, month, numerator=1000 * count(counts), observed_nights=count(observed))
        if counts:
            figures.away.add((indicator, practice, month))
    for name, is_in in (("at-home", state == "home"), ("in-hospital", hospital), ("in-short-term-beds", short),
                        ("on-virtual-wards", state == "virtual")):
        figures.add("share-of-nights-" + name, practice, month, numerator=count(is_in), denominator=count(observed))


COHORTS = [("after-discharge", "discharges"), ("from-virtual-ward", "admissions"), ("after-ucr", "accepted")]
WINDOWS = (30, 90, 365)


def follow(figures, person, states, own, index, today):
    for cohort, days in COHORTS:
        if index not in getattr(person, days):
            continue
        for length in WINDOWS:
            if index + timedelta(days=length) > today:
                continue
            seen = [states.get(index + timedelta(days=number)) for number in range(length)]
            after = 0 if person.died is None else sum(index + timedelta(days=n) >= person.died for n in range(length))
            home = sum(state in ("home", "virtual") for state in seen)
            away = sum(state in AWAY for state in seen)
            whole = home + away + after == length
            figures.person(f"days-at-home-{cohort}-{length}", own["practice"], index.strftime("%Y-%m"), home * whole, whole)
            figures.add(
                f"days-at-home-{cohort}-{length}", own["practice"], index.strftime("%Y-%m"), numerator=home * whole,
                denominator=whole, virtual_ward_nights=sum(state == "virtual" for state in seen) * whole,
                away_nights=away * whole, died=whole and after > 0, alive=whole and after == 0,
                home_nights_benchmark=home * (whole and after == 0), excluded=not whole)


def main():
    today = local_day(instant(sys.argv[1]))
    with open(sys.argv[2], encoding="utf-8") as lines:
        people = people_of([json.loads(line) for line in lines])
    core20 = core20_of(os.path.join(sys.argv[3], "deprivation.csv"))
    figures = Figures()
    for person in people.values():
        if not person.lists:
            continue
        person.settle(today)
        states, lists, counts, night = {}, {}, Counter(), min(own["registered_from"] for own in person.lists)
        while night < today:
            own = person.list_of(night)
            if own is not None:
                states[night], lists[night] = person.state(own, night), own
                month = night.strftime("%Y-%m")
                counts[own["practice"], month, states[night], own["care_home"], own["efi_band"], core20.get(own["lsoa"])] += 1
                if states[night] in AWAY:
                    short = states[night].startswith("short")
                    figures.add(BEDS, own["practice"], night.isoformat(), numerator=1, short_term_beds=short)
                    figures.add(MEAN_BEDS, own["practice"], month, numerator=1, short_term_nights=short)
            night += NIGHT
        for key, nights in counts.items():
            nights_of(figures, person, *key, nights)
        for index in sorted(person.discharges | person.admissions | person.accepted):
            if states.get(index, "dead") not in ("dead", "after_death", "opted_out"):
                follow(figures, person, states, lists[index], index, today)
        figures.person_done()
    per_people(figures, os.path.join(sys.argv[3], "population.csv"))
    per_night(figures, today)
    json.dump(figures.told(), sys.stdout)


main()
