// A delivery is HighLevel's, or it is refused: in Node and in workerd.

import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, sign, webcrypto } from "node:crypto";
import test, { after, before } from "node:test";
import { runInNewContext } from "node:vm";
import * as library from "ghl-payments/edge";
import { createSandbox } from "ghl-payments/sandbox";
import { startWorker } from "../support/support.mjs";
import { EVENTS } from "./webhook-events.mjs";
import { forge, mutate } from "./webhook-judge.mjs";

const { verifyWebhook, WebhookError } = library;

const ED25519 = Array.from({ length: 5 }, () => generateKeyPairSync("ed25519"));
const RSA = Array.from({ length: 2 }, () => generateKeyPairSync("rsa", { modulusLength: 4096 }));
const [ED] = ED25519;
const spki = ({ publicKey }) => publicKey.export({ type: "spki", format: "der" });
const pem = ({ publicKey }) => publicKey.export({ type: "spki", format: "pem" });
const raw = (pair) => spki(pair).subarray(12);
const signed = (body, pair) =>
    sign(pair.publicKey.asymmetricKeyType === "rsa" ? "sha256" : null, Buffer.from(body), pair.privateKey).toString("base64");

const BODY = JSON.stringify({ type: "OrderCreate", _id: "660ed43bfdf9fc05a0de7a40", amount: 150.1, webhookId: "w1" });
const HEADERS = { "x-ghl-signature": signed(BODY, ED) };
const KEYS = { keys: [pem(ED)] };

/** Refused with this code, by an error that quotes nothing. */
const refused = (code) => (error) => {
    assert.equal(error.name, "WebhookError");
    assert.ok(error instanceof WebhookError);
    assert.equal(error.code, code, error.message);
    const shown = `${error.message} ${JSON.stringify(error.issues)} ${error.stack}`;
    assert.ok(!shown.includes(HEADERS["x-ghl-signature"].slice(0, 20)) && !shown.includes("660ed43b"), shown);
    return true;
};

const WORKER = `
    import * as library from "ghl-payments/edge";
    import { forge, mutate } from "../edge/webhook-judge.mjs";
    export default {
        async fetch(request) {
            const { vectors, forgeries } = await request.json();
            return Response.json(await (vectors ? mutate(library, vectors) : forge(library, forgeries)));
        },
    };
`;
let worker;
before(async () => {
    worker = await startWorker(WORKER);
});
after(() => worker?.dispose());

async function inWorkerd(task) {
    const response = await worker.dispatchFetch("http://worker.test/", { method: "POST", body: JSON.stringify(task) });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text);
}

test("every one-bit mutation of body, signature and key is refused, in Node and in workerd", async () => {
    const vectors = [...ED25519, ...RSA, ...RSA, RSA[0]].map((pair, index) => {
        const body = JSON.stringify({ type: "OrderCreate", _id: `order-${index}`, amount: index + 0.5 });
        const algorithm = pair.publicKey.asymmetricKeyType === "rsa" ? "RSA" : "Ed25519";
        return { algorithm, key: spki(pair).toString("base64"), body, signature: signed(body, pair) };
    });
    for (const [runtime, run] of [["node", (vectors) => mutate(library, vectors)], ["workerd", (vectors) => inWorkerd({ vectors })]]) {
        const found = await run(vectors);
        assert.deepEqual(found.passed, [], runtime);
        assert.equal(found.vectors, 10);
        const { body, signature, header, key } = found;
        assert.equal(found.refused, body + signature + header + key);
        const codes = Object.entries(found.codes).map(([code, count]) => `${count} ${code}`);
        console.log(
            `figure: webhook mutations in ${runtime}: ${found.vectors} vectors, ${body} bits of bodies, ${signature} of signatures, ` +
                `${header} of headers, ${key} of keys: 0 taken (${codes.join(", ")})`,
        );
    }
});

