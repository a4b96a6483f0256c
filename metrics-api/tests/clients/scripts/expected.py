"""What the server under test was planted with, and how a client script reports.

The address comes in libpq's own variables (PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE, PGSSLMODE, PGSSLROOTCERT),
the planted figure in the JSON file that HOMEWARD_EXPECTED names.
"""

import json
import os
from datetime import datetime, timezone

with open(os.environ["HOMEWARD_EXPECTED"], encoding="utf-8") as file:
    FIGURE = json.load(file)

AS_OF = datetime.fromisoformat(FIGURE["as_of"])
VIEW = FIGURE["view"]
# Runs until it is stopped.
SLOW_QUERY = FIGURE["slow_query"]

# The planted figure, by parameters; each script writes the placeholders of its own driver into it.
QUERY = (
    f"SELECT numerator, denominator, value, lower, upper, as_of, area_name, band FROM outcomes.{VIEW}"
    " WHERE basis = {} AND level = {} AND area = {} AND period = {}"
)
PARAMETERS = (FIGURE["basis"], FIGURE["level"], FIGURE["area"], FIGURE["period"])

# Column, as information_schema and the drivers name its type.
COLUMN_TYPES = {
    "indicator": "text",
    "numerator": "bigint",
    "denominator": "bigint",
    "value": "double precision",
    "period_start": "timestamp with time zone",
    "as_of": "timestamp with time zone",
}

_passed = 0


def check(what, seen, wanted):
    """Ends the script unless both are equal."""
    global _passed
    if seen != wanted:
        raise SystemExit(f"{what}: seen {seen!r}, wanted {wanted!r}")
    _passed += 1


def check_figure(how, row):
    """The row of QUERY, to the last digit and with the types that people compute with."""
    numerator, denominator, value, lower, upper, as_of, area_name, band = row
    check(f"{how}: numerator", (numerator, type(numerator)), (FIGURE["numerator"], int))
    check(f"{how}: denominator", (denominator, type(denominator)), (FIGURE["denominator"], int))
    check(f"{how}: value", (value, type(value)), (FIGURE["value"], float))
    check(f"{how}: interval", (lower, upper), (FIGURE["lower"], FIGURE["upper"]))
    check(f"{how}: as of moves on", AS_OF <= as_of <= datetime.now(timezone.utc), True)
    check(f"{how}: as of knows its zone", as_of.tzinfo is not None, True)
    check(f"{how}: area name", area_name, FIGURE["area_name"])
    check(f"{how}: no band", band, None)


def refused(what, call, *kinds):
    """The call must fail with one of these exceptions."""
    global _passed
    try:
        call()
    except kinds:
        _passed += 1
        return
    raise SystemExit(f"{what}: was not refused")


def done():
    """The line that the test looks for."""
    print(f"{_passed} checks passed")
