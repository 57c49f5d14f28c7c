// The matrix of outcomes: what can go wrong, what the client must then say, and a server that knows what the sandbox really
// did.

import assert from "node:assert/strict";
import { ARRIVAL_MS } from "./attempt.mjs";
import { METHODS, OPERATIONS } from "./operations.mjs";

// Which operations may be sent again after a fault.
const NONE = [];
const SAFE = ["read", "idempotent"];
const READS = ["read"];
const ALL = ["read", "idempotent", "once"];

/** A fault: what the sandbox does (`fault`), what the network does (`network`) and what the client must say of it. */
function fault(name, error, [read, write], again, more = {}) {
    return { name, fault: name, error, outcome: { read, idempotent: write, once: write }, again, ...more };
}

const REJECTED = ["rejected", "rejected"];
const UNKNOWN = ["unknown", "unknown"];
const APPLIED = ["applied", "applied"];
const UNSENT = ["not_sent", "not_sent"];
const FAILED = ["rejected", "unknown"];
const PAGE = ["applied", "unknown"];
const ACTED = { acted: true };

/** Everything that can go wrong with an attempt. */
export const FAULTS = [
    fault("status=400", "InvalidRequestError", REJECTED, NONE),
    fault("status=401", "AuthenticationError", REJECTED, NONE),
    fault("status=403", "PermissionError", REJECTED, NONE),
    fault("status=404", "NotFoundError", REJECTED, NONE),
    fault("status=408", "InvalidRequestError", FAILED, SAFE),
    fault("status=409", "ConflictError", REJECTED, NONE),
    fault("status=422", "InvalidRequestError", REJECTED, NONE),
    // Without Retry-After the client would wait for the 10 s of the interval.
    fault("status=429; retry-after=0", "RateLimitError", REJECTED, ALL),
    fault("status=500", "ServerError", FAILED, SAFE),
    fault("status=502", "ServerError", FAILED, SAFE),
    fault("status=503", "ServerError", FAILED, SAFE),
    fault("status=504", "ServerError", FAILED, SAFE),
    fault("html=403", "PermissionError", REJECTED, NONE),
    fault("html=200", "DecodeError", PAGE, NONE),
    fault("hang", "TimeoutError", UNKNOWN, SAFE, { slow: true }),
    fault("drop", "NetworkError", UNKNOWN, SAFE),
    fault("applied-then=408", "InvalidRequestError", FAILED, SAFE, ACTED),
    fault("applied-then=500", "ServerError", FAILED, SAFE, ACTED),
    fault("applied-then=502", "ServerError", FAILED, SAFE, ACTED),
    fault("applied-then=503", "ServerError", FAILED, SAFE, ACTED),
    fault("applied-then=504", "ServerError", FAILED, SAFE, ACTED),
    fault("applied-then=hang", "TimeoutError", UNKNOWN, SAFE, { ...ACTED, slow: true }),
    fault("applied-then=drop", "NetworkError", UNKNOWN, SAFE, ACTED),
    fault("applied-then=html", "DecodeError", PAGE, NONE, ACTED),
    fault("truncated", "DecodeError", APPLIED, NONE, ACTED),
    fault("body cut", "NetworkError", APPLIED, READS, { ...ACTED, fault: undefined, network: "cut" }),
    fault("body stalls", "TimeoutError", APPLIED, READS, { ...ACTED, fault: undefined, network: "stall", slow: true }),
    fault("status=422, body cut", "NetworkError", REJECTED, NONE, { fault: "status=422", network: "cut" }),
    fault("status=500, body cut", "NetworkError", FAILED, SAFE, { fault: "status=500", network: "cut" }),
    fault("applied-then=500, body cut", "NetworkError", FAILED, SAFE, {
        ...ACTED,
        fault: "applied-then=500",
        network: "cut",
    }),
    // A browser and workerd do not say why there is no answer: it could as well have been dropped.
    fault("refused", "NetworkError", UNSENT, ALL, { fault: undefined, network: "refuse", elsewhere: "unknown" }),
    fault("abort before sending", "AbortedError", UNSENT, NONE, { fault: undefined, abort: "before" }),
    fault("abort in flight", "AbortedError", UNKNOWN, NONE, { fault: undefined, network: "hold", abort: "arrived" }),
    fault("abort in flight, applied", "AbortedError", UNKNOWN, NONE, {
        ...ACTED,
        fault: undefined,
        network: "withhold",
        abort: "arrived",
    }),
    fault("abort while the body comes", "AbortedError", APPLIED, NONE, {
        ...ACTED,
        fault: undefined,
        network: "stall",
        abort: "body",
    }),
];

