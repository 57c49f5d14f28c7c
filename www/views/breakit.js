// Break it: switches that make the sandbox fail, and calls that must fail, and what the client makes of them.

import { account, createClient, logged, payments } from "../account.js";
import { follow } from "../calls.js";
import { errorCard } from "../errors.js";
import { FAULTS, flip, followSwitches, OFTEN, setSwitches, switches, WHICH } from "../faults.js";
import { count, money } from "../format.js";
import { timeline } from "../trace.js";
import { announce, badge, button, card, empty, fill, h, notice, radios } from "../ui.js";
import { confirmed } from "./payment.js";

const UNKNOWN_ID = "000000000000000000000000";

const fault = (text, options = {}) => ({ ...options, headers: { "x-sandbox-fault": text } });

/** An order that somebody still owes money for. */
async function unpaid(options) {
    const page = await payments.orders.list({ paymentStatus: "unpaid", limit: 1 }, options);
    if (page.data.length === 0) throw new Error("Every order is paid: start the demo again for fresh ones.");
    return page.data[0];
}

/** Calls to watch with a switch on: one that reads, one that writes. */
const TRIES = [
    {
        id: "try-read",
        title: "List orders",
        operation: "orders.list",
        async run(options) {
            const { data, totalCount } = await payments.orders.list({ limit: 3 }, options);
            const amounts = data.map((order) => money(order.amount, order.currency)).join(", ");
            return `${count(totalCount, "order", "orders")}; the latest: ${amounts}`;
        },
    },
    {
        id: "try-write",
        title: "Record a payment",
        operation: "orders.recordPayment",
        async run(options, tell) {
            const order = await unpaid(options);
            tell(h("a", { class: "button button-primary", href: `#/orders/${order._id}` }, "Look at the order"));
            confirmed(
                await payments.orders.recordPayment(
                    order._id,
                    { mode: "cash", amount: 1, isPartialPayment: true },
                    options,
                ),
            );
            return `${money(1, order.currency)} recorded on the order of ${order.contactName}`;
        },
    },
];

