// The page around the payment page: HighLevel's checkout by the sandbox, and by hand where the sandbox would not misbehave so.

import { createSandbox, HighLevelFrame } from "ghl-payments/sandbox";
import { mutants, Random } from "./checkout-fuzz.mjs";

const { page: PAGE, hostile: HOSTILE } = Object.fromEntries(new URLSearchParams(location.search));
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(what, ask, ms = 60_000) {
    for (const end = Date.now() + ms; Date.now() < end; await pause(5)) {
        const answer = ask();
        if (answer) return answer;
    }
    throw new Error(`waited in vain for ${what}`);
}

const address = (act, options = {}) => `${PAGE}/page?${new URLSearchParams({ act, options: JSON.stringify(options) })}`;

/** A frame by hand: what it posts, apart from what it tells the test. */
async function embed(src, attributes = {}) {
    const element = document.createElement("iframe");
    Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
    const posted = [];
    const told = [];
    const hear = ({ source, data }) => {
        if (source !== element.contentWindow) return;
        if (data?.told) told.push(data.told);
        else posted.push(data);
    };
    addEventListener("message", hear);
    element.src = src;
    document.body.append(element);
    return {
        element,
        posted,
        told,
        say: (data) => element.contentWindow.postMessage(data, "*"),
        ready: () => until("ready", () => posted.length > 0),
        opened: () => until("props to be taken", () => told.find(({ opened }) => opened)?.opened),
        refused: () => until("a refusal", () => told.find(({ refused }) => refused)?.refused),
        answer: () => until("an answer", () => posted.find((data) => typeof data === "string" && data.includes("custom_element"))),
        remove() {
            removeEventListener("message", hear);
            element.remove();
        },
    };
}

/** A sandbox with a provider whose server believes what its page has charged. */
function highlevel(act, options, verified = { success: true }) {
    const asked = [];
    const sandbox = createSandbox({
        size: 30,
        queries: {
            fetch: async (request) => {
                const query = await request.json();
                asked.push(query);
                return Response.json(query.type === "list_payment_methods" ? [{ id: "pm_1", type: "card", title: "Visa" }] : verified);
            },
        },
    });
    const keys = { apiKey: "sk_test", publishableKey: "pk_test" };
    sandbox.connectProvider({ paymentsUrl: address(act, options), queryUrl: "https://provider.test/query", live: keys, test: keys });
    return { sandbox, asked };
}

async function play(act, { options, checkout, verified } = {}) {
    const { sandbox, asked } = highlevel(act, options, verified);
    const session = await sandbox.checkout(checkout);
    const steps = [];
    const frame = new HighLevelFrame({ session, container: document.body, onStep: (step) => steps.push(step) });
    const state = await frame.done;
    const orders = sandbox.state().locations[0].orders;
    return {
        state,
        order: orders.find(({ _id }) => _id === session.orderId),
        removed: !frame.element.isConnected && document.querySelector("iframe") === null,
        received: frame.received.filter((data) => typeof data === "string").map((data) => JSON.parse(data)),
        told: frame.received.filter((data) => data?.told).map(({ told }) => told),
        sent: frame.posted.filter(({ from }) => from === "highlevel").map(({ data }) => typeof data),
        shown: steps.map(({ shown }) => shown).filter((text) => text !== null),
        asked: asked.map(({ type }) => type),
        props: session.props,
        transactionId: session.transactionId,
    };
}

const scenarios = {
    play,
    /** The payer closes HighLevel's window. */
    async leave() {
        const { sandbox } = highlevel("hold");
        const session = await sandbox.checkout();
        const frame = new HighLevelFrame({ session, container: document.body });
        await until("props", () => frame.posted.some(({ from }) => from === "highlevel"));
        const state = await frame.close();
        return { state, again: await frame.close(), removed: !frame.element.isConnected };
    },
    /** A frame of one's own, which is already in the page. */
    async own() {
        const { sandbox } = highlevel("succeed");
        const iframe = document.createElement("iframe");
        document.body.append(iframe);
        const frame = new HighLevelFrame({ session: await sandbox.checkout(), iframe, title: "Pay here" });
        const before = [frame.element === iframe, iframe.title];
        return { before, state: await frame.done, removed: !iframe.isConnected };
    },
    /** Messages by hand. */
    async by(messages, { act = "hold", options, attributes, gapMs = 0 } = {}) {
        const frame = await embed(address(act, { readyEveryMs: 20, ...options }), attributes);
        await frame.ready();
        for (const message of messages) {
            frame.say(message);
            await pause(gapMs);
        }
        const opened = await Promise.race([frame.opened(), frame.refused()]);
        const answer = act === "hold" ? undefined : await frame.answer();
        await pause(50);
        const ready = frame.posted.filter((data) => typeof data === "string" && data.includes("ready"));
        frame.remove();
        return { opened, answer, told: frame.told, ready: [...new Set(ready)], posted: frame.posted.length };
    },
    /** The props come a while after the page began to ask. */
    async late(props) {
        const frame = await embed(address("hold", { readyEveryMs: 10 }));
        await until("five ready messages", () => frame.posted.length >= 5);
        frame.say(props);
        const opened = await frame.opened();
        const asked = frame.posted.length;
        await pause(100);
        const more = frame.posted.length - asked;
        frame.remove();
        return { opened, more };
    },
    /** Other frames of HighLevel's page post to the payment page, and 100,000 messages without sense come from that page itself. */
    async hostile(props, count) {
        const frame = await embed(address("hold", { timeoutMs: 600_000 }));
        await frame.ready();
        const enemies = await Promise.all([1, 2].map(() => embed(`${HOSTILE}/hostile?${new URLSearchParams({ props: JSON.stringify(props[0]) })}`)));
        await until("the other frames", () => enemies.every(({ told }) => told.length > 0));
        let posted = 0;
        for (const message of mutants(new Random(99), props, count)) {
            frame.say(message);
            posted += 1;
            if (posted % 2000 === 0) await pause(0);
        }
        await until("the enemies", () => enemies.every(({ told }) => told.at(-1).done));
        await pause(200);
        const before = [...frame.told];
        frame.say(props[0]);
        const opened = await frame.opened();
        const stranger = enemies.reduce((sum, { told }) => sum + told.at(-1).done, 0);
        const asked = enemies.flatMap(({ posted }) => posted);
        [frame, ...enemies].forEach((it) => it.remove());
        return { posted, stranger, before, opened, asked };
    },
    /** A page that is framed by a frame of somebody else's, which has the props. */
    async nested(props) {
        const query = new URLSearchParams({ props: JSON.stringify(props), frame: address("succeed", { readyEveryMs: 20 }) });
        const middle = await embed(`${HOSTILE}/hostile?${query}`);
        const { inner } = await until("the inner page", () => middle.told.find(({ inner }) => inner));
        middle.remove();
        return inner;
    },
};

Object.assign(globalThis, {
    results: {},
    start(id, name, ...words) {
        Promise.resolve()
            .then(() => scenarios[name](...words))
            .then(
                (value) => (globalThis.results[id] = { value: value ?? null }),
                (error) => (globalThis.results[id] = { error: String(error?.stack ?? error) }),
            );
    },
});
