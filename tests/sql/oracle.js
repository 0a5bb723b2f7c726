// SPDX-License-Identifier: Apache-2.0
//
// The other half of the oracle: loads the tables that sql_test writes into DuckDB and ClickHouse, in
// process, runs the SQL of every statement and compares who it finds. Run by tests/node/run:
//   tests/node/run --with tests/sql tests/sql/oracle.js SQL_TEST [--pairs N] [--seed S] [--show]
// `--pairs`: statements, of which each dialect says what it can. Ends with code 1 when any differs,
// with 77 where neither database is to be had.
"use strict";

const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { parseArgs } = require("node:util");

// Their native parts are packages of their own, which a platform or a registry may not have.
function load(name) {
  try {
    return require(name);
  } catch (error) {
    console.log(`without ${name}: ${error.message.split("\n")[0]}`);
    return undefined;
  }
}
const chdb = load("chdb");
const duckdb = load("@duckdb/node-api");

const PAIRS_A_ROUND = 250;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pairs: { type: "string", default: "1000" },
    seed: { type: "string" },
    show: { type: "boolean", default: false },
  },
});
const program = path.resolve(positionals[0]);
const text = (string) => `'${string.replace(/'/g, "''")}'`;
const name = (string) => `"${string.replace(/"/g, '""')}"`;

// As pairs_test.cc writes what Roster gives.
const cellText = (cell) => (cell === null ? null : String(cell));

class DuckDb {
  static async open() {
    const self = new DuckDb();
    self.instance = await duckdb.DuckDBInstance.create(":memory:");
    self.connection = await self.instance.connect();
    await self.connection.run("SET threads = 2");
    return self;
  }
  async load(tables) {
    await this.connection.run("DROP SCHEMA IF EXISTS round CASCADE");
    await this.connection.run("CREATE SCHEMA round");
    await this.connection.run("USE round");
    for (const { table, create, columns, file } of tables) {
      await this.connection.run(create);
      if (fs.statSync(file).size === 0) continue;
      const types = columns.map(([column, type]) => `${text(column)}: ${text(type)}`).join(", ");
      const list = columns.map(([column]) => name(column)).join(", ");
      await this.connection.run(
        `INSERT INTO ${name(table)} SELECT ${list} FROM read_json(${text(file)}, ` +
        `format = 'newline_delimited', columns = {${types}})`);
    }
  }
  async rows(sql) {
    const reader = await this.connection.runAndReadAll(sql);
    return reader.getRows().map((row) => row.map(cellText));
  }
  close() {
    this.connection.closeSync();
  }
}

class ClickHouse {
  static async open() {
    const self = new ClickHouse();
    self.session = new chdb.Session();
    return self;
  }
  query(sql, format) {
    return this.session.query(sql, format).toString();
  }
  async load(tables) {
    this.query("DROP DATABASE IF EXISTS round");
    this.query("CREATE DATABASE round");
    this.query("USE round");
    this.query("SET output_format_json_quote_64bit_integers = 1");
    this.query("SET query_plan_merge_expressions = 0"); // seconds, for long chains of months
    for (const { table, create, columns, file } of tables) {
      this.query(create);
      if (fs.statSync(file).size === 0) continue;
      const quoted = (string) => `\`${string.replace(/\\/g, "\\\\").replace(/`/g, "\\`")}\``;
      const types = columns.map(([column, type]) => `${quoted(column)} ${type}`).join(", ");
      this.query(
        `INSERT INTO ${quoted(table)} SELECT * FROM file(${text(file)}, 'JSONEachRow', ` +
        `${text(types)}) SETTINGS input_format_skip_unknown_fields = 1, ` +
        "precise_float_parsing = 1");
    }
  }
  async rows(sql) {
    const lines = this.query(sql, "JSONCompactEachRow").split("\n");
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line).map(cellText));
  }
  close() {
    this.session.cleanup();
  }
}

// Writes the tables and statements of one store.
function write(folder, seed, pairs) {
  const made = spawnSync(program, [], {
    env: {
      ...process.env,
      ROSTER_SQL_FOLDER: folder,
      ROSTER_SEED: String(seed),
      ROSTER_SIZE: String(pairs),
    },
    encoding: "utf8",
  });
  if (made.status !== 0) throw new Error(`${program} (seed ${seed}):\n${made.stdout}${made.stderr}`);
}

function lines(file) {
  return fs.readFileSync(file, "utf8").split("\n").filter((line) => line !== "").map(JSON.parse);
}

