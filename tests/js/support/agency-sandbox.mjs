// A sandbox of many locations over HTTP, in a process of its own: it goes on while runtimes beside it are killed.
// node agency-sandbox.mjs '{"locations": ["a", "b"], "size": 2000, "rateLimit": {...}, "seed": 7}'

import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { createSandbox, serveSandbox } from "ghl-payments/sandbox";
import { PACKAGE } from "./support.mjs";

const { listen } = await import(pathToFileURL(join(PACKAGE, "cli/node-http.js")).href);
const { install, speed = 1, ...options } = JSON.parse(process.argv[2]);
const began = Date.now();
const sandbox = createSandbox({ now: () => began + speed * (Date.now() - began), ...options });
// What an agency does first: it approves the app for all of its locations.
if (install) sandbox.install({ company: true });
const server = await listen(serveSandbox(sandbox), { port: 0 });
const tokens = Object.fromEntries(options.locations.map((locationId) => [locationId, sandbox.token({ locationId })]));
const { companyId, app } = sandbox;
console.log(JSON.stringify({ url: server.url, companyId, app, tokens, webhookKey: await sandbox.webhookKeys.ed25519() }));
// It ends with whoever has started it, also where that was killed.
process.stdin.on("end", () => process.exit(0)).resume();
