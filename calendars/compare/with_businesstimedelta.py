"""Answers the cases with PyPI's businesstimedelta: reads `from to term` in UTC seconds, a line each, and writes
`worked ended` in seconds and what each of the two took in ns.

    with_businesstimedelta.py DAYS < cases > answers

Its rules know weekdays and days off, but no worked weekend day. So every day is a working day to it, and a weekend
day is off like a holiday unless DAYS says that it is worked. That also is its fastest way: it looks for the next day
off by trying day after day.
"""

import datetime
import sys
import time

import businesstimedelta
import pytz

MOSCOW = pytz.timezone("Europe/Moscow")
# The cases begin in 2023 and end before this; a term of ten years' work takes ten years.
FIRST, LAST = datetime.date(2022, 12, 1), datetime.date(2039, 12, 31)


def days_off(path):
    """Weekends and holidays, without the weekend days that are worked."""
    with open(path, encoding="utf-8") as file:
        facts = [line.split() for line in file if not line.startswith("#")]
    special = {datetime.date.fromisoformat(date): kind for kind, date in facts}
    every = (FIRST + datetime.timedelta(days) for days in range((LAST - FIRST).days + 1))
    return {day for day in every if special.get(day, "off" if day.weekday() >= 5 else "worked") == "off"}


def main():
    hours = businesstimedelta.WorkDayRule(
        start_time=datetime.time(9), end_time=datetime.time(18), working_days=range(7), tz=MOSCOW
    )
    rules = businesstimedelta.Rules([hours, businesstimedelta.HolidayRule(days_off(sys.argv[1]), tz=MOSCOW)])
    for line in sys.stdin.readlines():
        start, end, term = map(int, line.split())
        start, end = (datetime.datetime.fromtimestamp(at, datetime.timezone.utc) for at in (start, end))
        begun = time.perf_counter_ns()
        worked = rules.difference(start, end)
        measured = time.perf_counter_ns()
        ended = start + businesstimedelta.BusinessTimeDelta(rules, seconds=term)
        added = time.perf_counter_ns()
        print(int(worked.timedelta.total_seconds()), int(ended.timestamp()), measured - begun, added - measured)


main()
