// Overview: what came in, from where, how it went, and how much of the rate limit is left.

import { logged, payments, wasLeft } from "../account.js";
import { follow, rateLimit } from "../calls.js";
import { errorCard } from "../errors.js";
import { count, dateTime, day, label, money, number, percent, rounded, shortDay, shortMoney } from "../format.js";
import { announce, bone, button, card, empty, fill, h, radios, statusBadge } from "../ui.js";
import { methodOf } from "./method.js";

const PERIODS = [
    ["30", "30 days"],
    ["90", "90 days"],
    ["365", "12 months"],
];
const DEFAULT_PERIOD = "90";
const DAY_MS = 86_400_000;
/** More would take longer than anybody waits, and a good part of the rate limit. */
const MOST = 2000;
const LATEST = 7;
const MOST_BARS = 8;

export function overview({ query: first, signal, go }) {
    let query = first;
    let reading;
    const period = radios("period", "Period", PERIODS, { quiet: true, onchange: (days) => move({ days }) });
    const currencies = h("div", { class: "currency" });
    const tiles = h("dl", { class: "tiles" });
    const chart = h("div", { class: "chart" });
    const chartNote = h("p", { class: "card-text muted chart-note" });
    const statuses = h("div", { class: "bars-place" });
    const sources = h("div", { class: "bars-place" });
    const latest = h("div", { class: "latest-place" });
    const problems = h("div", { class: "notices" });
    const content = h(
        "div",
        {},
        tiles,
        h(
            "div",
            { class: "overview" },
            card("Revenue over time", chart, chartNote),
            gaugeCard(signal),
            h("div", { class: "halves" }, card("Payments by status", statuses), card("Revenue by source", sources)),
            card("Latest activity", latest),
        ),
    );
    const element = h(
        "div",
        { class: "view" },
        h(
            "div",
            { class: "head" },
            h(
                "div",
                {},
                h("h1", { tabindex: -1 }, "Overview"),
                h("p", { class: "muted" }, "What came in, in the account's currency."),
            ),
            h("div", { class: "actions" }, currencies, period.element),
        ),
        problems,
        content,
    );
    let removeChart;

    function move(changes) {
        const kept = Object.entries({ ...query, ...changes }).filter(([, value]) => value);
        go(`#/overview?${new URLSearchParams(kept)}`, { replace: true });
    }

    const days = () => Number(PERIODS.find(([value]) => value === query.days)?.[0] ?? DEFAULT_PERIOD);

    function skeleton() {
        fill(
            tiles,
            ["Revenue", "Payments", "Average", "Failed"].map((name) => tile(name, bone("medium"), bone("short"))),
        );
        for (const place of [statuses, sources, latest])
            fill(
                place,
                h(
                    "div",
                    { class: "bones" },
                    Array.from({ length: 5 }, () => bone("long")),
                ),
            );
        fill(chart, h("div", { class: "chart-wait" }, h("span", { class: "spinner", "aria-hidden": "true" })));
        fill(chartNote, "Reading the payments …");
    }

    async function show() {
        reading?.abort();
        const own = new AbortController();
        reading = own;
        period.set(String(days()));
        content.setAttribute("aria-busy", "true");
        fill(problems);
        const startAt = new Date(Date.now() - days() * DAY_MS).toISOString().slice(0, 10);
        const found = [];
        let total = 0;
        try {
            const list = payments.transactions.list({ startAt, limit: 100 }, { signal: own.signal });
            let page = await logged(list);
            for (;;) {
                found.push(...page.data);
                total = page.totalCount;
                if (!page.hasNextPage() || found.length >= MOST) break;
                fill(chartNote, `Reading the payments: ${number(found.length)} of ${number(total)} …`);
                page = await logged(page.getNextPage());
            }
        } catch (error) {
            if (wasLeft(error, own.signal)) return;
            content.hidden = true;
            fill(problems, errorCard(error, button("Try again", { kind: "primary", onclick: show })));
            announce("The payments could not be read");
            return;
        } finally {
            if (reading === own) content.removeAttribute("aria-busy");
        }
        if (own.signal.aborted) return;
        content.hidden = false;
        draw({ found, total });
    }

    let known;

    function draw(read) {
        known = read;
        const { found, total } = read;
        const counted = tally(found.map(({ currency }) => String(currency ?? "").toUpperCase()));
        const currency = counted.some(([code]) => code === query.currency) ? query.currency : counted[0]?.[0];
        const live = found.filter(({ liveMode }) => liveMode !== false);
        const own = live.filter((transaction) => String(transaction.currency ?? "").toUpperCase() === currency);
        drawCurrencies(counted, currency);
        drawTiles(own, currency);
        drawChart(own, currency, { found, total });
        fill(
            statuses,
            bars(tally(own.map(({ status }) => status)), (value) => number(value), toneOf),
        );
        fill(
            sources,
            bars(sums(own), (value) => money(value, currency)),
        );
        fill(latest, latestList(found.slice(0, LATEST)));
        announce(`Overview of ${PERIODS.find(([value]) => Number(value) === days())[1]}`);
    }

    function drawCurrencies(counted, currency) {
        if (counted.length < 2) {
            fill(currencies);
            return;
        }
        const id = "overview-currency";
        const control = h(
            "select",
            { id, onchange: () => move({ currency: control.value }) },
            counted.map(([code, times]) =>
                h("option", { value: code, selected: code === currency }, `${code} (${number(times)})`),
            ),
        );
        fill(currencies, h("label", { for: id, class: "visually-hidden" }, "Currency"), control);
    }

    function drawTiles(own, currency) {
        const paid = own.filter((transaction) => received(transaction) > 0);
        const sum = rounded(
            paid.reduce((all, transaction) => all + received(transaction), 0),
            currency,
        );
        const back = rounded(
            own.reduce((all, { amountRefunded }) => all + (amountRefunded ?? 0), 0),
            currency,
        );
        const failed = own.filter(({ status }) => status === "failed").length;
        const average = paid.length > 0 ? rounded(sum / paid.length, currency) : undefined;
        const highest = Math.max(0, ...paid.map(received));
        fill(
            tiles,
            tile(
                "Revenue",
                currency ? money(sum, currency) : number(sum),
                back > 0 ? `${money(back, currency)} paid back` : "Nothing paid back",
            ),
            tile("Payments", number(paid.length), `of ${count(own.length, "attempt", "attempts")}`),
            tile(
                "Average",
                money(average, currency),
                paid.length > 0 ? `the highest ${money(highest, currency)}` : "no payments",
            ),
            tile(
                "Failed",
                own.length > 0 ? percent((100 * failed) / own.length) : "–",
                count(failed, "attempt", "attempts"),
            ),
        );
    }

    async function drawChart(own, currency, { found, total }) {
        const buckets = bucketsOf(days(), own);
        const others = found.length - own.length;
        const notes = [
            found.length < total && `The latest ${number(found.length)} of ${number(total)}.`,
            others > 0 && `${count(others, "payment", "payments")} in other currencies or in test mode left out.`,
        ];
        fill(chartNote, notes.filter(Boolean).join(" ") || "Succeeded payments, less what was paid back.");
        removeChart?.();
        removeChart = undefined;
        if (buckets.every(({ sum }) => sum === 0)) {
            fill(
                chart,
                empty("inbox", "No revenue in this period", "Choose a longer one, or record a payment on an order."),
            );
            return;
        }
        let columns;
        try {
            ({ columns } = await import("../chart.js"));
        } catch {
            fill(
                chart,
                empty("inbox", "The chart could not be loaded", "Its numbers are below."),
                dataTable(buckets, currency),
            );
            return;
        }
        if (signal.aborted || known.found !== found) return;
        const drawing = h("div", { class: "chart-canvas", role: "img", "aria-label": chartText(buckets, currency) });
        fill(chart, drawing, dataTable(buckets, currency));
        removeChart = columns(drawing, {
            buckets,
            format: (value, short) => (short ? shortMoney(value, currency) : money(value, currency)),
            name: (bucket, short) => (short ? bucket.short : bucket.name),
        });
    }

    signal.addEventListener("abort", () => {
        reading?.abort();
        removeChart?.();
    });
    skeleton();
    show();
    return {
        title: "Overview",
        element,
        update(changed) {
            const sameDays = changed.days === query.days;
            query = changed;
            if (sameDays && known) draw(known);
            else show();
        },
    };
}

