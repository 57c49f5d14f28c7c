// After every failure the page says what became of the operation, also through the proxy: the same operations, faults and
// ways as without one, over real HTTP between the proxy and the sandbox.

import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import * as library from "ghl-payments";
import { createProxy } from "ghl-payments/edge";
import { attempt } from "../support/attempt.mjs";
import { begin, end, play } from "../support/grounds.mjs";
import { METHODS } from "../support/operations.mjs";
import { assertComplete, cases, expected, FAULTS, judgeOutcomes } from "../support/outcomes.mjs";

const RUNNING = { timeout: 600_000 };
/** How long the proxy waits for HighLevel where a fault makes it wait. */
const PATIENCE_MS = 1500;

const FAILED = { read: "rejected", idempotent: "unknown", once: "unknown" };
const SAFE = ["read", "idempotent"];

/** What the page must say where it is something else than without a proxy: no answer of HighLevel's is a status. */
function changed(fault, safety) {
    const status = (error, outcome, again) => ({ ...fault, error, outcome: { ...fault.outcome, [safety]: outcome }, again });
    const lost = () => status("ServerError", FAILED[safety], SAFE);
    switch (fault.name) {
        case "html=200":
        case "applied-then=html":
        case "hang":
        case "drop":
        case "applied-then=hang":
        case "applied-then=drop":
            return lost();
        // A read is made again; of a write the page learns that it was carried out.
        case "body cut":
        case "body stalls":
            return safety === "read" ? lost() : status("DecodeError", "applied", []);
        case "status=422, body cut":
            return status("InvalidRequestError", "rejected", []);
        case "status=500, body cut":
        case "applied-then=500, body cut":
            return lost();
        // The proxy's fetch is somebody's own, which is not believed that it sent nothing.
        case "refused":
            return lost();
        default:
            return fault;
    }
}

/** The proxy gives whole answers: there is no head before the body. */
const faultsOf = (safety) => FAULTS.filter(({ abort }) => abort !== "body").map((fault) => changed(fault, safety));

function wanted(one) {
    const { safety, way, fault, repeated } = one;
    const want = expected(one, "Node");
    if (way === "then gone") {
        const [error, outcome] = ["ServerError", safety === "read" ? "rejected" : "unknown"];
        return { ...want, error, outcome };
    }
    // The status of an answer counts, also where its body is lost.
    return fault.acted && repeated && want.error === "NetworkError" ? { ...want, error: repeated } : want;
}

/** A page's client whose requests go through a proxy of its own. */
function behind(trustIds) {
    return class extends library.PaymentsClient {
        constructor({ baseUrl, token, headers, timeoutMs, ...options }) {
            const proxy = createProxy({
                authorize: () => ({ locationId: options.locationId, operations: METHODS }),
                token: () => token,
                baseUrl,
                trustIds,
                limiter: false,
                ...(timeoutMs && { timeoutMs: PATIENCE_MS }),
                // By it the ground knows its case; the page's own headers do not travel.
                fetch: (url, init) => fetch(url, { ...init, headers: { ...init.headers, ...headers } }),
            });
            super({
                ...options,
                baseUrl: "https://app.example/api",
                limiter: false,
                fetch: (url, init) => proxy(new Request(url, init)),
            });
        }
    };
}

before(begin);
after(end);

test("the outcome is what the sandbox really did, through the proxy", RUNNING, async () => {
    const results = await play(cases(METHODS, faultsOf), (task) => attempt({ PaymentsClient: behind(true) }, task));
    assertComplete(results, METHODS, faultsOf("read").length);
    const wrong = judgeOutcomes(results, "Node", wanted);
    console.log(`figure: matrix: ${results.length} cases through the proxy, ${wrong.length} wrong`);
    assert.deepEqual(wrong, []);
});

test("nor is it a lie where the record of a write is read first", RUNNING, async () => {
    const writes = ["orders.recordPayment", "orders.createFulfillment", "coupons.update", "coupons.delete"];
    const list = cases(writes, faultsOf).filter(({ way }) => way === "alone" || way === "once");
    const results = await play(list, (task) => attempt({ PaymentsClient: behind(false) }, task));
    const wrong = judgeOutcomes(results, "Node", () => undefined);
    console.log(`figure: matrix: ${results.length} cases of writes whose record is read first, ${wrong.length} wrong`);
    assert.deepEqual(wrong, []);
    assert.ok(results.some(({ did }) => did.applied > 0) && results.some(({ did }) => did.requests === 1));
});
