#!/usr/bin/env node
import { createHash } from "node:crypto";
import { EXPORT_USAGE, exportCommand } from "./export.js";
import { listen } from "./node-http.js";
import { PROVIDER_CHECK_USAGE, providerCheckCommand } from "./provider-check.js";
import { UsageError } from "./usage.js";
import { createSandbox, serveSandbox } from "../entries/sandbox.js";

const USAGE = `Usage: ghl-payments sandbox [options]
       ghl-payments export --help
       ghl-payments provider-check --help

Serves a simulated HighLevel payments backend on this machine.

  --port <n>   port to listen at, 0 for any free one (default 8787)
  --seed <n>   from what the data follow (default 7), and with it the ids of webhooks, which are others each time otherwise
  --size <n>   how many orders each location has (default 300)
  --locations <n>
               how many locations there are (default 1)
  --now <time> the time at which its clock stands, such as 2026-11-01T12:00:00Z: it goes on by a millisecond with each
               request, and when it is told to; without it the clock is that of this machine
  --webhooks <url>
               where webhooks about what happens are sent
  --cors       let web pages of any origin call and steer it; the real API lets none
  --help       show this
`;

interface Arguments {
    port: number;
    seed: number | undefined;
    size: number | undefined;
    locations: number;
    now: number | undefined;
    webhooks: string | undefined;
    cors: boolean;
}

/** The limits of each number, which `createSandbox` and the operating system would refuse less clearly. */
const MOST = { port: 65_535, seed: Number.MAX_SAFE_INTEGER, size: 1_000_000, locations: 1000 };

function read(words: string[]): Arguments | "help" {
    if (words.some((word) => word === "--help" || word === "-h")) return "help";
    const [command, ...rest] = words;
    if (command !== "sandbox") {
        throw new UsageError(command === undefined ? "a command is missing" : `unknown command "${command}"`);
    }
    const result: Arguments = { port: 8787, seed: undefined, size: undefined, locations: 1, now: undefined, webhooks: undefined, cors: false };
    for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
        const [option, inline] = word.split(/=(.*)/s, 2);
        if (option === "--cors" && inline === undefined) {
            result.cors = true;
        } else if (Object.hasOwn(MOST, option!.slice(2)) && option!.startsWith("--")) {
            const name = option!.slice(2) as keyof typeof MOST;
            result[name] = number(name, inline ?? rest.shift());
        } else if (option === "--now") {
            const text = inline ?? rest.shift() ?? "";
            result.now = Date.parse(text);
            if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(result.now)) throw new UsageError("--now takes a time, such as 2026-11-01T12:00:00Z");
        } else if (option === "--webhooks") {
            const url = inline ?? rest.shift();
            if (url === undefined || !URL.canParse(url)) throw new UsageError("--webhooks takes an absolute URL");
            result.webhooks = url;
        } else {
            throw new UsageError(`unknown argument "${word}"`);
        }
    }
    if (result.locations === 0) throw new UsageError("--locations takes a whole number from 1 to 1000");
    return result;
}

/** What the data follow from where no seed is given. */
const DEFAULT_SEED = 7;

/** The ids of that many locations: the one that a sandbox of this seed has alone, and others that follow from the seed as well. */
function locationsOf(seed: number, count: number): string[] {
    const ids = [createSandbox({ seed, size: 0 }).locationId];
    for (let number = 1; number < count; number++) {
        const digest = createHash("sha256").update(`location ${number} of ${seed}`).digest("base64");
        ids.push(digest.replace(/[^A-Za-z0-9]/g, "").slice(0, ID_LENGTH));
    }
    return ids;
}

/** HighLevel's ids of locations are so long. */
const ID_LENGTH = 20;

function number(name: keyof typeof MOST, text: string | undefined): number {
    if (text === undefined || !/^\d{1,16}$/.test(text) || Number(text) > MOST[name]) {
        throw new UsageError(`--${name} takes a whole number from 0 to ${MOST[name]}`);
    }
    return Number(text);
}

async function serve({ port, seed, size, locations, now, webhooks, cors }: Arguments): Promise<void> {
    const ids = locationsOf(seed ?? DEFAULT_SEED, locations);
    const given = { ...(seed === undefined ? {} : { seed }), ...(size === undefined ? {} : { size }) };
    const sandbox = createSandbox({ ...given, now: now ?? Date.now, locations: ids });
    if (webhooks !== undefined) sandbox.webhooks({ url: webhooks });
    const server = await listen(serveSandbox(sandbox, { cors }), { port });
    console.log(`base URL:    ${server.url}`);
    for (const id of ids) console.log(`location id: ${id}`);
    console.log(`client id:   ${sandbox.app.clientId}`);
    console.log(`secret:      ${sandbox.app.clientSecret}`);
    if (webhooks !== undefined) {
        // The line between the marks of a PEM file: the whole key. Making it warns in Node 20, so only who needs it does.
        console.log(`webhook key: ${(await sandbox.webhookKeys.ed25519()).split("\n")[1]}`);
    }
    console.log(`token:       ${sandbox.token()}`);
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
        process.once(signal, () => {
            void server.close().then(() => process.exit(0));
        });
    }
}

const USAGES = new Map([["export", EXPORT_USAGE], ["provider-check", PROVIDER_CHECK_USAGE]]);

const [command, ...words] = process.argv.slice(2);
try {
    if (command === "export") {
        process.exitCode = await exportCommand(words);
    } else if (command === "provider-check") {
        process.exitCode = await providerCheckCommand(words);
    } else {
        const given = read(process.argv.slice(2));
        if (given === "help") process.stdout.write(USAGE);
        else await serve(given);
    }
} catch (error) {
    const usage = error instanceof UsageError;
    console.error(`ghl-payments: ${error instanceof Error ? error.message : String(error)}`);
    if (usage) console.error(`\n${USAGES.get(command ?? "") ?? USAGE}`);
    process.exitCode = usage ? 2 : 1;
}