/** `run` makes the call; what it resolves to is shown as a success. */
const GROUPS = [
    {
        title: "Before anything is sent",
        scenarios: [
            {
                id: "path-id",
                title: "An id that is a path",
                text: "“..” would turn the address into another one.",
                code: 'orders.get("..")',
                expected: "ValidationError",
                operation: "orders.get",
                run: (options) => payments.orders.get("..", options),
            },
            {
                id: "body",
                title: "Several mistakes in one body",
                text: "All of them are named at once, each with its path.",
                code: 'orders.recordPayment(id, { mode: "gold", … })',
                expected: "ValidationError",
                operation: "orders.recordPayment",
                run: (options) =>
                    payments.orders.recordPayment(
                        UNKNOWN_ID,
                        { mode: "gold", tip: 5, card: { type: "visa" } },
                        options,
                    ),
            },
        ],
    },
    {
        title: "The server says no",
        scenarios: [
            {
                id: "token",
                title: "A wrong token",
                text: "A second client brings a token of its own.",
                code: 'new PaymentsClient({ token: "wrong", … })',
                expected: "AuthenticationError",
                operation: "orders.list",
                run: (options) => createClient({ token: "not-a-token" }).orders.list({ limit: 1 }, options),
            },
            {
                id: "unknown-id",
                title: "An order that does not exist",
                text: "With the trace id that HighLevel's support asks for.",
                code: `orders.get("${UNKNOWN_ID.slice(0, 6)}…")`,
                expected: "NotFoundError",
                operation: "orders.get",
                run: (options) => payments.orders.get(UNKNOWN_ID, options),
            },
            {
                id: "overpay",
                title: "More than is owed",
                text: "The API's 422, its messages as a list.",
                code: "orders.recordPayment(id, { amount, … })",
                expected: "InvalidRequestError",
                operation: "orders.recordPayment",
                run: async (options) => {
                    const order = await unpaid(options);
                    return payments.orders.recordPayment(
                        order._id,
                        { mode: "cash", amount: order.amount + 1000 },
                        options,
                    );
                },
            },
        ],
    },
    {
        title: "Bad days",
        scenarios: [
            {
                id: "status-500",
                title: "The server fails, again and again",
                text: "A read: sent three times with growing pauses.",
                code: "orders.list()",
                fault: "status=500",
                expected: "ServerError",
                operation: "orders.list",
                run: (options) => payments.orders.list({ limit: 1 }, fault("status=500", options)),
            },
            {
                id: "lost-answer",
                title: "A payment whose answer is lost",
                text: "A write is not sent twice: it may have been recorded.",
                code: "orders.recordPayment(id, …)",
                fault: "applied-then=500",
                expected: "ServerError",
                operation: "orders.recordPayment",
                run: async (options, tell) => {
                    const order = await unpaid(options);
                    tell(
                        h("a", { class: "button button-primary", href: `#/orders/${order._id}` }, "Look at the order"),
                    );
                    const body = { mode: "cash", amount: order.amount, notes: "Its answer was lost" };
                    return payments.orders.recordPayment(order._id, body, fault("applied-then=500", options));
                },
            },
            {
                id: "rate-limit",
                title: "Too many requests",
                text: "The server asks for a second of patience and gets it.",
                code: "orders.list()",
                fault: "status=429; retry-after=1",
                expected: "RateLimitError",
                operation: "orders.list",
                run: (options) =>
                    payments.orders.list(
                        { limit: 1 },
                        fault("status=429; retry-after=1", { ...options, maxRetries: 1 }),
                    ),
            },
            {
                id: "timeout",
                title: "An answer that takes too long",
                text: "Half a second is allowed, the server takes five.",
                code: "orders.list({}, { timeoutMs: 500 })",
                fault: "delay=5000",
                expected: "TimeoutError",
                operation: "orders.list",
                run: (options) =>
                    payments.orders.list(
                        { limit: 1 },
                        fault("delay=5000", { ...options, timeoutMs: 500, maxRetries: 0 }),
                    ),
            },
        ],
    },
    {
        title: "Answers that are none",
        scenarios: [
            {
                id: "html",
                title: "A web page with status 200",
                text: "HTML is never data, whatever the status says.",
                code: "orders.list()",
                fault: "html=200",
                expected: "DecodeError",
                operation: "orders.list",
                run: (options) => payments.orders.list({ limit: 1 }, fault("html=200", options)),
            },
            {
                id: "truncated",
                title: "Half of the answer",
                text: "Cut off in the middle of the JSON.",
                code: "orders.list()",
                fault: "truncated",
                expected: "DecodeError",
                operation: "orders.list",
                run: (options) => payments.orders.list({ limit: 3 }, fault("truncated", options)),
            },
            {
                id: "drift",
                title: "Numbers that arrive as text",
                text: "Their meaning is certain, so they are repaired and reported.",
                code: "orders.list()",
                fault: "drift=quoted",
                expected: "repaired",
                operation: "orders.list",
                run: async (options) => {
                    const { data } = await payments.orders.list({ limit: 3 }, fault("drift=quoted", options));
                    const amounts = data.map((order) => money(order.amount, order.currency)).join(", ");
                    return `${count(data.length, "order", "orders")} delivered with numbers as numbers: ${amounts}`;
                },
            },
        ],
    },
];