/** The eight points of small order, and every other way to write a number of theirs. */
function smallOrder() {
    const number = (value) => Buffer.from(value.toString(16).padStart(64, "0"), "hex").reverse();
    const prime = 2n ** 255n - 19n;
    const eight = 2707385501144840649318225287225658788936804267575313519463743609750303402022n;
    const eight2 = prime - eight;
    const below = [0n, 1n, prime - 1n, eight, eight2];
    const again = Array.from({ length: 19 }, (_, more) => prime + BigInt(more));
    return [...below, ...again].flatMap((value) => [0, 0x80].map((sign) => {
        const point = number(value);
        point[31] |= sign;
        return point;
    }));
}

test("no key of small order is taken, and no signature that anybody can make for one", async () => {
    const points = smallOrder();
    assert.equal(points.length, 48);
    // R is the neutral element and S is 0: for a key A of small order the equation S*B = R + h*A holds wherever h*A is neutral.
    const forged = Buffer.concat([Buffer.from([1]), Buffer.alloc(63)]).toString("base64");
    const bodies = Array.from({ length: 8 }, (_, index) => JSON.stringify({ type: "INSTALL", appId: `forged-${index}` }));
    const forgeries = points.flatMap((point) => bodies.map((body) => ({ key: point.toString("base64"), body, signature: forged })));
    // The forgeries are real: WebCrypto itself takes some of them.
    let taken = 0;
    for (const { key, body } of forgeries) {
        try {
            const imported = await webcrypto.subtle.importKey("raw", Buffer.from(key, "base64"), "Ed25519", false, ["verify"]);
            taken += await webcrypto.subtle.verify("Ed25519", imported, Buffer.from(forged, "base64"), Buffer.from(body));
        } catch {}
    }
    for (const [runtime, found] of [["node", await forge(library, forgeries)], ["workerd", await inWorkerd({ forgeries })]]) {
        assert.deepEqual(found.passed, [], runtime);
        assert.deepEqual([...new Set(found.codes)], ["invalid_key"]);
        console.log(`figure: webhook keys of small order in ${runtime}: ${points.length} keys x ${bodies.length} forged deliveries: 0 taken`);
    }
    console.log(`figure: webhook keys of small order: WebCrypto of Node alone takes ${taken} of these forgeries`);
    assert.ok(taken > 0);
});

test("the current header decides alone; the legacy one counts only where it is allowed", async () => {
    const rsa = signed(BODY, RSA[0]);
    const keys = [pem(ED), pem(RSA[0])];
    const both = (current) => ({ "X-GHL-Signature": current, "X-WH-Signature": rsa });
    const legacy = { "X-WH-Signature": rsa };
    for (const legacyRsa of [false, true]) {
        const options = { keys, legacyRsa };
        for (const [headers, code] of [
            [{}, "unsigned"],
            [both("N/A"), "unsigned"],
            [both(""), "unsigned"],
            [both("x"), "malformed_signature"],
            [both(rsa), "malformed_signature"],
            [both(signed(`${BODY} `, ED)), "invalid_signature"],
            [{ "X-WH-Signature": "N/A" }, "unsigned"],
            [{ "X-WH-Signature": HEADERS["x-ghl-signature"] }, legacyRsa ? "malformed_signature" : "legacy_signature"],
        ]) {
            await assert.rejects(verifyWebhook(BODY, headers, options), refused(code), JSON.stringify([headers, legacyRsa]));
        }
        assert.equal((await verifyWebhook(BODY, both(HEADERS["x-ghl-signature"]), options)).type, "OrderCreate");
    }
    await assert.rejects(verifyWebhook(BODY, legacy, { keys }), refused("legacy_signature"));
    assert.equal((await verifyWebhook(BODY, legacy, { keys, legacyRsa: true })).type, "OrderCreate");
    await assert.rejects(verifyWebhook(BODY, legacy, { keys: [pem(RSA[1])], legacyRsa: true }), refused("invalid_signature"));
});

