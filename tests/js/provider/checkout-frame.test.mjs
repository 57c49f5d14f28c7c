// HighLevelFrame where it cannot work, and what it keeps and posts where it does; real frames are in checkout-browsers.

import assert from "node:assert/strict";
import test, { afterEach, beforeEach } from "node:test";
import { HighLevelFrame } from "ghl-payments/sandbox";
import { framed } from "./checkout-stub.mjs";

const step = (more) => ({ state: "ready", toFrame: [], remove: false, shown: null, issues: [], ...more });
const soon = () => new Promise((resolve) => setTimeout(resolve, 5));

let page;
beforeEach(() => (page = framed()));
afterEach(() => {
    page.restore();
    delete globalThis.document;
});

/** A frame without a browser: what is posted to it, and whether it is still there. */
function element() {
    const posted = [];
    const contentWindow = { postMessage: (data, target) => void posted.push({ data, target }) };
    return { posted, contentWindow, removed: 0, remove() { this.removed += 1; } };
}

function session(answers) {
    const received = [];
    return {
        received,
        paymentsUrl: "https://pay.example/",
        state: "open",
        async receive(data) {
            received.push(data);
            const answer = answers.shift();
            if (answer instanceof Error) throw answer;
            this.state = answer.state;
            return answer;
        },
        async close() {
            this.state = "closed";
            return step({ state: "closed", remove: true });
        },
    };
}

test("it needs a page, a checkout, and one place for its frame", () => {
    assert.throws(() => new HighLevelFrame({ session: session([]), container: {} }), /needs a page/);
    globalThis.document = { createElement: element };
    assert.throws(() => new HighLevelFrame({ session: {}, container: {} }), /session must be a checkout/);
    assert.throws(() => new HighLevelFrame({ session: session([]) }), /either a container or an iframe/);
    assert.throws(() => new HighLevelFrame({ session: session([]), container: {}, iframe: {} }), /either a container or an iframe/);
    assert.throws(() => new HighLevelFrame({ session: session([]), place: {} }), /no option "place"/);
});

test("it hears its own frame only, takes its messages in order, and posts to its origin", async () => {
    globalThis.document = {};
    const iframe = element();
    const toFrame = [{ data: "props", afterMs: 0 }, { data: { late: true }, afterMs: 1 }];
    const own = session([step({ toFrame }), step({ state: "succeeded", remove: true })]);
    const steps = [];
    const frame = new HighLevelFrame({ session: own, iframe, onStep: ({ state }) => steps.push(state) });
    assert.deepEqual([iframe.src, iframe.title], ["https://pay.example/", "Payment"]);
    const from = (data, source = iframe.contentWindow) => page.say(data, { source, from: "https://pay.example" });
    from("stranger", {});
    from("nobody", null);
    from("ready");
    await soon();
    from("success");
    assert.equal(await frame.done, "succeeded");
    from("late");
    await soon();
    assert.deepEqual([own.received, frame.received, steps], [["ready", "success"], ["ready", "success"], ["ready", "succeeded"]]);
    assert.deepEqual(iframe.posted, [{ data: "props", target: "https://pay.example" }, { data: { late: true }, target: "https://pay.example" }]);
    assert.deepEqual(frame.posted.map(({ from }) => from), ["frame", "highlevel", "highlevel", "frame"]);
    assert.deepEqual([iframe.removed, page.listeners()], [1, 0]);
    assert.equal(await frame.close(), "succeeded");
});

test("what is still to be posted is not, once the frame is gone", async () => {
    globalThis.document = {};
    const iframe = element();
    const own = session([step({ toFrame: [{ data: "props", afterMs: 20 }] })]);
    const frame = new HighLevelFrame({ session: own, iframe });
    page.say("ready", { source: iframe.contentWindow });
    await soon();
    assert.equal(await frame.close(), "closed");
    await new Promise((resolve) => setTimeout(resolve, 40));
    assert.deepEqual([iframe.posted, iframe.removed, page.listeners()], [[], 1, 0]);
});

test("a sandbox that is out of reach removes the frame and rejects", async () => {
    globalThis.document = {};
    const iframe = element();
    const frame = new HighLevelFrame({ session: session([new Error("connection refused")]), iframe });
    page.say("ready", { source: iframe.contentWindow });
    await assert.rejects(frame.done, /connection refused/);
    assert.deepEqual([iframe.removed, page.listeners()], [1, 0]);
});