class Tally {
  constructor(dialect) {
    this.dialect = dialect;
    this.run = 0;
    this.agreed = 0;
    this.telling = 0; // found some, not all
    this.calendar = 0;
    this.different = 0;
    this.refused = new Map();
  }
  refuse(why) {
    const form = why.replace(/^.*?: /, "");
    this.refused.set(form, (this.refused.get(form) ?? 0) + 1);
  }
  print(pairs) {
    const share = ((100 * this.run) / pairs).toFixed(1);
    console.log(`${this.dialect}: says ${share} % of ${pairs} statements; ` +
                `${this.agreed} of ${this.run} agree, ${this.telling} of them find some but not all; ` +
                `${this.calendar} questions about the calendar agree`);
    const forms = [...this.refused].sort((a, b) => b[1] - a[1]);
    for (const [form, count] of forms) console.log(`  refused ${count}: ${form}`);
  }
}

async function compare(database, pair, tally, seed) {
  const { dialect } = tally;
  if (pair[dialect].refused !== undefined) return tally.refuse(pair[dialect].refused);
  if (!pair.calendar) tally.run += 1;
  const began = process.hrtime.bigint();
  let found;
  try {
    found = await database.rows(pair[dialect].sql);
  } catch (error) {
    found = error.message.slice(0, 1000);
  }
  const took = Number(process.hrtime.bigint() - began) / 1e6;
  if (options.show && took > 1000) console.log(`${took.toFixed(0)} ms in ${dialect}: ${pair.text}`);
  if (JSON.stringify(found) === JSON.stringify(pair.rows)) {
    if (pair.calendar) {
      tally.calendar += 1;
      return;
    }
    tally.agreed += 1;
    const some = pair.rows.length !== 0 && pair.rows.length !== pair.profiles;
    tally.telling += some ? 1 : 0;
    return;
  }
  tally.different += 1;
  console.log(`\nDIFFERENT in ${dialect} (--seed ${seed}), zone ${pair.zone}, now ${pair.now}: ` +
              `${pair.text}\n  SQL: ${pair[dialect].sql}`);
  if (typeof found === "string") return console.log(`  ${found}`);
  const ours = pair.rows.map((row) => JSON.stringify(row));
  const theirs = found.map((row) => JSON.stringify(row));
  console.log(`  Roster only: ${ours.filter((row) => !theirs.includes(row)).slice(0, 20)}`);
  console.log(`  ${dialect} only: ${theirs.filter((row) => !ours.includes(row)).slice(0, 20)}`);
}

async function main() {
  const wanted = Number(options.pairs);
  const seed = Number(options.seed ?? Math.floor(Math.random() * 1e9));
  console.log(`seed ${seed}`);
  const databases = {};
  if (duckdb !== undefined) databases.duckdb = await DuckDb.open();
  if (chdb !== undefined) databases.clickhouse = await ClickHouse.open();
  const tallies = Object.keys(databases).map((dialect) => new Tally(dialect));
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "roster-sql-"));
  const began = Date.now();
  let done = 0;
  try {
    for (let round = 0; done < wanted; ++round) {
      const size = Math.min(PAIRS_A_ROUND, wanted - done);
      write(folder, seed + round, size);
      const schema = lines(path.join(folder, "schema.jsonl"));
      const pairs = lines(path.join(folder, "pairs.jsonl"));
      for (const tally of tallies) {
        const tables = schema.filter(({ dialect }) => dialect === tally.dialect);
        tables.forEach((table, i) => { table.file = path.join(folder, `${i}.jsonl`); });
        await databases[tally.dialect].load(tables);
        for (const pair of pairs) {
          await compare(databases[tally.dialect], pair, tally, seed + round);
        }
      }
      done += size;
      if (options.show) console.log(`${done} after ${((Date.now() - began) / 1000).toFixed(0)} s`);
    }
  } finally {
    fs.rmSync(folder, { recursive: true });
    for (const database of Object.values(databases)) database.close();
  }
  console.log(`${done} statements in ${((Date.now() - began) / 1000).toFixed(0)} s`);
  for (const tally of tallies) tally.print(done);
  // An oracle that is hardly asked, or that every filter agrees with, tells nothing.
  const telling = ({ run, telling: some }) => run >= 0.9 * done && some >= 0.3 * run;
  const all = tallies.every((tally) => tally.different === 0 && telling(tally));
  if (!tallies.every(telling)) console.log("too few statements were said, or told apart");
  process.exitCode = all ? 0 : 1;
}

if (chdb === undefined && duckdb === undefined) {
  console.log("skipped: neither DuckDB nor ClickHouse can be loaded");
  process.exitCode = 77;
} else {
  main();
}
