// Who looks at a settings page: decrypted as HighLevel encrypts it, by another implementation's vectors.

import assert from "node:assert/strict";
import { createCipheriv, createHash, randomBytes } from "node:crypto";
import { inspect } from "node:util";
import test from "node:test";
import { readUserContext, UserContextError } from "ghl-payments/edge";
import { failure } from "../support/stub.mjs";

const KEY = "0f3c-shared-secret-9b1e";

const USER = {
    userId: "MKQJ7wOVVmNOMvrnKKKK",
    companyId: "GNb7aIv4rQFVb9iwNl5K",
    role: "admin",
    type: "location",
    activeLocation: "yLKVZpNppIdYpah4RjNE",
    userName: "Zoë Müller 😀",
    email: "zoe@example.com",
    isAgencyOwner: true,
};

/** As CryptoJS encrypts with a passphrase, and `openssl enc -aes-256-cbc -md md5`; with node:crypto, which the package does not use. */
function encrypted(text, key = KEY, salt = randomBytes(8)) {
    const made = [Buffer.alloc(0)];
    for (let i = 0; i < 3; i++) {
        made.push(createHash("md5").update(Buffer.concat([made[i], Buffer.from(key), salt])).digest());
    }
    const bytes = Buffer.concat(made);
    const cipher = createCipheriv("aes-256-cbc", bytes.subarray(0, 32), bytes.subarray(32, 48));
    return Buffer.concat([Buffer.from("Salted__"), salt, cipher.update(text), cipher.final()]).toString("base64");
}

test("a payload is the user that was encrypted, whatever its length and its key's", async () => {
    for (let length = 0; length < 140; length++) {
        const key = "k".repeat(length + 1);
        const user = { ...USER, userName: "x".repeat(length) };
        assert.deepEqual(await readUserContext(encrypted(JSON.stringify(user), key), key), user);
    }
    for (const key of ["ключ 😀", " spaces ", "\u0000"]) assert.deepEqual(await readUserContext(encrypted(JSON.stringify(USER), key), key), USER);
    assert.deepEqual(await readUserContext(`${encrypted(JSON.stringify(USER))}\n`, KEY), USER);
});

test("it is that of the openssl program, byte for byte", async () => {
    // printf '{"userId":"u1",...}' | openssl enc -aes-256-cbc -md md5 -k secret -S 0001020304050607 -base64 -A, with mark and salt in front
    const payload = "U2FsdGVkX18AAQIDBAUGB25oRSRtvYkVVayrsqv7JI4lknt0pKMW5Xo0/r3c1ktlyhLVIysLhuT93st9WQVOcL+4a4g57bVlU6WkhmM+HAI=";
    assert.deepEqual(await readUserContext(payload, "secret"), { userId: "u1", companyId: "c1", role: "user", type: "agency" });
});

test("unknown fields and roles pass, text in place of a truth is repaired", async () => {
    const user = { ...USER, role: "auditor", isAgencyOwner: "false", permissions: ["a"], activeLocation: null };
    assert.deepEqual(await readUserContext(encrypted(JSON.stringify(user)), KEY), { ...user, isAgencyOwner: false });
});

test("what is no payload is said to be malformed", async () => {
    const whole = encrypted(JSON.stringify(USER));
    const bytes = Buffer.from(whole, "base64");
    for (const payload of [
        ...[undefined, null, 7, {}, [], "", " ", "x", "{}", "%%%%", "a".repeat(70_000)],
        ...[whole.slice(1), whole.slice(0, -1), `${whole}=`, whole.replace(/^U/, "V"), `${whole}AAAA`],
        ...[8, 16, 31, 33].map((length) => bytes.subarray(0, length).toString("base64")),
        bytes.subarray(16).toString("base64"),
        bytes.toString("base64url").replace(/^(..)./, "$1-"),
        bytes.toString("hex"),
    ]) {
        const error = await failure(readUserContext(payload, KEY));
        assert.ok(error instanceof UserContextError, String(payload));
        assert.deepEqual([error.code, error.status, error.issues[0].path], ["malformed_payload", 400, "payload"], String(payload).slice(0, 50));
    }
});

test("another key, another text and every change end in one error, which tells nothing apart", async () => {
    const texts = ["", "null", "[]", "{}", "{", "\ufeff", "{\"userId\":7}", JSON.stringify({ ...USER, userId: undefined }),
        JSON.stringify({ ...USER, companyId: {} }), JSON.stringify({ ...USER, type: undefined }), `${JSON.stringify(USER)}x`, "\xff"];
    const errors = new Set();
    const refuse = async (payload, key) => {
        const error = await failure(readUserContext(payload, key));
        assert.equal(error.code, "invalid_payload");
        errors.add(JSON.stringify([error.code, error.status, error.message, error.issues, error.cause]));
    };
    for (const text of texts) await refuse(encrypted(text), KEY);
    for (const key of [`${KEY} `, KEY.slice(1), "k"]) await refuse(encrypted(JSON.stringify(USER)), key);
    const bytes = Buffer.from(encrypted(JSON.stringify({ userId: "u", companyId: "c", role: "admin", type: "agency" })), "base64");
    let changed = 0;
    let survived = 0;
    for (let at = 8; at < bytes.length; at++) {
        for (const bit of [1, 16, 128]) {
            const mutated = Buffer.from(bytes);
            mutated[at] ^= bit;
            const outcome = await readUserContext(mutated.toString("base64"), KEY).catch((error) => error);
            changed++;
            // The form has no check against changes: whatever is still a user is one, and nothing else ever comes out.
            if (outcome instanceof Error) assert.equal(outcome.code, "invalid_payload");
            else {
                survived++;
                for (const name of ["userId", "companyId", "role", "type"]) assert.equal(typeof outcome[name], "string");
            }
        }
    }
    console.log(`figure: ${changed} changed payloads, ${changed - survived} refused, ${survived} still a user`);
    assert.equal(errors.size, 1);
});

test("a missing key is the caller's mistake, and no error shows key or payload", async () => {
    const payload = encrypted(JSON.stringify(USER));
    for (const key of [undefined, null, "", 7, {}]) {
        const error = await failure(readUserContext(payload, key));
        assert.deepEqual([error.name, error.code, error.status], ["UserContextError", "invalid_key", 500]);
    }
    for (const error of [await failure(readUserContext(payload, `${KEY}2`)), await failure(readUserContext(`${payload}x`, KEY))]) {
        const shown = `${inspect(error, { depth: 9, showHidden: true })}${error.stack}`;
        assert.equal(shown.includes(KEY) || shown.includes(payload.slice(20, 60)), false, shown);
    }
});
