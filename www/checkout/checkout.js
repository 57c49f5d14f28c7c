// Checkout: the life of a payment of a custom provider, both sides of it, from the frame to the refund.

import { HighLevelFrame } from "ghl-payments/sandbox";
import { day, money } from "../format.js";
import { announce, badge, button, card, dress, empty, facts, fill, h, notice, radios } from "../ui.js";
import style from "./view.css";
import { connect } from "./highlevel.js";
import { sequence } from "./sequence.js";

const MONTH_MS = 31 * 86_400_000;
/** How often a sandbox behind HTTP is asked for news: its provider pushes when it wants. */
const NEWS_MS = 1000;
/** How many unpaid orders there are to choose from. */
const CHOICES = 12;

const KINDS = [
    ["order", "An order"],
    ["subscription", "A subscription"],
    ["setup", "A card on file"],
];

const STATES = {
    open: ["Waiting for the page", "grey"],
    ready: ["Page is ready", "blue"],
    verifying: ["Asking the server", "amber"],
    succeeded: ["Succeeded", "green"],
    pending: ["Pending", "amber"],
    failed: ["Failed", "red"],
    closed: ["Closed", "grey"],
};

export function checkout({ query, signal, account, config = {} }) {
    dress(style);
    const provider = { sandbox: query.sandbox ?? config.checkout?.sandbox, given: account.inPage };
    const log = sequence();
    const left = h("div", { class: "column" });
    const where = h("p", { class: "muted" }, "Starting a sandbox and a gateway …");
    const element = h(
        "div",
        { class: "view" },
        h(
            "div",
            { class: "head" },
            h("div", {}, h("h1", { tabindex: -1 }, "Checkout"), where),
        ),
        h("div", { class: "checkout-columns" }, left, h("div", { class: "column column-sequence" }, log.element)),
    );
    const start = desk({ left, log, signal });
    connect(provider)
        .then((side) => {
            if (signal.aborted) return undefined;
            where.textContent = side.where;
            return start(side);
        })
        .catch((error) => {
            if (!signal.aborted) fill(left, notice("red", "The checkout cannot start", error.message));
        });
    return { title: "Checkout", element };
}

/**
 * The controls: what is paid, the frame, and what can be done with it afterwards. They are there at once, so that nothing moves; they
 * work when the function that this gives was told who plays HighLevel.
 */