test("headers of every library are read, and a header that is there twice is refused", async () => {
    const value = HEADERS["x-ghl-signature"];
    const foreign = runInNewContext("(value) => new Map([['X-GHL-SIGNATURE', value]])")(value);
    for (const headers of [
        new Headers({ "X-GHL-Signature": value }),
        { "X-GHL-SIGNATURE": value },
        { "x-ghl-signature": [value] },
        { "x-ghl-signature": value, "x-wh-signature": undefined },
        [["x-ghl-signature", value]],
        new Map([["x-ghl-signature", ` ${value}\t`]]),
        foreign,
        { get: (name) => (name.toLowerCase() === "x-ghl-signature" ? value : null) },
    ]) {
        assert.equal((await verifyWebhook(BODY, headers, KEYS)).type, "OrderCreate");
    }
    const twice = new Headers([["x-ghl-signature", value], ["x-ghl-signature", value]]);
    for (const headers of [twice, { "x-ghl-signature": [value, value] }, { "x-ghl-signature": value, "X-GHL-Signature": value }]) {
        await assert.rejects(verifyWebhook(BODY, headers, KEYS), refused("malformed_signature"));
    }
    for (const headers of [undefined, null, "x-ghl-signature"]) {
        await assert.rejects(verifyWebhook(BODY, headers, KEYS), refused("invalid_options"));
    }
});

test("a body is bytes of any kind, exactly as they came", async () => {
    const bytes = Buffer.from(BODY);
    const foreign = runInNewContext("(bytes) => Uint8Array.from(bytes)")([...bytes]);
    const wide = new Uint8Array(bytes.length + 7);
    wide.set(bytes, 3);
    const part = new DataView(wide.buffer, 3, bytes.length);
    for (const body of [bytes, new Uint8Array(bytes), Uint8Array.from(bytes).buffer, foreign, foreign.buffer, part, BODY]) {
        assert.equal((await verifyWebhook(body, HEADERS, KEYS)).amount, 150.1);
    }
    for (const body of [JSON.parse(BODY), undefined, null, 5, new Request("http://x.test/", { method: "POST", body: BODY })]) {
        await assert.rejects(verifyWebhook(body, HEADERS, KEYS), refused("invalid_body"));
    }
    for (const body of [`${BODY}\n`, `\ufeff${BODY}`, JSON.stringify(JSON.parse(BODY), null, 1)]) {
        await assert.rejects(verifyWebhook(body, HEADERS, KEYS), refused("invalid_signature"));
    }
    // What the caller does with its bytes meanwhile changes nothing.
    const own = Buffer.from(BODY);
    const event = verifyWebhook(own, HEADERS, KEYS);
    own.fill(32);
    assert.equal((await event).webhookId, "w1");
});

test("keys of every form are taken; what is no key is refused by its place", async () => {
    const jwk = ED.publicKey.export({ format: "jwk" });
    for (const key of [pem(ED), pem(ED).replaceAll("\n", "\\n"), spki(ED), new Uint8Array(raw(ED)), raw(ED).toString("base64"),
        spki(ED).toString("base64"), Buffer.from(pem(ED)), jwk, Uint8Array.from(spki(ED)).buffer]) {
        assert.equal((await verifyWebhook(BODY, HEADERS, { keys: [key] })).type, "OrderCreate");
        assert.equal((await verifyWebhook(BODY, HEADERS, { keys: key })).type, "OrderCreate");
    }
    const privatePem = ED.privateKey.export({ type: "pkcs8", format: "pem" });
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const small = generateKeyPairSync("rsa", { modulusLength: 1024 });
    const x25519 = generateKeyPairSync("x25519");
    for (const key of ["", "x", undefined, null, 5, {}, privatePem, pem(other), pem(small), pem(x25519), spki(ED).subarray(1),
        { ...jwk, crv: "X25519" }, { ...jwk, x: "AA" }, { ...jwk, d: "AA" }, raw(ED).subarray(1), pem(ED).slice(0, 60)]) {
        await assert.rejects(verifyWebhook(BODY, HEADERS, { keys: [pem(ED), key] }), (error) => {
            assert.equal(error.code, "invalid_key");
            assert.deepEqual([error.issues[0].path, error.status], ["keys[1]", 500]);
            assert.ok(!error.message.includes(privatePem.slice(30, 60)));
            return true;
        });
    }
    await assert.rejects(verifyWebhook(BODY, HEADERS, { keys: [] }), refused("invalid_key"));
});