export function breakIt({ signal }) {
    if (!account.sandbox) return onlyInTheSandbox();
    const steps = h("ol", { class: "lines lines-small" });
    const trail = card("What happened", steps);
    const result = h("div", { class: "result" });
    const side = h("div", { class: "column column-result" }, trail, result);
    const columns = h("div", { class: "columns columns-even" });
    const narrow = window.matchMedia("(max-width: 1020px)");
    const buttons = [];
    let turn = 0;
    let chosen;

    /** Beside the list where there is room, else below the call that was run. */
    function place() {
        const home = narrow.matches && chosen ? chosen : columns;
        if (side.parentElement !== home) home.append(side);
    }

    trail.hidden = true;
    fill(
        result,
        h(
            "div",
            { class: "card" },
            empty("bolt", "Nothing is broken yet", "Turn a switch on and make a call, or run one of those below."),
        ),
    );

    async function run(scenario, item) {
        const own = ++turn;
        chosen = item;
        place();
        const actions = [];
        const drawn = new Map();
        const stop = follow((call) => {
            if (!call || own !== turn || call.operation.name !== scenario.operation) return;
            drawn.set(call, timeline(call));
            fill(steps, [...drawn.values()]);
        });
        for (const entry of buttons) entry.disabled = true;
        fill(steps);
        trail.hidden = false;
        fill(result, running(scenario));
        let shown;
        try {
            const words = await logged(scenario.run({ signal }, (action) => actions.push(action)));
            const told = typeof words === "string" ? words : "The call succeeded.";
            shown = notice("green", scenario.expected === "repaired" ? "Repaired" : "Nothing failed in the end", told);
            shown.dataset.result = scenario.expected ?? "success";
        } catch (error) {
            shown = errorCard(error, ...actions);
            shown.dataset.result = error.name;
        } finally {
            stop();
            for (const entry of buttons) entry.disabled = false;
        }
        if (signal.aborted || own !== turn) return;
        shown.dataset.scenario = scenario.id;
        fill(result, shown);
        (shown.querySelector("h2") ?? shown).focus({ preventScroll: true });
        if (narrow.matches) side.scrollIntoView({ block: "start" });
        else side.scrollTop = 0;
        announce(`${scenario.title}: ${shown.dataset.result}`);
    }

    function runButton(scenario, item, text = "Run") {
        const start = button(text, {
            "aria-label": text === "Run" ? `Run: ${scenario.title}` : null,
            "data-scenario": scenario.id,
            onclick: () => run(scenario, item()),
        });
        buttons.push(start);
        return start;
    }

    function entry(scenario) {
        const start = runButton(scenario, () => item);
        const text = h(
            "div",
            { class: "scenario-text" },
            h("h3", {}, scenario.title),
            h("p", { class: "muted" }, scenario.text),
            h("p", { class: "scenario-code" }, h("code", {}, scenario.code), scenario.fault && badge(scenario.fault)),
        );
        const item = h("li", {}, h("div", { class: "scenario" }, text, start));
        return item;
    }

    function switchCard() {
        const lines = FAULTS.map(({ id, title, text, fault }) => {
            const control = h("input", {
                type: "checkbox",
                role: "switch",
                class: "switch",
                id: `switch-${id}`,
                checked: switches.on.has(id),
                "aria-describedby": `switch-${id}-text`,
                onchange: () => flip(id, control.checked),
            });
            const words = h(
                "div",
                { class: "scenario-text" },
                h("label", { for: control.id, class: "switch-title" }, title),
                h("p", { class: "muted", id: `switch-${id}-text` }, text),
                h("p", { class: "scenario-code" }, badge(fault)),
            );
            return { id, control, item: h("li", {}, h("div", { class: "scenario" }, words, control)) };
        });
        const often = radios("often", "How often", OFTEN, {
            value: switches.often,
            onchange: (value) => setSwitches({ often: value }),
        });
        const which = radios("which", "Which", WHICH, {
            value: switches.which,
            onchange: (value) => setSwitches({ which: value }),
        });
        const stop = followSwitches(() => {
            for (const { id, control } of lines) control.checked = switches.on.has(id);
        });
        signal.addEventListener("abort", stop);
        const tries = h("div", { class: "tries" });
        const calls = TRIES.map((scenario) => runButton(scenario, () => tries, scenario.title));
        fill(tries, h("div", { class: "actions" }, calls));
        return card(
            "Switches",
            h(
                "p",
                { class: "card-text muted" },
                "Turn one on, then make a call, or look around: it stays on, and every page meets it. Several take turns.",
            ),
            tries,
            h(
                "ul",
                { class: "scenarios" },
                lines.map(({ item }) => item),
            ),
            h("div", { class: "switch-scope" }, often.element, which.element),
        );
    }

    const element = h("div", { class: "view" }, head(), columns);
    const groups = GROUPS.map(({ title, scenarios }) =>
        card(title, h("ul", { class: "scenarios" }, scenarios.map(entry))),
    );
    fill(columns, h("div", { class: "column" }, switchCard(), groups), side);
    narrow.addEventListener("change", place);
    signal.addEventListener("abort", () => narrow.removeEventListener("change", place));
    return { title: "Break it", element };
}

function head() {
    return h(
        "div",
        { class: "head" },
        h(
            "div",
            {},
            h("h1", { tabindex: -1 }, "Break it"),
            h("p", { class: "muted" }, "Make the sandbox fail, and watch what the client makes of it."),
        ),
    );
}

function onlyInTheSandbox() {
    const text = "These switches make the sandbox fail. This page works on a real account, which they leave alone.";
    const element = h(
        "div",
        { class: "view" },
        head(),
        h("div", { class: "card" }, empty("bolt", "Not on a real account", text)),
    );
    return { title: "Break it", element };
}

function running(scenario) {
    return h(
        "div",
        { class: "card running" },
        h("span", { class: "spinner", "aria-hidden": "true" }),
        h("p", {}, `${scenario.title} …`),
    );
}