/**
 * How often the fault happens:
 * - `alone`: to the only attempt; `always`: to each of three
 * - `once`: to the first of three
 * - `abort in backoff`: to the first, then the caller aborts while the call waits to be sent again
 * - `then 404`: to the first, the second is refused
 * - `then gone`: to the first, then nobody listens any more
 */
const WAYS = ["alone", "always", "once", "abort in backoff", "then 404", "then gone"];

/** Nothing goes wrong. */
const FAULTLESS = { name: "no fault", again: NONE, outcome: {} };

/** Every operation once, without a fault. */
export function faultless() {
    return OPERATIONS.map(({ name, safety }) => ({ name, safety, fault: FAULTLESS, way: "alone" }));
}

/** Every case of these operations. What can go wrong may depend on whether an operation may be sent twice. */
export function cases(names = METHODS, faultsOf = () => FAULTS) {
    const out = [];
    for (const name of names) {
        const { safety, again: status } = OPERATIONS.find((operation) => operation.name === name);
        // The error of a second time, where the first one leaves nothing to do.
        const repeated = status && (status === 404 ? "NotFoundError" : "InvalidRequestError");
        for (const fault of faultsOf(safety)) {
            const again = fault.again.includes(safety);
            for (const way of WAYS) {
                if (!again && way !== "alone" && way !== "always") continue;
                if (fault.network === "refuse" && (way === "once" || way.startsWith("then"))) continue;
                if (way === "then gone" && !fault.name.endsWith("drop")) continue;
                out.push({ name, safety, repeated, fault, way, again, title: `${name}, ${fault.name}, ${way}` });
            }
        }
    }
    return out;
}

/** Fails where one of these operations did not meet each of so many faults, or where there was nothing to meet. */
export function assertComplete(results, names, faults) {
    const met = new Set(results.map(({ one }) => `${one.name}, ${one.fault.name}`));
    assert.equal(met.size, names.length * faults);
    assert.notEqual(met.size, 0);
}

/** What the client must say, and how many requests must have reached the server. Not every runtime tells why no
 * connection was made. */
export function expected({ safety, repeated, fault, way, again }, runtime) {
    const hidden = runtime !== "Node" && fault.elsewhere !== undefined;
    const outcome = hidden ? fault.elsewhere : fault.outcome[safety];
    // What may have been carried out is not sent again.
    const repeats = again && !(hidden && safety === "once");
    if (fault.network === "refuse" || fault.abort === "before") {
        const error = repeats && way === "abort in backoff" ? "AbortedError" : fault.error;
        return { ok: false, error, outcome, requests: 0 };
    }
    if (!repeats || way === "alone") return { ok: false, error: fault.error, outcome, requests: 1 };
    if (way === "abort in backoff") return { ok: false, error: "AbortedError", outcome, requests: 1 };
    // A later refusal does not undo what may have been carried out before.
    const later = outcome === "unknown" ? "unknown" : "rejected";
    if (way === "then 404") return { ok: false, error: "NotFoundError", outcome: later, requests: 2 };
    if (way === "then gone") return { ok: false, error: "NetworkError", outcome: "unknown", requests: 1 };
    if (fault.acted && repeated) {
        const cut = way === "always" && fault.network === "cut";
        return { ok: false, error: cut ? "NetworkError" : repeated, outcome: "unknown", requests: 2 };
    }
    return way === "once" ? { ok: true, requests: 2 } : { ok: false, error: fault.error, outcome, requests: 3 };
}

