#!/usr/bin/env python3
"""Writes one YYYY.toml per year beside this script from the day-by-day production calendar.

    python3 calendars/data/ru/generate.py ../shared/data/ru-production-calendar.json

Only what a decree and the Labour Code state is written: holidays, transfers, short days. Which days are off and
which weekend days are worked follows from them (see `production.rs`) and is checked against the totals.
"""

import json
import pathlib
import sys


def dates(days):
    return "[" + ", ".join(f'"{day}"' for day in sorted(days)) + "]"


def year_file(year, facts):
    lines = [
        f"# Production calendar of the Russian Federation, {year}. Written by generate.py.",
        "",
        f"year = {year}",
        f'decree = "{facts["decree"]}"',
        "# Working days that are an hour shorter, being the eve of a holiday.",
        f"short = {dates(facts['short'])}",
    ]
    names = {}
    for day, name in sorted(facts["holidays"].items()):
        names.setdefault(name, []).append(day)
    for name, days in names.items():
        lines += ["", "[[holidays]]", f'name = "{name}"', f"days = {dates(days)}"]
    for transfer in sorted(facts["transfers"], key=lambda transfer: transfer["to"]):
        basis = transfer["basis"]
        if basis != "decree":
            basis = "labour code, article 112"
        lines += ["", "[[transfers]]", f'from = "{transfer["from"]}"', f'to = "{transfer["to"]}"', f'basis = "{basis}"']
    totals, months = facts["totals"], [facts["months"][f"{month:02}"] for month in range(1, 13)]
    lines += [
        "",
        "# As published, to check the above against; hours are of the 40-hour week.",
        "[totals]",
        f"working-days = {totals['working_days']}",
        f"hours = {totals['hours_40']}",
        f"working-days-by-month = {[month['days'] for month in months]}",
        f"hours-by-month = {[month['hours40'] for month in months]}",
    ]
    return "\n".join(lines) + "\n"


def main():
    here = pathlib.Path(__file__).parent
    for year, facts in json.loads(pathlib.Path(sys.argv[1]).read_text()).items():
        (here / f"{year}.toml").write_text(year_file(year, facts))


main()