test("HighLevel's own keys are the default, and during a rotation both count", async () => {
    await assert.rejects(verifyWebhook(BODY, HEADERS), refused("invalid_signature"));
    await assert.rejects(verifyWebhook(BODY, HEADERS, { keys: "highlevel" }), refused("invalid_signature"));
    assert.equal((await verifyWebhook(BODY, HEADERS, { keys: ["highlevel", pem(ED)] })).type, "OrderCreate");
    await assert.rejects(verifyWebhook(BODY, HEADERS, { keys: [pem(ED25519[1])] }), refused("invalid_signature"));
    assert.equal((await verifyWebhook(BODY, HEADERS, { keys: [pem(ED25519[1]), pem(ED)] })).type, "OrderCreate");
});

test("wrong options are refused by name, also what would only look like a denial", async () => {
    for (const [options, path] of [
        [{ legacyRSA: true }, "legacyRSA"],
        [{ legacyRsa: "false" }, "legacyRsa"],
        [{ toleranceMs: -1 }, "toleranceMs"],
        [{ toleranceMs: "5" }, "toleranceMs"],
        [{ toleranceMs: Number.NaN }, "toleranceMs"],
        [{ now: "yesterday" }, "now"],
        [{ type: 5 }, "type"],
        [{ type: "InvoicePayed" }, "type"],
        [{ type: "orderCreate" }, "type"],
        [{ onDrift: 5 }, "onDrift"],
        [{ keys: [pem(RSA[0])] }, "keys"],
        [{ keys: [pem(ED)], legacyRsa: true }, "keys"],
    ]) {
        await assert.rejects(verifyWebhook(BODY, HEADERS, { ...KEYS, ...options }), (error) => {
            assert.deepEqual([error.code, error.issues[0].path], ["invalid_options", path]);
            return true;
        });
    }
    await assert.rejects(verifyWebhook(BODY, HEADERS, null), refused("invalid_options"));
});

test("with a tolerance a delivery must be recent; without, its age does not matter", async () => {
    const at = Date.parse("2026-08-17T09:06:59.366Z");
    const timed = JSON.stringify({ ...JSON.parse(BODY), timestamp: "2026-08-17T09:06:59.366Z" });
    const headers = { "x-ghl-signature": signed(timed, ED) };
    const verify = (now, toleranceMs) => verifyWebhook(timed, headers, { ...KEYS, now, toleranceMs });
    for (const now of [at, at + 300_000, at - 300_000, new Date(at), () => at]) await verify(now, 300_000);
    for (const now of [at + 300_001, at - 300_001, () => Number.NaN]) {
        await assert.rejects(verify(now, 300_000), refused("stale_timestamp"));
    }
    await verify(at + 1e12);
    await assert.rejects(verify(undefined, 300_000), refused("stale_timestamp"));
    await assert.rejects(verifyWebhook(BODY, HEADERS, { ...KEYS, toleranceMs: 1e15 }), refused("missing_timestamp"));
});

