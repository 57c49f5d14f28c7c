#!/usr/bin/env node
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
  --seed <n>   from what the data follow (default 7)
  --size <n>   how many orders there are (default 300)
  --webhooks <url>
               where webhooks about what happens are sent
  --cors       let web pages of any origin call and steer it; the real API lets none
  --help       show this
`;

interface Arguments {
    port: number;
    seed: number;
    size: number | undefined;
    webhooks: string | undefined;
    cors: boolean;
}

/** The limits of each number, which `createSandbox` and the operating system would refuse less clearly. */
const MOST = { port: 65_535, seed: Number.MAX_SAFE_INTEGER, size: 1_000_000 };

function read(words: string[]): Arguments | "help" {
    if (words.some((word) => word === "--help" || word === "-h")) return "help";
    const [command, ...rest] = words;
    if (command !== "sandbox") {
        throw new UsageError(command === undefined ? "a command is missing" : `unknown command "${command}"`);
    }
    const result: Arguments = { port: 8787, seed: 7, size: undefined, webhooks: undefined, cors: false };
    for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
        const [option, inline] = word.split(/=(.*)/s, 2);
        if (option === "--cors" && inline === undefined) {
            result.cors = true;
        } else if (option === "--port" || option === "--seed" || option === "--size") {
            const name = option.slice(2) as keyof typeof MOST;
            result[name] = number(name, inline ?? rest.shift());
        } else if (option === "--webhooks") {
            const url = inline ?? rest.shift();
            if (url === undefined || !URL.canParse(url)) throw new UsageError("--webhooks takes an absolute URL");
            result.webhooks = url;
        } else {
            throw new UsageError(`unknown argument "${word}"`);
        }
    }
    return result;
}

function number(name: keyof typeof MOST, text: string | undefined): number {
    if (text === undefined || !/^\d{1,16}$/.test(text) || Number(text) > MOST[name]) {
        throw new UsageError(`--${name} takes a whole number from 0 to ${MOST[name]}`);
    }
    return Number(text);
}

async function serve({ port, seed, size, webhooks, cors }: Arguments): Promise<void> {
    const sandbox = createSandbox({ seed, now: Date.now, ...(size === undefined ? {} : { size }) });
    if (webhooks !== undefined) sandbox.webhooks({ url: webhooks });
    const server = await listen(serveSandbox(sandbox, { cors }), { port });
    console.log(`base URL:    ${server.url}`);
    console.log(`location id: ${sandbox.locationId}`);
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
