// Read a unit's events as another system of the county: all of them, in order, each acted on once.
//
//     node subscriber.mjs NAME KEY MEMORY [STREAM …]
//
// NAME is what this system was granted as, KEY the file of its NKEY seed, MEMORY where it keeps what it has acted on.
// Care events come from the stream EVT, public ones from PUB; without a stream it reads both. It needs the two packages
// of package.json (`npm ci`) and shares no code with the unit. Each event is printed as a CloudEvent in structured mode,
// one a line.
import { existsSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { jetstream } from "@nats-io/jetstream";
import { connect, nkeyAuthenticator } from "@nats-io/transport-node";

const [name, key, memoryFile, ...streams] = process.argv.slice(2);
const url = process.env.NATS_URL ?? "nats://127.0.0.1:14222";
const prefix = "DIGITERAPIA.API"; // where a neighbour's client finds the unit's JetStream

// What this example does with an event is to write it down, so that one write is both the effect and the memory of it.
// With a database of your own, write the id in the transaction of your effect: a crash then leaves both or neither.
// Keep ids at least as long as the stream keeps events: a replay brings them again.
const lines = existsSync(memoryFile) ? readFileSync(memoryFile, "utf8").split("\n") : [""];
const torn = Buffer.byteLength(lines.pop()); // a crash in the middle of a line: that event comes again
const acted = new Set(lines.map((line) => JSON.parse(line).id));
const memory = openSync(memoryFile, "a");
if (torn) truncateSync(memoryFile, Buffer.byteLength(lines.join("\n")) + (lines.length ? 1 : 0));

const needed = ["specversion", "id", "source", "type", "subject", "time", "datacontenttype"];

/** Act on an event, unless that has been done. Ignore an event or a field you do not know: the unit may add some. */
function act(message) {
  const event = {};
  for (const header of message.headers?.keys() ?? []) {
    if (header.startsWith("ce-")) event[header.slice(3)] = message.headers.get(header);
  }
  const whole = needed.every((each) => each in event) && /^[\d-]+T.+(Z|[+-]\d\d:\d\d)$/.test(event.time);
  if (!whole || event.specversion !== "1.0" || event.datacontenttype !== "application/json") {
    throw new SyntaxError("no CloudEvent 1.0 with JSON data");
  }
  const data = message.json(); // a SyntaxError when it is none
  if (acted.has(event.id)) return;
  const line = JSON.stringify({ ...event, data }) + "\n";
  writeSync(memory, line);
  fsyncSync(memory);
  acted.add(event.id);
  process.stdout.write(line);
}

/** Take what waits in a stream, act, then settle it: what was not settled comes again. */
async function read(connection, stream) {
  for (;;) {
    try {
      const own = await jetstream(connection, { apiPrefix: prefix }).consumers.get(stream, `neighbour-${name}`);
      for await (const message of await own.consume({ max_messages: 50, abort_on_missing_resource: true })) {
        try {
          act(message);
        } catch (error) {
          if (!(error instanceof SyntaxError)) throw error;
          console.error(`${error.name}: ${error.message}`); // and settle it: it would come for ever, never readable
        }
        message.ack();
      }
    } catch (error) {
      // The bus is away, does not know this system yet, or begins anew for it (a replay): ask again. What says
      // `permissions violation` is a stream that was not granted.
      console.error(`${error.name}: ${error.message}`);
    }
    await pause(1000);
  }
}

const connection = await connect({
  servers: url,
  authenticator: nkeyAuthenticator(new TextEncoder().encode(readFileSync(key, "utf8").trim())),
  maxReconnectAttempts: -1,
  waitOnFirstConnect: true,
  ignoreAuthErrorAbort: true, // a grant takes some seconds to reach the server
});
await Promise.all((streams.length ? streams : ["EVT", "PUB"]).map((stream) => read(connection, stream)));