/** What stayed of a payment. */
function received({ status, amount, amountRefunded }) {
    if (status === "refunded") return Math.max(0, (amount ?? 0) - (amountRefunded ?? amount ?? 0));
    return status === "succeeded" ? (amount ?? 0) - (amountRefunded ?? 0) : 0;
}

/** How often each value occurs, the most frequent first. */
function tally(values) {
    const counted = new Map();
    for (const value of values) counted.set(value, (counted.get(value) ?? 0) + 1);
    return [...counted].sort((a, b) => b[1] - a[1]);
}

function sums(transactions) {
    const summed = new Map();
    for (const transaction of transactions) {
        const source = transaction.entitySourceType;
        summed.set(source, (summed.get(source) ?? 0) + received(transaction));
    }
    return [...summed].filter(([, sum]) => sum > 0).sort((a, b) => b[1] - a[1]);
}

/** Days, weeks or calendar months up to now, oldest first, in the visitor's time zone. */
function bucketsOf(length, transactions) {
    const buckets = [];
    const today = new Date();
    today.setHours(0, 0, 0, 0);
    if (length > 90) {
        for (let back = 11; back >= 0; back -= 1) {
            const start = new Date(today.getFullYear(), today.getMonth() - back, 1);
            buckets.push({ start, ...monthName(start) });
        }
    } else {
        const step = length > 30 ? 7 : 1;
        const parts = Math.ceil(length / step);
        for (let back = parts - 1; back >= 0; back -= 1) {
            const start = new Date(today);
            start.setDate(start.getDate() - back * step - (step - 1));
            const name = step === 1 ? day(start) : `week from ${day(start)}`;
            buckets.push({ start, name, short: shortDay(start) });
        }
    }
    for (const bucket of buckets) bucket.sum = 0;
    for (const transaction of transactions) {
        const at = new Date(transaction.createdAt);
        const bucket = buckets.findLast(({ start }) => start <= at);
        if (bucket) bucket.sum += received(transaction);
    }
    return buckets;
}

