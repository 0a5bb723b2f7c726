// SPDX-License-Identifier: Apache-2.0
//
// node-redis 6 connects to `roster serve`, writes and counts. Run by tests/node/run:
//   tests/node/run tests/node_redis_test.js PROGRAM
"use strict";

const assert = require("node:assert");
const { spawn } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { createClient } = require("redis");

const roster = path.resolve(process.argv[2]);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "roster-test-"));

// Starts the server; gives the process and its port.
function start() {
  const server = spawn(roster, ["serve", "--data", path.join(folder, "store"), "--port", "0"],
                       { stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((resolve, reject) => {
    let printed = "";
    server.stdout.on("data", (data) => {
      printed += data;
      const ready = /^ready on 127\.0\.0\.1:(\d+)$/m.exec(printed);
      if (ready) resolve({ server, port: Number(ready[1]) });
    });
    server.on("exit", (code) => reject(new Error(`the server ended with code ${code}`)));
  });
}

function stop(server) {
  return new Promise((resolve) => {
    server.removeAllListeners("exit");
    server.on("exit", resolve);
    server.kill("SIGTERM");
  });
}

async function connect(port, RESP) {
  const client = createClient({ url: `redis://127.0.0.1:${port}`, RESP,
                                socket: { reconnectStrategy: false } });
  client.on("error", (error) => { throw error; });
  await client.connect();
  return client;
}

// The value of `key` in a reply that is a flat array (RESP2) or a map, which node-redis gives as an
// object (RESP3).
function member(reply, key) {
  return Array.isArray(reply) ? reply[reply.indexOf(key) + 1] : reply[key];
}

// Writes people with their orders, all pipelined, and counts them; in both versions of RESP.
async function session(client, prefix) {
  assert.strictEqual(await client.ping(), "PONG");
  const writes = [];
  for (let n = 0; n < 200; n++) {
    const userId = `${prefix}${n}`;
    writes.push(client.sendCommand(["IDENTIFY", JSON.stringify({ userId, traits: { age: n, plan: prefix } })]));
    writes.push(client.sendCommand(["TRACK", JSON.stringify(
      { userId, event: "order", messageId: userId, properties: { total: n / 4 } })]));
  }
  for (const reply of await Promise.all(writes)) assert.match(member(reply, "profile"), /^p\d+$/);

  const count = async (...words) => member(await client.sendCommand(["COUNT", ...words]), "count");
  assert.strictEqual(await count("where", "plan", "=", `"${prefix}"`), 200);
  assert.strictEqual(await count(`where plan = "${prefix}" and age >= 150`), 50);
  assert.strictEqual(await count("where plan = $1 and sum(order.total) >= $2", "PARAMS",
                                 JSON.stringify([prefix, 25])), 100);

  const found = await client.sendCommand(
    ["FIND", "external_id, age", `where plan = "${prefix}" order by age desc limit 2`]);
  assert.deepStrictEqual(member(found, "rows"), [[`${prefix}199`, 199], [`${prefix}198`, 198]]);

  const profile = await client.sendCommand(["GET", `external_id:${prefix}7`]);
  assert.strictEqual(member(member(profile, "event_counts"), "order"), 1);

  await assert.rejects(client.sendCommand(["COUNT", "where contry = 1"]), /NOTRAIT unknown trait/);
  await assert.rejects(client.sendCommand(["FROBNICATE"]), /ERR unknown command 'FROBNICATE'/);
  assert.strictEqual(await count(), prefix === "two" ? 200 : 400);
}

async function main() {
  let { server, port } = await start();
  for (const [RESP, prefix] of [[2, "two"], [3, "three"]]) {
    const client = await connect(port, RESP);
    await session(client, prefix);
    await client.close();
  }
  const code = await stop(server);
  assert.strictEqual(code, 0);

  ({ server, port } = await start());
  const client = await connect(port, 3);
  assert.strictEqual(member(await client.sendCommand(["COUNT", "where did \"order\""]), "count"), 400);
  await client.close();
  await stop(server);
  console.log("node-redis wrote 400 people and counted them, in RESP2 and RESP3");
}

main().then(() => process.exit(0), (error) => {
  console.error(error);
  process.exit(1);
}).finally(() => fs.rmSync(folder, { recursive: true, force: true }));
