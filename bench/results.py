# SPDX-License-Identifier: Apache-2.0
"""What the scripts here share: where things are, their options, and where figures are kept."""

import argparse
import json
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests"))  # for the client


def path_of(name):
    return os.path.join(ROOT, "build/bench", name + ".json")


def options(text, seconds, seconds_help):
    """Those that every script has; `text` is its description."""
    parser = argparse.ArgumentParser(description=text.split("\n")[0])
    parser.add_argument("--roster", default=os.path.join(ROOT, "build/release/roster"))
    parser.add_argument("--seconds", type=float, default=seconds, help=seconds_help)
    parser.add_argument("--folder", help="where the files go: the disk to measure")
    return parser


def keep(name, figures):
    """As JSON in build/bench/."""
    os.makedirs(os.path.dirname(path_of(name)), exist_ok=True)
    with open(path_of(name), "w", encoding="utf-8") as file:
        json.dump(figures, file, indent=1)
