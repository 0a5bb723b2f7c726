#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real data, where it is there: every answer equals an independent count made here.

    data_test.py --roster PROGRAM [--shared FOLDER]

FOLDER holds data/cdnow_master.txt and data/telco_customer_churn.csv; `../shared` beside the project
unless named. Without them the test skips."""

import collections
import csv
import datetime
import decimal
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests"))
from roster_client import Folder, LineClient, Server, arguments, skip  # noqa: E402



class Wrong(Exception):
    pass


def expect(what, got, expected):
    print(f"  {what}: {got}", flush=True)
    if got != expected:
        raise Wrong(f"{what}: {got}, but the file has {expected}")


def load(roster, data, path, mapping):
    """Imports and returns what was said on standard output."""
    done = subprocess.run([roster, "import", path, "--data", data, "--mapping",
                           os.path.join(ROOT, "server", mapping)],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise Wrong(f"import of {os.path.basename(path)}: code {done.returncode}\n{done.stderr}")
    return done.stdout


def read_purchases(path):
    """{customer: [(day, number of CDs, dollars)]}"""
    purchases = collections.defaultdict(list)
    with open(path, encoding="ascii") as file:
        for line in file:
            who, day, number, dollars = line.split()
            day = datetime.date(int(day[:4]), int(day[4:6]), int(day[6:]))
            purchases[who].append((day, int(number), decimal.Decimal(dollars)))
    return purchases


def cdnow_questions(purchases):
    """Filters, each with the number of people for whom it is true by the file."""
    def people(test):
        return sum(bool(test(rows)) for rows in purchases.values())

    def between(rows, first, last):
        first, last = (datetime.date.fromisoformat(day) for day in (first, last))
        return [row for row in rows if first <= row[0] <= last]

    def dollars(rows):
        return sum(row[2] for row in rows)

    yield 'did "purchase" at least 10 times', people(lambda rows: len(rows) >= 10)
    yield "sum(purchase.amount) >= 500", people(lambda rows: dollars(rows) >= 500)
    yield "sum(purchase.amount) = 11.77", people(lambda rows: dollars(rows) == decimal.Decimal("11.77"))
    yield ('did "purchase" at least 2 times between 1997-07-01 and 1998-01-01',
           people(lambda rows: len(between(rows, "1997-07-01", "1998-01-01")) >= 2))
    yield ('did "purchase" between 1997-07-01T00:00:00Z and 1998-01-01T00:00:00Z',
           people(lambda rows: between(rows, "1997-07-01", "1997-12-31")))
    yield ('not did "purchase" between 1997-04-01 and 1998-06-30',
           people(lambda rows: not between(rows, "1997-04-01", "1998-06-30")))
    yield ('did "purchase" where amount = 0', people(lambda rows: any(row[2] == 0 for row in rows)))
    yield ('did "purchase" where (quantity >= 10 and amount < 100) exactly 1 times',
           people(lambda rows: sum(row[1] >= 10 and row[2] < 100 for row in rows) == 1))
    yield ("sum(purchase.amount) between 1998-01-01 and 1998-06-30 > 100.5",
           people(lambda rows: dollars(between(rows, "1998-01-01", "1998-06-30")) > 100.5))
    yield ("max(purchase.quantity) >= 20", people(lambda rows: max(row[1] for row in rows) >= 20))
    yield ("min(purchase.amount) > 50 and count(\"purchase\") > 1",
           people(lambda rows: min(row[2] for row in rows) > 50 and len(rows) > 1))
    yield ('external_id = "00002" and sum(purchase.amount) = 89', 1)


def test_cdnow(roster, path):
    purchases = read_purchases(path)
    rows = sum(map(len, purchases.values()))
    expect("people in the file", len(purchases), 23570)
    expect("purchases in the file", rows, 69659)
    with Folder() as folder:
        data = os.path.join(folder, "store")
        for attempt in ("first", "second"):
            told = load(roster, data, path, "demo_cdnow.map")
            new = "23,570 new profiles" if attempt == "first" else "0 new profiles"
            known = "0 known before" if attempt == "first" else "69,659 known before"
            if "69,659 rows" not in told or new not in told or known not in told or "0 wrong" not in told:
                raise Wrong(f"the {attempt} import says\n{told}")
            with Server(roster, data) as server:
                client = LineClient(server.port)
                stats = client.ask("info")["result"]["stats"]
                expect(f"profiles after the {attempt} import", stats["profiles"], len(purchases))
                expect("events", stats["events"], rows)
                for text, expected in cdnow_questions(purchases):
                    expect(text, client.count(text), expected)
                check_totals(client, purchases)
                client.close()


def check_totals(client, purchases):
    """The exact number of purchases of the twenty keenest, by GET."""
    keenest = sorted(purchases, key=lambda who: -len(purchases[who]))[:20]
    for reply, who in zip(client.ask_all([f"get external_id:{who}" for who in keenest]), keenest):
        got = reply["result"]["event_counts"]
        if got != {"purchase": len(purchases[who])}:
            raise Wrong(f"{who}: {got}, not {len(purchases[who])}")


def test_telco(roster, path):
    with open(path, encoding="utf-8", newline="") as file:
        people = list(csv.DictReader(file))
    expect("people in the file", len(people), 7043)

    def count(test):
        return sum(bool(test(row)) for row in people)

    def total(row):
        return decimal.Decimal(row["TotalCharges"]) if row["TotalCharges"].strip() else None
    questions = [
        ('Contract = "Month-to-month" and Churn = "Yes"',
         count(lambda row: row["Contract"] == "Month-to-month" and row["Churn"] == "Yes")),
        ('Contract = "Month-to-month"', count(lambda row: row["Contract"] == "Month-to-month")),
        ('Churn = "Yes"', count(lambda row: row["Churn"] == "Yes")),
        ("TotalCharges is missing", count(lambda row: total(row) is None)),
        ("TotalCharges = 0", count(lambda row: total(row) == 0)),
        ("TotalCharges >= 0", count(lambda row: total(row) is not None and total(row) >= 0)),
        ("not TotalCharges > 1000", count(lambda row: not (total(row) is not None and total(row) > 1000))),
        ("TotalCharges = 1889.5", count(lambda row: total(row) == decimal.Decimal("1889.5"))),
        ("MonthlyCharges between 20.05 and 70.15",
         count(lambda row: 20.05 <= float(row["MonthlyCharges"]) <= 70.15)),
        ('tenure in (1, 72) or not PaymentMethod = "Electronic check"',
         count(lambda row: row["tenure"] in ("1", "72") or row["PaymentMethod"] != "Electronic check")),
        ('SeniorCitizen = 1 and InternetService not in ("No", "DSL")',
         count(lambda row: row["SeniorCitizen"] == "1" and row["InternetService"] not in ("No", "DSL"))),
    ]
    expect("blank TotalCharges", dict(questions)["TotalCharges is missing"], 11)
    with Folder() as folder:
        data = os.path.join(folder, "store")
        for attempt in ("first", "second"):
            told = load(roster, data, path, "demo_telco.map")
            if "7,043 rows" not in told or "0 wrong" not in told:
                raise Wrong(f"the {attempt} import says\n{told}")
            with Server(roster, data) as server:
                client = LineClient(server.port)
                expect(f"profiles after the {attempt} import", client.count(), len(people))
                for text, expected in questions:
                    expect(text, client.count(text), expected)
                client.close()


def main():
    options = arguments(__doc__, ("--shared", {"default": os.path.join(ROOT, "..", "shared")}))
    cdnow, telco = (os.path.join(options.shared, "data", name)
                    for name in ("cdnow_master.txt", "telco_customer_churn.csv"))
    if not os.path.exists(cdnow) or not os.path.exists(telco):
        skip("there is no ../shared/data with the real data sets")
    try:
        print("cdnow_master.txt")
        test_cdnow(options.roster, cdnow)
        print("telco_customer_churn.csv")
        test_telco(options.roster, telco)
    except Wrong as wrong:
        print(f"wrong: {wrong}")
        sys.exit(1)


if __name__ == "__main__":
    main()