function desk({ left, log, signal }) {
    let side;
    let highlevel;
    let known = 0;
    let frame;
    let busy = false;

    const stage = h("div", { class: "checkout-stage" });
    const after = h("div", { class: "column" });
    const choice = h("div", {});
    const start = button("Open checkout", { kind: "primary", disabled: true, onclick: () => act(open) });
    const kind = radios("kind", "What", KINDS, { value: "order", onchange: draw, quiet: true });
    const what = card("What is paid", h("div", { class: "checkout-form" }, kind.element, choice, h("div", { class: "actions" }, start)));

    /** What was said since the last time. */
    async function news() {
        const entries = await highlevel.timeline({ after: known });
        known = entries.at(-1)?.number ?? known;
        if (!signal.aborted) log.add(entries);
    }

    /** One thing after the other; what goes wrong is said where it was asked for. */
    async function act(run, ...words) {
        if (busy) return;
        busy = true;
        try {
            await run(...words);
        } catch (error) {
            fill(after, notice("red", "That did not work", error.message));
        } finally {
            busy = false;
            await news().catch(() => {});
        }
    }

    async function account() {
        return (await highlevel.state()).locations[0];
    }

    /** Whether it comes true; a provider in another process hears of the clock a moment later. */
    async function eventually(ask) {
        for (let tries = side.remote ? 10 : 1; tries > 0; tries -= 1) {
            if (await ask()) return true;
            if (tries > 1 && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, NEWS_MS / 2));
        }
        return false;
    }

    const select = (label, name, options) =>
        h("div", { class: "field" }, h("label", { for: name }, label), h("select", { id: name, name }, options));

    async function draw() {
        if (highlevel === undefined) return;
        const { orders } = await account();
        const unpaid = orders.filter(({ paymentStatus, amount }) => paymentStatus === "unpaid" && amount > 0).slice(0, CHOICES);
        const contacts = [...new Map(orders.map((order) => [order.contactId, order.contactName])).entries()].slice(0, CHOICES);
        if (kind.value() === "order") {
            const options = unpaid.map(({ _id, contactName, amount, currency, createdAt }) =>
                h("option", { value: _id }, `${money(amount, currency)} · ${contactName} · ${day(createdAt)}`),
            );
            start.disabled = options.length === 0;
            fill(choice, options.length > 0 ? select("Unpaid order", "order", options) : h("p", { class: "muted" }, "Every order is paid."));
        } else {
            start.disabled = contacts.length === 0;
            fill(choice, select("Contact", "contact", contacts.map(([id, name]) => h("option", { value: id }, name))));
        }
    }

    function optionsOf() {
        const of = (name) => choice.querySelector(`#${name}`)?.value;
        if (kind.value() === "order") return { orderId: of("order") };
        if (kind.value() === "setup") return { setup: true, contactId: of("contact") };
        return { subscription: {}, contactId: of("contact") };
    }

    /** HighLevel opens the payment page. */
    async function open() {
        await frame?.close();
        fill(after);
        const options = optionsOf();
        const session = await highlevel.checkout(options);
        const state = h("span", {}, badge(...STATES.open));
        const place = h("div", {});
        const leave = button("Close the window", { onclick: () => own.close() });
        const actions = h("div", { class: "actions" }, leave);
        const title = h("h2", { class: "card-title", id: "frame-title" }, "HighLevel’s checkout");
        const shown = h("section", { class: "card checkout-frame", "aria-labelledby": "frame-title" }, h("div", { class: "checkout-head" }, title, state), place, actions);
        fill(stage, shown);
        const own = new HighLevelFrame({
            session,
            container: place,
            title: "Payment page of the provider",
            onPosted: () => void news().catch(() => {}),
            onStep: (step) => {
                fill(state, badge(...STATES[step.state]));
                void news().catch(() => {});
            },
        });
        frame = own;
        signal.addEventListener("abort", () => own.close(), { once: true });
        own.done.then(
            (end) => act(settle, { session, end, options, place, actions, state }),
            (error) => fill(place, notice("red", "The sandbox is out of reach", error.message)),
        );
        shown.scrollIntoView({ block: "nearest" });
    }

    /** The frame is gone. */
    async function settle({ session, end, options, place, actions, state }) {
        if (signal.aborted) return;
        fill(state, badge(...STATES[end]));
        actions.remove();
        const { orders } = await account();
        const order = orders.find(({ _id }) => _id === session.orderId);
        const tone = { succeeded: "green", pending: "amber", failed: "red" }[end] ?? "grey";
        const said = {
            succeeded: session.kind === "setup" ? "The card is saved" : "Paid, and verified by the server",
            pending: "The money is on its way",
            failed: "Not paid",
            closed: "The payer has left",
        }[end];
        const details = facts([
            ["Order", order && h("code", {}, order._id)],
            ["Transaction", session.transactionId && h("code", {}, session.transactionId)],
            ["Subscription", session.subscriptionId && h("code", {}, session.subscriptionId)],
            ["Amount", order && money(order.amount, order.currency)],
            ["Order is", order?.paymentStatus],
        ]);
        fill(place, notice(tone, said), details);
        announce(said);
        await draw();
        if (end === "succeeded" && session.kind === "setup") fill(after, cardOnFile(options.contactId));
        else if (end === "succeeded" && session.subscriptionId) fill(after, subscription(session), refunds(session, order));
        else if (end === "succeeded") fill(after, refunds(session, order));
        else if (end === "pending") fill(after, later(session, { session, options, place, actions, state }));
    }

    /** A payment that a gateway could not decide at once. */
    function later(session, around) {
        const arrive = button("The money arrives", {
            kind: "primary",
            onclick: () =>
                act(async () => {
                    await (side.settle ? side.settle(session.transactionId) : side.pass(120_000));
                    const isThere = async () => {
                        const { transactions } = await account();
                        return transactions.find(({ _id }) => _id === session.transactionId).status === "succeeded";
                    };
                    if (await eventually(isThere)) await settle({ ...around, end: "succeeded" });
                }),
        });
        const text = "The server said neither yes nor no. When the money is there it pushes payment.captured.";
        return card("Later", h("div", { class: "checkout-form" }, h("p", { class: "muted" }, text), h("div", { class: "actions" }, arrive)));
    }

    function refunds(session, order) {
        const { amount: total, currency } = order;
        let paidBack = 0;
        const input = h("input", { id: "refund", type: "number", step: "any", min: 0.01, value: Math.round(total * 50) / 100 });
        const result = h("div", { "aria-live": "polite" });
        const bar = h("progress", { max: total, value: 0, "aria-label": "Paid back" });
        const line = h("p", { class: "sub" });
        const words = () => (line.textContent = `${money(paidBack, currency)} of ${money(total, currency)} paid back`);
        words();
        const refund = button("Refund", { kind: "primary", onclick: () => ask(Number(input.value), false) });
        const ask = (amount, evenTooMuch) =>
            act(async () => {
                const found = await highlevel.refund({ transactionId: session.transactionId, amount, evenTooMuch });
                paidBack = found.amountRefunded;
                bar.value = paidBack;
                words();
                const left = Math.round((total - paidBack) * 100) / 100;
                if (left > 0) input.value = left;
                refund.disabled = left <= 0;
                const title = found.success ? "Refunded" : "Refused";
                fill(result, notice(found.success ? "green" : "red", title, found.message || null));
                announce(`${title}. ${line.textContent}`);
            });
        return card(
            "Refund",
            h(
                "div",
                { class: "checkout-form" },
                h("div", {}, bar, line),
                h(
                    "div",
                    { class: "row" },
                    h("div", { class: "field" }, h("label", { for: "refund" }, `Amount in ${currency.toUpperCase()}`), input),
                    refund,
                ),
                h("div", { class: "actions" }, button("Ask for more than is left", { onclick: () => ask(total, true) })),
                result,
            ),
        );
    }

    function subscription(session) {
        const status = h("span", {}, badge("active", "green"));
        const charged = h("strong", {}, "1");
        const cancel = button("Cancel subscription", { onclick: () => act(end) });
        const month = button("Let a month pass", { kind: "primary", onclick: () => act(pass) });

        async function look() {
            const { subscriptions, transactions } = await account();
            const { status: now, subscriptionId } = subscriptions.find(({ _id }) => _id === session.subscriptionId);
            // Transactions name the provider's own id.
            const paid = transactions.filter((it) => it.subscriptionId === subscriptionId && it.status === "succeeded");
            fill(status, badge(now, now === "active" ? "green" : "grey"));
            charged.textContent = String(paid.length);
            announce(`Subscription ${now}, charged ${charged.textContent} times`);
        }
        async function pass() {
            const before = charged.textContent;
            await side.pass(MONTH_MS);
            await eventually(async () => {
                await look();
                return charged.textContent !== before;
            });
        }
        async function end() {
            await highlevel.cancelSubscription({ subscriptionId: session.subscriptionId });
            cancel.disabled = true;
            await look();
        }
        return card(
            "Subscription",
            facts([["State", status], ["Payments", charged]]),
            h("div", { class: "checkout-form" }, h("div", { class: "actions" }, month, cancel)),
        );
    }

    function cardOnFile(contactId) {
        const list = h("ul", { class: "plain" });
        const result = h("div", { "aria-live": "polite" });
        const charge = button("Charge $25.00", { kind: "primary", onclick: () => act(take) });
        let methods = [];

        async function look() {
            ({ methods } = await highlevel.listPaymentMethods({ contactId }));
            fill(list, methods.map(({ title, subTitle, expiry }) => h("li", {}, `${title} ${subTitle ?? ""} · ${expiry ?? ""}`)));
            charge.disabled = methods.length === 0;
            await news();
        }
        async function take() {
            const found = await highlevel.charge({ contactId, paymentMethodId: methods[0].id, amount: 25, currency: "USD" });
            fill(result, notice(found.success ? "green" : "red", found.success ? "Charged" : "Refused", found.message || null));
        }
        void look().catch(() => {});
        return card("Saved cards", h("div", { class: "checkout-form" }, list, h("div", { class: "actions" }, charge), result));
    }

    fill(choice, select("Unpaid order", "loading", h("option", {}, "…")));
    fill(left, what, stage, after);
    fill(stage, h("div", { class: "card" }, empty("key", "No checkout is open", "HighLevel embeds the provider’s page here.")));
    return async (found) => {
        side = found;
        ({ highlevel } = found);
        await draw();
        await news();
        if (side.remote) {
            const timer = setInterval(() => void news().catch(() => {}), NEWS_MS);
            signal.addEventListener("abort", () => clearInterval(timer));
        }
    };
}
