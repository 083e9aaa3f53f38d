"""The figures of a month by SQL: reads rows as JSON lines, answers with the sums and what the questions took.

Called by `cargo run --release -p andon-tests --bin bench -- report`; needs nothing but Python.
"""

import json
import sqlite3
import sys
import time

ROUNDS = 5

db = sqlite3.connect(":memory:")
db.executescript(
    """
    CREATE TABLE ticket (number INTEGER PRIMARY KEY, month TEXT, regulation TEXT, line TEXT, agent TEXT,
        service TEXT, source TEXT, priority TEXT, returned INTEGER, mark TEXT);
    CREATE TABLE clock (ticket INTEGER, metric TEXT, target_ms INTEGER, used_ms INTEGER, elapsed_ms INTEGER,
        paused_ms INTEGER, breached INTEGER);
    """
)
with open(sys.argv[1], encoding="utf-8") as rows:
    for line in rows:
        row = json.loads(line)
        db.execute(
            "INSERT INTO ticket VALUES (?,?,?,?,?,?,?,?,?,?)",
            [row[k] for k in ("number", "month", "regulation", "line", "agent", "service", "source", "priority",
                              "returned", "mark")],
        )
        db.executemany(
            "INSERT INTO clock VALUES (?,?,?,?,?,?,?)",
            [[row["number"], c["metric"], c["target_ms"], c["used_ms"], c["elapsed_ms"], c["paused_ms"], c["breached"]]
             for c in row["clocks"]],
        )
db.executescript(
    "CREATE INDEX by_month ON ticket (month); CREATE INDEX by_ticket ON clock (ticket); ANALYZE;"
)

QUALITY = """
    SELECT regulation, '{by}', {id}, count(*), sum(returned), count(mark), sum(mark), avg(mark)
    FROM ticket WHERE month = ? GROUP BY regulation, {id}"""
SLA = """
    WITH used AS (
        SELECT regulation, {id} AS id, metric, target_ms, used_ms, breached, elapsed_ms, paused_ms,
            row_number() OVER (PARTITION BY regulation, {id}, metric ORDER BY used_ms) AS rank,
            count(*) OVER (PARTITION BY regulation, {id}, metric) AS total
        FROM ticket JOIN clock ON clock.ticket = ticket.number WHERE month = ?)
    SELECT regulation, '{by}', id, metric,
        sum(NOT breached AND target_ms IS NOT NULL), sum(breached),
        min(CASE WHEN rank * 100 >= total * 50 THEN used_ms END),
        min(CASE WHEN rank * 100 >= total * 90 THEN used_ms END),
        min(CASE WHEN rank * 100 >= total * 95 THEN used_ms END), max(used_ms),
        sum(elapsed_ms), sum(paused_ms)
    FROM used GROUP BY regulation, id, metric"""
DIMENSIONS = [("regulation", "NULL"), ("line", "line"), ("agent", "agent"), ("service", "service"),
              ("source", "source"), ("priority", "priority")]


def ask(month):
    quality, sla = [], []
    for by, column in DIMENSIONS:
        quality += db.execute(QUALITY.format(by=by, id=column), [month]).fetchall()
        sla += db.execute(SLA.format(by=by, id=column), [month]).fetchall()
    return quality, sla


best = None
for _ in range(ROUNDS):
    start = time.perf_counter()
    answer = ask(sys.argv[2])
    took = time.perf_counter() - start
    best = took if best is None else min(best, took)
quality, sla = answer
json.dump({"seconds": best, "sqlite": sqlite3.sqlite_version, "quality": quality, "sla": sla}, sys.stdout)
