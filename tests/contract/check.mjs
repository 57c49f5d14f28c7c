// node check.mjs <folder>: judges what was recorded in each folder below; ends with the counts.

import { createReadStream, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Contract } from "./contract.mjs";

const folder = process.argv[2];
/** Suites whose calls may all be made where no recorder is: in workerd, or by a program of its own. */
const ELSEWHERE = /^js-(agency|edge|provider)-|^js-lists-export$/;
/** The suites that call every method. */
const COMPLETE = /^js-environments-(node|workerd|chromium)$/;
const SHOWN = 40;
/** What the contract does not describe: it is about the API of payments, not about tokens and what a payment provider pushes. */
const OTHERS = /^\/(v2\/)?oauth\/|^\/payments\/custom-provider\/webhook$/;
const contract = new Contract(createRequire(process.env.NPM_TOOLS));
const sent = new Set();
const answered = new Set();
const total = tally();
const suites = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());

let clean = 0;
for (const { name } of suites) {
    const count = await suite(join(folder, name));
    for (const key of Object.keys(total)) total[key] += count[key];
    if (count.violations === 0) clean += 1;
    console.log(`${name.padEnd(20)} ${line(count)}`);
}
const operations = contract.operations.map(({ id }) => id);
const seen = (ids) => operations.filter((id) => ids.has(id)).length;
console.log(`${seen(sent)}/${operations.length} operations sent, ${seen(answered)} answered with 2xx`);
console.log(line(total));

const gaps = [];
if (suites.some(({ name }) => COMPLETE.test(name))) {
    for (const id of operations) {
        if (!sent.has(id)) gaps.push(`${id}: no request was seen`);
        if (!answered.has(id)) gaps.push(`${id}: no answer with 2xx was seen`);
    }
}
if (suites.some(({ name }) => !ELSEWHERE.test(name)) && total.requests + total.answers === 0) gaps.push("nothing was recorded");
for (const gap of gaps) console.log(gap);
console.log(`# pass ${clean}\n# fail ${total.violations + gaps.length}`);
process.exitCode = total.violations + gaps.length > 0 ? 1 : 0;

function tally() {
    return { requests: 0, accepted: 0, answers: 0, exempt: 0, violations: 0 };
}

function line({ requests, accepted, answers, exempt, violations }) {
    const checked = `${requests} requests and ${answers} answers checked against the contract, ${violations} violations`;
    return `${checked} (${accepted} of the requests by hand; without ${exempt} answers that are false on purpose)`;
}

/** Judges the recordings of a suite. */
async function suite(folder) {
    const count = tally();
    const complaints = new Map();
    const complain = (source, violations) => {
        count.violations += violations.length;
        for (const violation of violations) {
            // Once for all records of a list.
            const key = violation.replace(/\/\d+\b/g, "/*");
            const { times = 0, first = `${source}: ${violation}` } = complaints.get(key) ?? {};
            complaints.set(key, { times: times + 1, first });
        }
    };
    // A process that sends may end before the one that answers, or after it.
    const own = new Map();
    const arrived = [];
    for (const file of readdirSync(folder).sort()) {
        const lines = createInterface({ input: createReadStream(join(folder, file)) });
        let number = 0;
        for await (const text of lines) {
            number += 1;
            const source = `${join(folder, file)}:${number}`;
            const { side, lost, foreign, request, answer } = JSON.parse(text);
            if (lost !== undefined) complain(source, [`${lost} bodies were not read to their end`]);
            if (foreign !== undefined) complain(source, [`the client called fetch with ${foreign}`]);
            if (request === undefined || OTHERS.test(new URL(request.url).pathname)) continue;
            if (side === "client") {
                own.set(identity(request), (own.get(identity(request)) ?? 0) + 1);
                count.requests += 1;
                judgeRequest(source, request);
                continue;
            }
            const agent = request.headers.find(([name]) => name === "user-agent")?.[1] ?? "";
            const { status } = answer ?? {};
            arrived.push({ source, request, agent, accepted: status >= 200 && status < 300 && !faulty(answer) });
            if (answer === undefined) continue;
            const violations = contract.answer(request, answer);
            if (violations === undefined) {
                count.exempt += 1;
                continue;
            }
            count.answers += 1;
            complain(source, violations);
            if (arrived.at(-1).accepted) answered.add(contract.operation(request)?.id);
        }
    }
    for (const { source, request, agent, accepted } of arrived) {
        const twins = own.get(identity(request)) ?? 0;
        if (twins > 0) {
            own.set(identity(request), twins - 1);
        } else if (isClient(request, agent)) {
            count.requests += 1;
            judgeRequest(source, request);
        } else if (accepted) {
            count.accepted += 1;
            count.requests += 1;
            complain(source, contract.request(request, { ofClient: false }));
        }
    }
    for (const { times, first } of [...complaints.values()].slice(0, SHOWN)) console.log(`${first} (${times} times)`);
    return count;

    function judgeRequest(source, request) {
        sent.add(contract.operation(request)?.id);
        complain(source, contract.request(request));
    }
}

/** Whether a client in a Worker or a page has sent it, where the recorder cannot be. */
function isClient({ method }, agent) {
    return agent.startsWith("ghl-payments/") || (agent.startsWith("Mozilla/") && method !== "OPTIONS");
}

function faulty(answer) {
    return answer.headers.some(([name]) => name === "x-sandbox-fault");
}

function identity({ method, url, body }) {
    const { pathname, search } = new URL(url);
    return `${method} ${pathname}${search} ${body}`;
}