function monthName(start) {
    const name = new Intl.DateTimeFormat(undefined, { month: "long", year: "numeric" }).format(start);
    return { name, short: new Intl.DateTimeFormat(undefined, { month: "short" }).format(start) };
}

function chartText(buckets, currency) {
    const highest = buckets.reduce((best, bucket) => (bucket.sum > best.sum ? bucket : best), buckets[0]);
    return `Column chart of the revenue, ${buckets[0].name} to ${buckets.at(-1).name}. Highest: ${money(highest.sum, currency)}, ${highest.name}. A table follows.`;
}

/** The chart for those who cannot see it. */
function dataTable(buckets, currency) {
    // In a box of its own: the caption of a table is not clipped with it.
    return h("div", { class: "visually-hidden" }, revenueTable(buckets, currency));
}

function revenueTable(buckets, currency) {
    return h(
        "table",
        {},
        h("caption", {}, "Revenue over time"),
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Period"), h("th", { scope: "col" }, "Revenue"))),
        h(
            "tbody",
            {},
            buckets.map(({ name, sum }) =>
                h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, money(rounded(sum, currency), currency))),
            ),
        ),
    );
}

function tile(name, value, more) {
    return h(
        "div",
        { class: "tile card" },
        h("dt", {}, name),
        h("dd", { class: "tile-value" }, value),
        h("dd", { class: "sub" }, more),
    );
}

const toneOf = (status) =>
    ({ succeeded: "green", refunded: "blue", pending: "amber", failed: "red" })[status] ?? "accent";

