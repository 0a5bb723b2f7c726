# SPDX-License-Identifier: Apache-2.0
"""What the checks share: which files there are, C++ text without comments and literals, and how
problems are told."""

import os
import re
import subprocess
import sys


def files(*suffixes):
    """Paths of the project's files, those not yet added to git too, that end in a suffix."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\n")
    return sorted(path for path in set(listed)
                  if path and os.path.isfile(path) and path.endswith(suffixes or ("",)))


def cpp_files():
    return files(".cc", ".h")


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


# One alternative for each thing whose inside must not be taken for code.
_OPAQUE = re.compile(
    r'//[^\n]*'
    r'|/\*.*?\*/'
    r'|\bR"(?P<tag>[^()\\\s]{0,16})\(.*?\)(?P=tag)"'
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|(?<![0-9a-fA-F])'(?:[^'\\\n]|\\.)+'", re.DOTALL)


def blanked(text):
    """C++ text with comments and literals replaced by blanks; lines stay where they are."""
    def blank(match):
        inside = re.sub(r"[^\n]", " ", match.group())
        return inside if match.group().startswith("/") else '"' + inside[1:-1] + '"'
    return _OPAQUE.sub(blank, text)


def finish(problems):
    """Ends a check: prints the problems, exit code 1 when there are any."""
    for problem in problems:
        print(f"   {problem}")
    sys.exit(1 if problems else 0)