/** What is wrong with what a client said (`said`) of a case in which the sandbox did `did`; nothing if it is right. */
function complaints({ one, said, did }, want) {
    const out = [];
    const equal = (what, found, wanted) => {
        if (found !== wanted) out.push(`${what} ${found}, expected ${wanted}`);
    };
    const read = one.safety === "read";
    const happened = did.answered > 0 && (read || did.applied > 0);
    const truths = {
        success: happened,
        not_sent: did.requests === 0,
        rejected: did.applied === 0,
        applied: happened,
        // Of a read there is nothing to know but its answer.
        unknown: !read || said.status === undefined || did.requests > 1,
    };
    if (!truths[said.ok ? "success" : said.outcome]) out.push(`not what happened: ${JSON.stringify(did)}`);
    if (read && did.applied > 0) out.push("a read changed something");
    if (one.safety === "once" && did.applied > 1) out.push(`applied ${did.applied} times`);
    if (want === undefined) return out;
    equal("ok is", said.ok, want.ok);
    equal("requests:", did.requests, want.requests);
    equal("error", said.error, want.error);
    equal("outcome", said.outcome, want.outcome);
    return out;
}

/** What a caller sees of a failure. */
function seen({ one, said }) {
    return [one.name, said.error, said.status, said.message].join();
}

/**
 * Judges the results of a runtime: gives what is wrong, one line for each case. `wanted` says what a case must end with; nothing
 * where only what is said is held against what happened.
 */
export function judgeOutcomes(results, runtime, wanted = (one) => expected(one, runtime)) {
    const unknown = { true: new Set(), false: new Set() };
    for (const result of results) {
        if (result.said.outcome === "unknown") unknown[result.did.applied > 0].add(seen(result));
    }
    return results.flatMap((result) => {
        const { one, said, did } = result;
        const want = wanted(one);
        const found = complaints(result, want);
        // Who sees the same in another case, where the opposite is true, cannot know. After several requests the table
        // has not every sequence.
        const known = want !== undefined && said.outcome === "unknown" && one.safety !== "read" && did.requests < 2;
        if (known && !unknown[did.applied === 0].has(seen(result))) found.push("it could be known");
        return found.length > 0 ? [`${one.title}: ${found.join("; ")} (${JSON.stringify(said)})`] : [];
    });
}

/** A port of this machine at which nobody listens, and which no server is given by chance. */
const NOBODY = "http://127.0.0.1:2";
/** How long an attempt may take whose answer never comes: by then a busy machine has carried the request. */
const PATIENCE_MS = 1500;
const CORS = {
    "access-control-allow-origin": "*",
    "access-control-allow-headers": "*",
    "access-control-max-age": "600",
};

/** Never settles: the server neither answers nor hangs up. */
const SILENCE = new Promise(() => {});

/** A sandbox behind real HTTP, which breaks connections and knows what was done. One case at a time. */
export class Ground {
    #sandbox;
    #listen;
    #server;
    #before;
    #args;
    #headers = CORS;
    #case;
    #turn = 0;
    #did;
    #arrived;
    #arrive;

    /** `args` is of `argumentsIn`, `createSandbox` and `listen` are the package's. */
    constructor(args, createSandbox, listen) {
        this.#args = args;
        this.#sandbox = createSandbox(GROUND);
        this.#listen = listen;
        this.#before = this.#holds();
    }

    async stop() {
        await this.#server?.close();
    }

    #holds() {
        return JSON.stringify(this.#sandbox.state().locations);
    }

    /**
     * From here on no connection carries a second request. Chromium itself sends a request again, whatever its
     * method, when a connection breaks that has carried one before, and after a 408; no page can keep it from that.
     */
    closeConnections() {
        this.#headers = { ...CORS, connection: "close" };
    }

