#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which rows of the capabilities and rules of identity does a script of scripts/ name in a comment?

    codes_test.py       fails when one that was named is no longer, and when one of MISSING is

Each code stands for a row of the papers: Gn Tn Bn Cn of the capabilities (profiles, events and
sessions, labels and consent and notes, merging and contacts, the audit trail), R0-R17 of identity.
`R4-R6` names all three. A code that is new in a script is taken off MISSING here."""

import glob
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
CODES = {
    "profiles": "G1 C1 B9 G3 G7 G4 T14 G5 G6 T1 T2 T3 B13 C9 C23 C28 G12 T5 T6 B3 B10 C2 T29 T34 B5 "
                "B4 B8 C10 B2 B22 B23 G9",
    "events and sessions": "G2 C3 C8 C14 T7 T12 B12 B14 C15 B19 B20 C31 T30 B15 T10 B16 T11 T8 T32 "
                           "C30 C33",
    "labels, consent, notes": "T9 T33 C17 C5 C32 T35 C6 C18 T13 B17",
    "merging, contacts": "G10 C11 C25 C26 C27",
    "audit trail": "C13 C24",
    "identity": " ".join(f"R{number}" for number in range(18))}
MISSING = {
    "C5": "no rules yet", "C32": "no rules yet", "T35": "no rules yet"}
CODE = re.compile(r"\b([GTBRC])(\d+)\b(?:-\1?(\d+)\b)?")


def named(paths):
    """{code: the files that name it}."""
    found = {}
    for path in paths:
        with open(path, encoding="utf-8") as file:
            comments = [line for line in file if line.startswith("#")]
        for letter, first, last in CODE.findall("".join(comments)):
            for number in range(int(first), int(last or first) + 1):
                found.setdefault(f"{letter}{number}", set()).add(os.path.basename(path))
    return found


def main():
    found, wrong = named(glob.glob(os.path.join(HERE, "scripts", "*.script"))), 0
    for group, codes in CODES.items():
        codes = codes.split()
        missing = [code for code in codes if code not in found]
        print(f"{group}: {len(codes) - len(missing)} of {len(codes)}")
        for code in missing:
            print(f"  {code}: {MISSING.get(code, 'no script names it any more')}")
        wrong += sum(code not in MISSING for code in missing)
    for code in sorted(set(MISSING) & set(found)):
        print(f"{code} is in {', '.join(sorted(found[code]))}: it is missing no more")
        wrong += 1
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