/** Values as bars, each with its name and number; what is left over is summed up. */
function bars(entries, format, tone = () => "accent") {
    if (entries.length === 0) return empty("inbox", "Nothing in this period");
    const shown = entries.slice(0, MOST_BARS - (entries.length > MOST_BARS ? 1 : 0));
    const rest = entries.slice(shown.length);
    const all = rest.length > 0 ? [...shown, ["other", rest.reduce((sum, [, value]) => sum + value, 0)]] : shown;
    const most = Math.max(...all.map(([, value]) => value));
    return h(
        "dl",
        { class: "bars" },
        all.map(([name, value]) => {
            const bar = h("span", { class: `bar ${tone(name)}`, "aria-hidden": "true" });
            bar.style.width = `${Math.max(1, (100 * value) / most)}%`;
            return h(
                "div",
                { class: "bar-line" },
                h("dt", {}, label(name)),
                h("dd", {}, format(value)),
                h("dd", { class: "bar-track" }, bar),
            );
        }),
    );
}

function latestList(transactions) {
    if (transactions.length === 0) return empty("inbox", "No payments in this period");
    return h(
        "ul",
        { class: "latest" },
        transactions.map((transaction) =>
            h(
                "li",
                {},
                h(
                    "div",
                    { class: "latest-who" },
                    h(
                        "a",
                        { class: "row-link", href: `#/transactions/${transaction._id}` },
                        transaction.contactName || transaction._id,
                    ),
                    h("span", { class: "sub" }, `${methodOf(transaction)} · ${dateTime(transaction.createdAt)}`),
                ),
                h(
                    "div",
                    { class: "latest-what" },
                    h("strong", {}, money(transaction.amount, transaction.currency)),
                    statusBadge(transaction.status, label),
                ),
            ),
        ),
    );
}

const GAUGE_LENGTH = 151;

/** How many requests the server would still take; full again when its interval is over. */
function gaugeCard(signal) {
    const SVG = "http://www.w3.org/2000/svg";
    const arc = (kind) => {
        const path = document.createElementNS(SVG, "path");
        path.setAttribute("d", "M12 60a48 48 0 0 1 96 0");
        path.setAttribute("class", kind);
        path.setAttribute("pathLength", String(GAUGE_LENGTH));
        return path;
    };
    const filled = arc("gauge-fill");
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "0 0 120 68");
    svg.setAttribute("aria-hidden", "true");
    svg.append(arc("gauge-track"), filled);
    const value = h("span", { class: "gauge-value" }, "–");
    const text = h("p", { class: "muted" }, "Not known yet");
    const today = h("p", { class: "sub" }, "\u00a0");
    const meter = h(
        "div",
        { class: "gauge", role: "meter", "aria-label": "Requests left", "aria-valuemin": 0 },
        svg,
        value,
    );
    let timer;

    function draw() {
        clearTimeout(timer);
        if (!rateLimit) return;
        const { limit, intervalMs, at, dailyRemaining, dailyLimit } = rateLimit;
        const wait = at + intervalMs - Date.now();
        const remaining = wait > 0 ? rateLimit.remaining : limit;
        fill(value, number(remaining));
        fill(text, `of ${count(limit, "request", "requests")} left in ${number(intervalMs / 1000)} s`);
        fill(today, `${number(dailyRemaining)} of ${number(dailyLimit)} left today`);
        filled.setAttribute("stroke-dasharray", `${(GAUGE_LENGTH * remaining) / limit} ${GAUGE_LENGTH}`);
        filled.setAttribute("class", `gauge-fill${remaining < limit / 5 ? " gauge-low" : ""}`);
        meter.setAttribute("aria-valuemax", String(limit));
        meter.setAttribute("aria-valuenow", String(remaining));
        if (wait > 0) timer = setTimeout(draw, wait);
    }

    const stop = follow(draw);
    signal.addEventListener("abort", () => {
        stop();
        clearTimeout(timer);
    });
    filled.setAttribute("stroke-dasharray", `0 ${GAUGE_LENGTH}`);
    meter.setAttribute("aria-valuenow", "0");
    draw();
    return card("Rate limit", h("div", { class: "gauge-place" }, meter, text, today));
}
