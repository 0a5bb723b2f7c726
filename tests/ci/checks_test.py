# SPDX-License-Identifier: Apache-2.0
"""The checks of .ci/checks find what they are for: each case is a small tree with one fault."""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

CHECKS = pathlib.Path(__file__).resolve().parents[2] / ".ci" / "checks"
LICENCE = "// SPDX-License-Identifier: Apache-2.0\n"
READMES = {f"{folder}/README.md": "x\n"
           for folder in ("storage", "query", "engine", "server", "bench", "tests")}


def problems(check, files):
    """What a check says about a tree of {path: text}; empty when it is content."""
    with tempfile.TemporaryDirectory() as folder:
        tree = pathlib.Path(folder)
        shutil.copytree(CHECKS, tree / ".ci" / "checks")
        (tree / ".ci/checks/sizes.allow").write_text("")  # ours is of our tree
        for path, text in files.items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text(text, encoding="utf-8")
        subprocess.run(["git", "init", "--quiet"], cwd=tree, check=True)
        done = subprocess.run([sys.executable, "-B", f".ci/checks/{check}"], cwd=tree, text=True,
                              capture_output=True, check=False)
        if done.stderr or (done.returncode == 0) != (not done.stdout):
            raise AssertionError(f"code {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout


def header(path, body=""):
    name = path.removeprefix("engine/include/roster/")
    guard = "ROSTER_" + name.upper().replace("/", "_").replace(".", "_") + "_"
    return f"{LICENCE}#ifndef {guard}\n#define {guard}\n{body}#endif  // {guard}\n"


def function(lines):
    return "int F(int a,\n      int b) {\n" + "  a += b;\n" * (lines - 3) + "}\n"


class Includes(unittest.TestCase):
    def test_content(self):
        for path, name in (("storage/memory/a.h", "storage/base/bytes.h"),
                           ("storage/a.cc", "storage/disk/wal.h"),
                           ("query/a.cc", "roster/value.h"),
                           ("query/grammar/tests.cc", "boost/spirit/home/x3.hpp"),
                           ("engine/include/roster/a.h", "absl/status/status.h"),
                           ("server/a.cc", "roster/database.h"),
                           ("tests/memory/a_test.cc", "tests/seed.h"),
                           ("tests/query/a_test.cc", "tests/memory/model.h"),
                           ("tests/engine/a_test.cc", "tests/disk/faulty.h"),
                           ("tests/engine/a_test.cc", "storage/disk/wal.h")):
            self.assertEqual(problems("includes", {path: f'#include "{name}"\n'}), "", path)

    def test_faults(self):
        for path, name in (("storage/base/a.h", "storage/memory/a.h"),
                           ("storage/memory/a.cc", "storage/disk/wal.h"),
                           ("storage/disk/a.cc", "storage/memory/a.h"),
                           ("storage/disk/a.cc", "roster/database.h"),
                           ("storage/a.cc", "query/ast.h"),
                           ("query/a.cc", "storage/disk/wal.h"),
                           ("query/a.cc", "storage/mutation.h"),
                           ("query/a.cc", "boost/spirit/home/x3.hpp"),
                           ("engine/a.cc", "server/reply.h"),
                           ("engine/include/roster/a.h", "storage/base/ids.h"),
                           ("engine/include/roster/a.h", "boost/container/vector.hpp"),
                           ("server/a.cc", "storage/base/text.h"),
                           ("tests/memory/a_test.cc", "storage/disk/wal.h"),
                           ("tests/memory/a_test.cc", "tests/disk/faulty.h"),
                           ("storage/memory/a.cc", "tests/memory/model.h"),
                           ("tests/query/a_test.cc", "engine/engine.h")):
            said = problems("includes", {path: f'int a;\n  #  include "{name}"\n'})
            self.assertIn(f"{path}:2: {name}", said)

    def test_path_from_the_root(self):
        said = problems("includes", {"query/a.cc": '#include "b.h"\n', "query/b.h": ""})
        self.assertIn("query/a.cc:1: b.h", said)


class Sizes(unittest.TestCase):
    def test_limits(self):
        tree = {"query/a.cc": function(70) + "\n" * 530, "query/b.h": "x" * 100 + "\n" * 350,
                **{f"query/c{i}.cc": "" for i in range(14)}}
        self.assertEqual(problems("sizes", tree), "")
        tree = {"query/a.cc": function(71) + "\n" * 530, "query/b.h": "x" * 101 + "\n" * 351,
                **{f"query/c{i}.cc": "" for i in range(15)}}
        said = problems("sizes", tree)
        for problem in ("file query/a.cc: 601", "file query/b.h: 351", "function query/a.cc:F: 71",
                        "columns query/b.h: 101", "folder query: 17"):
            self.assertIn(problem, said)

    def test_finds_functions(self):
        body = "  x();\n" * 80 + "}"
        for head, name in (("Foo::Foo() : a_{1}, b_(2) {\n", "Foo::Foo"),
                           ("struct X {\n  int v{1};\n  X() : a_{F({1, 2})}\n {\n", "X"),
                           ("bool A::operator==(const A& a) const {\n", "operator=="),
                           ("template <typename T>\nauto G(T t = {}) -> std::vector<T> {\n", "G"),
                           ('extern "C" int H(void) {\n', "H"),
                           ('TEST_CASE("a { b") {\n', "TEST_CASE")):
            text = "namespace a {\nconst char* s = R\"({ \" {)\";\n" + head + body
            text += "}" * (text.count("struct") + 1)
            self.assertIn(f"function query/a.cc:{name}: ", problems("sizes", {"query/a.cc": text}))

    def test_a_class_is_not_a_function(self):
        text = "class A final : public B<int(int)> {\n" + "  void F() { x(); }\n" * 90 + "};\n"
        self.assertEqual(problems("sizes", {"query/a.cc": text}), "")

    def test_allowed_may_only_shrink(self):
        allow = ".ci/checks/sizes.allow"
        for lines, listed, said in ((80, 80, ""), (81, 80, "81, the limit is 70, 80 by"),
                                    (79, 80, "lower its 80"), (70, 80, "within its limit now")):
            tree = {"query/a.cc": function(lines), allow: f"function query/a.cc:F {listed} why\n"}
            self.assertIn(said, problems("sizes", tree))
            self.assertEqual(said == "", problems("sizes", tree) == "")

    def test_public_headers(self):
        tree = {f"engine/include/roster/h{i}.h": "\n" * 150 for i in range(11)}
        said = problems("sizes", tree)
        self.assertIn("public-files engine/include/roster: 11", said)
        self.assertIn("public-lines engine/include/roster: 1650", said)


class Layout(unittest.TestCase):
    def test_content(self):
        tree = {**READMES, "query/a.h": header("query/a.h"), "CMakeLists.txt": "# " + LICENCE,
                "engine/include/roster/b.h": header("engine/include/roster/b.h"),
                "tests/query/a_test.cc": LICENCE + 'TEST_CASE("a", "[.night]") {}\n',
                "tests/query/fake.cc": LICENCE, "storage/FORMAT.md": "x\n"}
        self.assertEqual(problems("layout", tree), "")

    def test_faults(self):
        for path, text, said in (
                ("docs/a.md", "x\n", "docs: not of the fixed top level"),
                ("query/util/README.md", "x\n", "util/: a folder of this name"),
                ("query/planNer.cc", LICENCE, "snake_case"),
                ("query/a.cc", "int a;\n", "no line `SPDX"),
                ("query/a.h", LICENCE + "#pragma once\n", "the include guard"),
                ("query/a.cc", LICENCE + "// TO" + "DO: more\n", "a.cc:2: unfinished"),
                ("query/a.md", "[a](b.md)\n", "a link to b.md, which is not there"),
                ("query/a.md", "see /ho" + "me/me/a\n", "a path of somebody's machine"),
                ("tests/query/a_test.cc", LICENCE + '// TEST_CASE("a") {\n', "does not run"),
                ("tests/query/a_test.cc", LICENCE + 'TEST_CASE("a", "[.]") {\n', "does not run"),
                ("tests/query/a.cc", LICENCE + 'TEST_CASE("a") {\n', "*_test.cc in tests/"),
                ("tests/query/b_test.cc", LICENCE, "*_test.cc in tests/")):
            self.assertIn(said, problems("layout", {**READMES, path: text}), path)
        self.assertIn("query/README.md is missing", problems("layout", {"tests/README.md": ""}))


if __name__ == "__main__":
    if not shutil.which("git"):
        print("skipped: git is not installed")
        sys.exit(77)
    unittest.main()
