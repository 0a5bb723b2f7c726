# SPDX-License-Identifier: Apache-2.0
"""The engines of the suite, each a process of build/release/bench/suite_engine (suite/main.cc)."""

import json
import os
import pwd
import shutil
import subprocess
import tempfile

POSTGRESQL_BIN = "/usr/lib/postgresql/15/bin"
# For one machine with little disk and all in memory; nothing has to survive.
POSTGRESQL_SETTINGS = {
    "listen_addresses": "''", "fsync": "off", "synchronous_commit": "off", "wal_level": "minimal",
    "max_wal_senders": "0", "max_wal_size": "8GB", "shared_buffers": "3GB", "work_mem": "256MB",
    "max_worker_processes": "4", "max_parallel_workers": "2", "parallel_setup_cost": "100",
    "min_parallel_table_scan_size": "1MB", "min_parallel_index_scan_size": "128kB",
    "random_page_cost": "1.1", "effective_cache_size": "6GB", "jit": "off", "autovacuum": "off",
    "statement_timeout": "10min"}
RAW_TABLES = (
    ("profiles", "id int, email text, phone text, first_name text, last_name text, company text,"
     " country text, city text, plan text, age smallint, ltv numeric, created_at bigint,"
     " last_seen bigint, labels text, consent_email bool, status text"),
    ("events", "profile_id int, ts bigint, type text, channel text, session_id int,"
     " amount numeric, category text, topic text, campaign text"))


class Missing(Exception):
    """A peer that cannot be had, and why."""


class Refused(Exception):
    """What an engine answers to a statement that it does not run."""


def rss_of(pids):
    """Units: bytes. Shared pages count for their part."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
                total += sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
        except OSError:
            pass  # has ended
    return total * 1024


class Engine:
    """One that runs. `codes`: {kind: {name: code}} where it has any."""

    def __init__(self, name, program, where):
        self.name, self.codes = name, {}
        # The end of a pipe is its order to end.
        self.process = subprocess.Popen([program, name, where], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        text=True, encoding="utf-8")
        try:
            self.version = self._read()["version"]
        except Refused as refused:
            self.close()
            raise Missing(str(refused)) from None
        # Roster has its store when it is ready.
        self.rss_before = 0 if name == "roster" else self.rss()

    def _read(self):
        line = self.process.stdout.readline()
        if not line:
            raise Refused(f"{self.name} has ended")
        answer = json.loads(line)
        if "error" in answer:
            raise Refused(f"{self.name}: {answer['error'].strip()}")
        return answer

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self._read()

    def run(self, statement, times=1):
        """(microseconds of each, rows)."""
        answer = self.ask(f"run {times} {statement}")
        return answer["us"], answer["rows"]

    def threads(self, count):
        self.ask(f"threads {count}")

    def facts(self):
        return self.ask("facts")

    def load(self, parts, constants):
        for statement in parts.get("load", ()):
            self.run(constants(statement))
        for statement in parts.get("codes", ()):
            for kind, name, code in self.run(statement)[1]:
                self.codes.setdefault(kind, {})[name] = int(code)

    def bytes(self, parts):
        """What it says that it holds, or None."""
        found = [int(self.run(statement)[1][0][0]) for statement in parts.get("bytes", ())]
        return found[0] if found else None

    def rss(self):
        return rss_of([self.process.pid])

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class PostgreSql(Engine):
    """With a cluster of its own in a folder that goes away with it."""

    def __init__(self, program, csv):
        if not os.path.exists(f"{POSTGRESQL_BIN}/initdb"):
            raise Missing("postgresql-15 is not installed")
        self.folder = tempfile.mkdtemp(prefix="roster-pg-")
        # PostgreSQL refuses to be root; Debian's package brings a user for it.
        self.user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        if os.geteuid() == 0:
            shutil.chown(self.folder, self.user)
        self.data = self.folder + "/data"
        self.started = False
        try:
            self._tool("initdb", "-D", self.data, "-A", "trust", "-U", "suite", "--no-sync",
                       "--locale=C", "--encoding=UTF8")
            settings = " ".join(f"-c {key}={value}" for key, value in POSTGRESQL_SETTINGS.items())
            self._tool("pg_ctl", "-D", self.data, "-w", "-l", self.folder + "/log", "-o",
                       f"{settings} -k {self.folder}", "start")
            self.started = True
            for table, columns in RAW_TABLES:
                self._psql(f"CREATE UNLOGGED TABLE raw_{table} ({columns})")
                self._psql(f"\\copy raw_{table} from '{csv}/{table}.csv' csv header")
            super().__init__("postgresql", program,
                             f"host={self.folder} user=suite dbname=postgres")
        except (Missing, subprocess.CalledProcessError, OSError) as error:
            self._stop()
            said = getattr(error, "stderr", None) or str(error)
            raise Missing(str(said).strip()) from None

    def _tool(self, name, *arguments):
        command = [f"{POSTGRESQL_BIN}/{name}", *arguments]
        if os.geteuid() == 0:
            command = ["setpriv", f"--reuid={self.user}", f"--regid={self.user}",
                       "--init-groups", *command]
        # Not to a pipe: the server that is started keeps it open.
        with open(self.folder + "-said", "w+", encoding="utf-8") as said:
            done = subprocess.run(command, cwd="/", stdout=said, stderr=said, check=False)
            said.seek(0)
            text = said.read()
        os.remove(self.folder + "-said")
        if done.returncode != 0:
            raise Missing(f"{name}: {text[-500:]}")

    def _psql(self, command):
        subprocess.run(["psql", "-q", "-X", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-U",
                        "suite", "-d", "postgres", "-c", command], check=True,
                       capture_output=True, text=True)

    def rss(self):
        with open(self.data + "/postmaster.pid", encoding="ascii") as file:
            first = int(file.readline())
        with open(f"/proc/{first}/task/{first}/children", encoding="ascii") as file:
            return rss_of([first, *file.read().split()])

    def _stop(self):
        if self.started:
            self._tool("pg_ctl", "-D", self.data, "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def close(self):
        super().close()
        self._stop()