test("a runtime that cannot verify lets nothing pass", async (t) => {
    const { subtle } = webcrypto;
    const key = generateKeyPairSync("ed25519");
    const verify = () => verifyWebhook(BODY, { "x-ghl-signature": signed(BODY, key) }, { keys: [pem(key)] });
    t.mock.method(subtle, "importKey", async () => {
        throw new DOMException("unrecognised", "NotSupportedError");
    });
    await assert.rejects(verify(), refused("unsupported_runtime"));
    t.mock.restoreAll();
    for (const answer of [undefined, 1, "true", {}]) {
        t.mock.method(subtle, "verify", async () => answer);
        await assert.rejects(verify(), refused("invalid_signature"));
        t.mock.restoreAll();
    }
    t.mock.method(subtle, "verify", async () => {
        throw new Error("broken");
    });
    await assert.rejects(verify(), refused("unsupported_runtime"));
    t.mock.restoreAll();
    assert.equal((await verify()).type, "OrderCreate");
});

test("what is signed and no JSON object is unreadable", async () => {
    for (const body of ["", "[]", "x", '{"a":1', "null", `{"a":${"[".repeat(300)}`]) {
        await assert.rejects(verifyWebhook(body, { "x-ghl-signature": signed(body, ED) }, KEYS), refused("unreadable"));
    }
});

test("every event of HighLevel's that touches payments is typed alike, flat and in an envelope", async () => {
    const open = async (body, options) => {
        const text = JSON.stringify(body);
        const drift = [];
        const event = await verifyWebhook(text, { "x-ghl-signature": signed(text, ED) }, { ...KEYS, onDrift: (one) => drift.push(one), ...options });
        return { event, drift };
    };
    for (const [type, fields] of EVENTS) {
        const meta = { timestamp: "2026-08-17T09:06:59.366Z", webhookId: `id-${type}` };
        const expected = { type, ...meta, ...fields };
        const flat = await open({ ...fields, type, ...meta });
        const wrapped = await open({ type, ...meta, data: fields });
        const routed = await open({ ...fields, ...meta }, { type });
        for (const { event, drift } of [flat, wrapped, routed]) {
            assert.deepEqual(event, expected, type);
            assert.deepEqual(drift, [], type);
        }
        // What is certain is repaired, what is unknown is passed on.
        const [id] = Object.keys(fields);
        const odd = await open({ ...fields, [id]: 17, type, brandNew: { deep: [1, null] } });
        assert.deepEqual(odd.event, { ...fields, [id]: "17", type, brandNew: { deep: [1, null] } });
        assert.deepEqual(odd.drift.map(({ path, repaired }) => [path, repaired]), [[id, true]]);
    }
    assert.equal(new Set(EVENTS.map(([type]) => type)).size, 18);
    const unknown = { type: "AppUpdate", data: { _id: 7 }, webhookId: "w" };
    assert.deepEqual((await open(unknown)).event, unknown);
    const price = await open({ _id: "p", type: "one_time" }, { type: "PriceUpdate" });
    assert.deepEqual(price.event, { _id: "p", type: "PriceUpdate", priceType: "one_time" });
});

test("a public key as Node holds it is to be exported", async () => {
    const error = await verifyWebhook(BODY, HEADERS, { keys: [createPublicKey(pem(ED))] }).catch((error) => error);
    assert.equal(error.code, "invalid_key");
});

test("what the sandbox sends as HighLevel is verified, and is what its type promises", async () => {
    const sandbox = createSandbox({ seed: 7 });
    const keys = [await sandbox.webhookKeys.ed25519()];
    for (const [type] of EVENTS) {
        const drift = [];
        const verify = async (request) =>
            verifyWebhook(await request.arrayBuffer(), request.headers, { keys, type, onDrift: (one) => drift.push(one) });
        for (const envelope of [false, true]) assert.equal((await verify(await sandbox.webhook(type, { envelope }))).type, type);
        assert.deepEqual(drift, [], type);
        for (const tampered of ["body", "signature"]) {
            await assert.rejects(verify(await sandbox.webhook(type, { tampered })), { name: "WebhookError", status: 401 });
        }
    }
});