    /** Calls `act` with the task of a case; gives what the client said and what the sandbox did. */
    async run(one, act) {
        const { name, fault, way } = one;
        this.#server ??= await this.#listen((request) => this.#serve(request), { port: 0 });
        this.#sandbox.reset();
        this.#sandbox.faults.clear();
        this.#case = one;
        this.#turn += 1;
        this.#did = { requests: 0, answered: 0, applied: 0, state: this.#before };
        this.#arrived = new Promise((resolve) => {
            this.#arrive = resolve;
        });
        const { url } = this.#server;
        const backoff = way === "abort in backoff";
        const said = await act({
            name,
            args: this.#args[name],
            abort: backoff ? "backoff" : fault.abort,
            arrived: `${url}/arrived`,
            options: {
                baseUrl: fault.network === "refuse" ? NOBODY : url,
                token: this.#sandbox.token(),
                locationId: this.#sandbox.locationId,
                maxRetries: way === "alone" ? 0 : 2,
                retryDelayMs: backoff ? 60_000 : 1,
                headers: { "x-turn": String(this.#turn) },
                ...(fault.slow && { timeoutMs: PATIENCE_MS }),
            },
        });
        this.#arrive();
        const { requests, answered, applied } = this.#did;
        return { one, said, did: { requests, answered, applied } };
    }

    async #serve(request) {
        if (request.method === "OPTIONS") {
            const headers = { ...this.#headers, "access-control-allow-methods": "GET, POST, PUT, DELETE" };
            return new Response(null, { status: 204, headers });
        }
        if (new URL(request.url).pathname === "/arrived") {
            await this.#arrived;
            return new Response("", { headers: this.#headers });
        }
        // One that its client has given up long ago is not taken for one of this case.
        if (request.headers.get("x-turn") !== String(this.#turn)) return SILENCE;
        const { fault, way } = this.#case;
        const faulty = this.#did.requests === 0 || way === "alone" || way === "always";
        this.#did.requests += 1;
        if (faulty && fault.network === "hold") {
            this.#arrive();
            return SILENCE;
        }
        const answer = await this.#act(request, faulty ? fault.fault : way === "then 404" ? "status=404" : undefined);
        if (way === "then gone") {
            // Not awaited: this connection is among those that it closes.
            void this.#server.close();
            this.#server = undefined;
        }
        if (faulty && fault.network === "withhold") {
            this.#arrive();
            return SILENCE;
        }
        const response = await answer();
        for (const [name, value] of Object.entries(this.#headers)) response.headers.set(name, value);
        response.headers.set("access-control-expose-headers", "*");
        return faulty && fault.network !== undefined ? half(response, fault.network) : response;
    }

    /** Lets the sandbox act and notes what it did; gives a function for its answer, which may never come. */
    async #act(request, fault) {
        const did = this.#did;
        const handled = this.#sandbox.requests.length;
        if (fault !== undefined) this.#sandbox.faults.add(fault);
        const answer = this.#sandbox.fetch(request);
        // It is for whoever asks for the answer.
        answer.catch(() => {});
        while (this.#sandbox.requests.length === handled) await new Promise(setImmediate);
        const { status } = this.#sandbox.requests.at(-1);
        if (status >= 200 && status < 300) did.answered += 1;
        const state = this.#holds();
        if (state !== did.state) did.applied += 1;
        did.state = state;
        return () => answer;
    }
}

/** Small, and without the rate limit that thousands of cases would meet. */
export const GROUND = { seed: 11, size: 2, rateLimit: { max: 1_000_000, daily: 10_000_000 } };

function dropped() {
    return Object.assign(new Error("dropped on demand"), { name: "DroppedConnection" });
}

/** The head of an answer and half of its body; then the connection breaks (`cut`), or nothing comes any more. */
async function half(response, end) {
    const body = new Uint8Array(await response.arrayBuffer());
    let sent = false;
    const stream = new ReadableStream({
        async pull(controller) {
            if (!sent) {
                sent = true;
                controller.enqueue(body.subarray(0, body.length >> 1));
            } else if (end === "cut") {
                // The first half is to arrive: without it this is a connection that was dropped.
                await new Promise((resolve) => setTimeout(resolve, ARRIVAL_MS));
                controller.error(dropped());
            } else {
                await new Promise(() => {});
            }
        },
    });
    const headers = new Headers(response.headers);
    headers.set("content-length", String(body.length));
    return new Response(stream, { status: response.status, headers });
}
