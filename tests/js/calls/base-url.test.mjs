// The base URL goes out as it was written, or is refused: held against the runtime's own URL parser.

import assert from "node:assert/strict";
import test from "node:test";
import { PaymentsClient } from "ghl-payments";
import { ANY_ANSWER, ID, stub, thrown, TOKEN } from "../support/stub.mjs";

/** Whether the client takes it. */
function accepted(baseUrl) {
    try {
        new PaymentsClient({ token: TOKEN, baseUrl }).close();
        return true;
    } catch (error) {
        assert.deepEqual(
            error.issues?.map(({ path }) => path),
            ["baseUrl"],
            String(error),
        );
        return false;
    }
}

/** The path as it is written, without slashes at its end. */
function writtenPath(baseUrl) {
    return /^https?:\/\/[^/]*(.*?)\/*$/i.exec(baseUrl)[1];
}

/** A generator of its own, so that every run tries the same. */
function generator(state) {
    return (count) => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return (state >>> 8) % count;
    };
}

test("what the URL parser would change is refused, whatever it is made of", () => {
    const below = generator(20_261_129);
    const pieces = [
        ["/", "/", "/", "a", "v1", ".", "..", "%2e", "%2E", ".%2e", "%2e.", "%20", "%", "%zz", "%5c", "%2f", "é"],
        [" ", "\t", "\n", "\r", "\\", "//", "?", "#", "@", ":", ";", "|", "^", "[", "]", "{", "}", "<", ">", '"', "`"],
        ["'", "!", "$", "&", "(", ")", "*", "+", ",", "=", "~", "_", "-", "\u0000", "\u007f", "\u00a0", "\ufeff", "。"],
    ].flat();
    const counts = { taken: 0, refused: 0 };
    for (let run = 0; run < 20_000; run += 1) {
        const path = Array.from({ length: below(7) }, () => pieces[below(pieces.length)]).join("");
        const baseUrl = `https://example.com${path === "" ? "" : "/"}${path}`;
        if (!accepted(baseUrl)) {
            counts.refused += 1;
            continue;
        }
        counts.taken += 1;
        const { pathname, search, hash, username } = new URL(baseUrl);
        assert.equal(pathname.replace(/\/+$/, ""), writtenPath(baseUrl), JSON.stringify(baseUrl));
        assert.equal(search + hash + username, "", JSON.stringify(baseUrl));
    }
    assert.ok(counts.taken > 1000 && counts.refused > 1000, JSON.stringify(counts));
});

test("a host that is no host, or another one than is written, is refused", () => {
    const below = generator(7);
    const pieces = [
        ["a", "example", "com", "EXAMPLE", "1", "127", "0", "255", "256", "08", "0x7f", "0x", "-", "_", ".", ".", "."],
        ["%61", "%", ":", ":443", ":0", ":65535", ":65536", "é", "ß", "\u00ad", "!", "$", "&", "*", "~", "(", "'", "+"],
        ["[", "]", "[::1]", "\t", " ", "@", "|", "^", "<", "\\"],
    ].flat();
    let taken = 0;
    for (let run = 0; run < 20_000; run += 1) {
        const host = Array.from({ length: 1 + below(5) }, () => pieces[below(pieces.length)]).join("");
        const baseUrl = `https://${host}`;
        // Whether an IPv6 address is one, the client leaves to the runtime.
        if (/\[(?!::1\])/.test(host) || !accepted(baseUrl)) continue;
        taken += 1;
        const { hostname, port } = new URL(baseUrl);
        const [, name, number] = /^(.*?)(?::(\d+))?$/.exec(host);
        assert.equal(hostname, name.toLowerCase(), JSON.stringify(baseUrl));
        assert.equal(Number(port || 443), Number(number ?? 443), JSON.stringify(baseUrl));
    }
    assert.ok(taken > 300, String(taken));
});

test("the paths that were found to be changed are refused one by one", () => {
    for (const path of [
        "/v1/%2e%2e",
        "/v1/%2E%2e/x",
        "/%2e",
        "/.%2E",
        "/%2e./a",
        "/a\tb",
        "/a\n",
        "/a\\b",
        "/a b",
        "/é",
        "/a|b",
        "/a^b",
        '/"a"',
        "/<a>",
        "/{a}",
        "/`a`",
    ]) {
        const error = thrown(() => new PaymentsClient({ token: TOKEN, baseUrl: `https://example.com${path}` }));
        assert.equal(error.issues[0].path, "baseUrl", path);
    }
});

test("an accepted base URL stands in front of every path as it was written", async () => {
    for (const baseUrl of [
        "https://EXAMPLE.com/a//b",
        "https://example.com:8443/v1/",
        "https://example.com/%7Ea/x;y=1,2",
        "http://127.0.0.1:8787/api",
        "http://[::1]:8080/api",
    ]) {
        const { payments, requests } = stub(ANY_ANSWER, { baseUrl });
        await payments.orders.get(ID);
        assert.equal(requests[0].url.pathname, `${writtenPath(baseUrl)}/payments/orders/${ID}`);
    }
});
