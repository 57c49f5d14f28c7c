// Agency: the money of all locations of a company, and how far their sync is. It is the example `examples/agency-sync` that knows both;
// the server of this page passes on what is asked.

import { count, day, label, number, shortDay } from "../format.js";
import { announce, badge, button, card, dress, empty, fill, h, notice, radios } from "../ui.js";
import style from "./view.css";

const PERIODS = [
    ["30", "30 days"],
    ["90", "90 days"],
    ["365", "12 months"],
];
const DAY_MS = 86_400_000;
const EVERY_MS = 1000;
/** While a run goes on, sums are read again so often. */
const MONEY_MS = 5000;
const MOST_BARS = 8;
/** So many locations with trouble are named; the page of the example names all. */
const MOST_TROUBLE = 20;

const STATES = {
    running: ["Running", "blue"],
    stalled: ["Stands still", "amber"],
    ended: ["Ended", "green"],
};
const LOCATION_STATES = {
    running: ["at work", "blue"],
    waiting: ["waiting", "grey"],
    done: ["done", "green"],
    failed: ["failed", "red"],
    revoked: ["refused", "amber"],
};

const COMMAND = "cargo xtask example agency";

/** What the example says; an error has its words. */
async function ask(name, { body, signal, ...query } = {}) {
    const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
    const init = body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    const response = await fetch(`agency/api/${name}?${new URLSearchParams(given)}`, { ...init, signal });
    const value = await response.json().catch(() => ({ message: `HTTP ${response.status}` }));
    if (!response.ok) throw Object.assign(new Error(value.message), { code: value.code, run: value.run });
    return value;
}

export function agency({ query: first, signal, go, others, config = {} }) {
    dress(style);
    if (!config.agency) return nothing();
    let query = first;
    let company;
    let run;
    let status;
    let money;
    let removeChart;
    let looking = 0;

    const period = radios("period", "Period", PERIODS, { quiet: true, value: days(), onchange: (value) => move({ days: value }) });
    const currencies = h("div", { class: "currency" });
    const who = h("p", { class: "muted" }, "Asking the example …");
    const problems = h("div", { class: "notices" });
    const tiles = h("dl", { class: "tiles" });
    const chart = h("div", { class: "chart" });
    const chartNote = h("p", { class: "card-text muted chart-note" });
    const locations = h("div", { class: "bars-place" });
    const sources = h("div", { class: "bars-place" });
    const progress = h("div", { class: "agency-progress" });
    const trouble = h("div", {});
    const full = button("Read everything", { onclick: () => begin("full") });
    const fresh = button("Read what is new", { kind: "primary", onclick: () => begin("window") });
    const element = h(
        "div",
        { class: "view" },
        h(
            "div",
            { class: "head" },
            h("div", {}, h("h1", { tabindex: -1 }, "Agency"), who),
            h("div", { class: "actions" }, currencies, period.element),
        ),
        problems,
        tiles,
        h(
            "div",
            { class: "overview" },
            card("Revenue of all locations", chart, chartNote),
            card("Sync", progress, h("div", { class: "agency-actions" }, fresh, full)),
            h("div", { class: "halves" }, card("Revenue by location", locations), card("Revenue by source", sources)),
            trouble,
        ),
    );

    function days() {
        return PERIODS.some(([value]) => value === query.days) ? query.days : "90";
    }

    function move(changes) {
        const kept = Object.entries({ ...query, ...changes }).filter(([, value]) => value);
        go(`#/agency?${new URLSearchParams(kept)}`, { replace: true });
    }

    /** Says what went wrong; gives whether there was something to say. */
    function said(error) {
        if (signal.aborted) return;
        const text = error.code === "no_session" ? "Nobody has installed the app for the agency." : error.message;
        fill(problems, notice("red", "The example did not answer that", text));
    }

    async function begin(mode) {
        for (const each of [full, fresh]) each.disabled = true;
        fill(problems);
        try {
            ({ run } = await ask("start", { body: { mode } }));
            announce(mode === "full" ? "Everything is read again" : "What is new is read");
        } catch (error) {
            // Another run is at work: that is the one to look at.
            if (error.code === "run_active" && error.run) run = error.run;
            else said(error);
        }
        await look();
    }

    async function again(location) {
        try {
            ({ run } = await ask("retry", { body: { run, locations: [location] } }));
            announce(`${location} is tried again`);
        } catch (error) {
            said(error);
        }
        await look();
    }

    /** Asks how far the run is, and once more later while it goes on. */
    async function look() {
        const own = ++looking;
        let summed = Date.now();
        for (;;) {
            try {
                if (run === undefined) {
                    const { company: id, runs } = await ask("runs", { signal });
                    [company, run] = [id, runs[0]?.run];
                }
                status = run && (await ask("status", { run, limit: 1, signal }));
                const bad = status && status.counts.failed + status.counts.revoked > 0;
                const [failed, revoked] = bad
                    ? await Promise.all(["failed", "revoked"].map((state) => ask("status", { run, state, limit: MOST_TROUBLE, signal })))
                    : [];
                if (signal.aborted || own !== looking) return;
                drawStatus([failed, revoked].flatMap((page) => page?.locations ?? []));
            } catch (error) {
                said(error);
                return;
            }
            const goesOn = status && status.state !== "ended";
            if (!goesOn || Date.now() - summed > MONEY_MS) {
                await sum();
                summed = Date.now();
            }
            if (!goesOn || own !== looking || signal.aborted) return;
            await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
            if (own !== looking || signal.aborted) return;
        }
    }

    /** Adds up: by day, by location and by source, of the same time. */
    async function sum() {
        const asked = days();
        const to = new Date(Date.now() + DAY_MS).toISOString().slice(0, 10);
        const from = new Date(Date.now() - (Number(asked) - 1) * DAY_MS).toISOString().slice(0, 10);
        try {
            const answers = await Promise.all(["day", "location", "source"].map((by) => ask("money", { from, to, by, signal })));
            if (signal.aborted || asked !== days()) return;
            const [byDay, byLocation, bySource] = answers.map(({ rows }) => rows);
            money = { from, byDay, byLocation, bySource };
            drawMoney();
        } catch (error) {
            said(error);
        }
    }

    function drawStatus(bad) {
        fill(who, company ? `${company}${status ? `, ${count(total(status.counts), "location", "locations")}` : ""}` : "");
        const goesOn = status !== undefined && status.state !== "ended";
        for (const each of [full, fresh]) each.disabled = goesOn;
        if (status === undefined) {
            fill(progress, h("p", { class: "card-text muted" }, "Nothing was read yet."));
            return;
        }
        const { counts, records, recordsPerSecond, startedAt, endedAt, mode } = status;
        const over = counts.done + counts.failed + counts.revoked;
        const [text, tone] = STATES[status.state];
        const seconds = Math.round(((endedAt ?? Date.now()) - startedAt) / 1000);
        fill(
            progress,
            h("p", {}, badge(text, tone), ` ${mode === "full" ? "everything" : "what is new"}, ${count(seconds, "second", "seconds")}`),
            h("progress", { max: total(counts), value: over, "aria-label": "Locations that have ended" }),
            h(
                "ul",
                { class: "agency-counts" },
                Object.entries(LOCATION_STATES).map(([name, [title, colour]]) => h("li", {}, badge(number(counts[name]), counts[name] > 0 ? colour : "grey"), ` ${title}`)),
            ),
            h("p", { class: "muted" }, `${count(records, "record", "records")}, ${number(Math.round(recordsPerSecond))} a second`),
        );
        fill(trouble, bad.length > 0 && card("What needs somebody", list(bad)));
    }

    function list(bad) {
        return h(
            "ul",
            { class: "agency-trouble" },
            bad.map(({ location, state, reason }) => {
                const [title, tone] = LOCATION_STATES[state];
                return h(
                    "li",
                    {},
                    h("div", {}, h("code", {}, location), " ", badge(title, tone), h("span", { class: "sub" }, reason ?? "")),
                    button("Try again", { "aria-label": `Try again: ${location}`, onclick: () => again(location) }),
                );
            }),
        );
    }

    function drawMoney() {
        const { byDay, byLocation, bySource } = money;
        const codes = tally(byDay);
        const currency = codes.some(({ code }) => code === query.currency) ? query.currency : codes[0]?.code;
        drawCurrencies(codes, currency);
        const of = (rows) => rows.filter((row) => row.currency === currency);
        const all = of(byDay).reduce(added, NONE);
        const { decimals = 2 } = of(byDay)[0] ?? {};
        const written = writer(currency, decimals);
        fill(
            tiles,
            tile("Revenue", written(all.net), all.refunded > 0 ? `${written(all.refunded)} paid back` : "Nothing paid back"),
            tile("Payments", number(all.count), `of ${count(all.records, "attempt", "attempts")}`),
            tile("Average", all.count > 0 ? written(Math.round(all.amount / all.count)) : "–", "before refunds"),
            tile("Locations", number(new Set(of(byLocation).map(({ key }) => key)).size), "with payments in this time"),
        );
        drawChart(of(byDay), written, all);
        fill(locations, bars(of(byLocation), (key) => key ?? "–", written));
        fill(sources, bars(of(bySource), label, written));
    }

    function drawCurrencies(codes, currency) {
        if (codes.length < 2) return fill(currencies);
        const id = "agency-currency";
        const control = h(
            "select",
            { id, onchange: () => move({ currency: control.value }) },
            codes.map(({ code, records }) => h("option", { value: code, selected: code === currency }, `${code} (${number(records)})`)),
        );
        return fill(currencies, h("label", { for: id, class: "visually-hidden" }, "Currency"), control);
    }

    async function drawChart(rows, written, all) {
        const buckets = bucketsOf(Number(days()), money.from, rows);
        const notes = [
            "Succeeded payments of live money, less what was paid back until now.",
            all.unreadable > 0 && `${count(all.unreadable, "payment has", "payments have")} no amount that could be read.`,
        ];
        fill(chartNote, notes.filter(Boolean).join(" "));
        removeChart?.();
        removeChart = undefined;
        if (rows.length === 0) {
            fill(chart, empty("inbox", "No payments in this time", "Let the example read everything, or choose a longer time."));
            return;
        }
        const drawn = money;
        const { chart: load } = await others();
        const { columns } = await load();
        if (signal.aborted || drawn !== money) return;
        const highest = buckets.reduce((best, bucket) => (bucket.sum > best.sum ? bucket : best), buckets[0]);
        const text = `Column chart of the revenue, ${buckets[0].name} to ${buckets.at(-1).name}. Highest: ${written(highest.sum)}, ${highest.name}.`;
        const canvas = h("div", { class: "chart-canvas", role: "img", "aria-label": text });
        fill(chart, canvas);
        removeChart = columns(canvas, {
            buckets,
            format: (value, short) => (short ? written.short(value) : written(value)),
            name: (bucket, short) => (short ? bucket.short : bucket.name),
        });
    }

    signal.addEventListener("abort", () => removeChart?.());
    fill(chart, h("div", { class: "chart-wait" }, h("span", { class: "spinner", "aria-hidden": "true" })));
    look();
    return {
        title: "Agency",
        element,
        update(changed) {
            const same = changed.days === query.days;
            query = changed;
            period.set(days());
            if (same && money) drawMoney();
            else sum();
        },
    };
}

/** The view where no example is behind the page. */
function nothing() {
    const text = "This view shows the money of all locations of an agency, from the tables that a sync on Cloudflare's own engine fills. Start one here, and open the address that it prints:";
    const element = h(
        "div",
        { class: "view" },
        h("div", { class: "head" }, h("h1", { tabindex: -1 }, "Agency")),
        h("div", { class: "card" }, empty("inbox", "No agency is connected", text, h("pre", { class: "agency-command", tabindex: 0 }, COMMAND))),
    );
    return { title: "Agency", element };
}

const NONE = { records: 0, count: 0, amount: 0, refunded: 0, net: 0, unreadable: 0 };

function added(sum, row) {
    return Object.fromEntries(Object.keys(NONE).map((name) => [name, sum[name] + row[name]]));
}

const total = (counts) => Object.values(counts).reduce((sum, value) => sum + value, 0);

/** The currencies of rows, the most frequent first. */
function tally(rows) {
    const records = new Map();
    for (const row of rows) if (row.currency) records.set(row.currency, (records.get(row.currency) ?? 0) + row.records);
    return [...records].map(([code, records]) => ({ code, records })).sort((a, b) => b.records - a.records);
}

/** Writes minor units of a currency; the decimals are those of ISO 4217, as the sums have them. */
function writer(currency, decimals) {
    const format = (more) => {
        try {
            return new Intl.NumberFormat(undefined, { style: "currency", currency, ...more });
        } catch {
            return new Intl.NumberFormat(undefined, more);
        }
    };
    const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
    const [long, short] = [format(digits), format({ notation: "compact", maximumFractionDigits: 1, minimumFractionDigits: 0 })];
    const major = (minor) => minor / 10 ** decimals;
    return Object.assign((minor) => long.format(major(minor)), { short: (minor) => short.format(major(minor)) });
}

/** Days, weeks or months from a day on, oldest first, in UTC as the sums are. */
function bucketsOf(length, from, rows) {
    const step = length > 90 ? 30 : length > 30 ? 7 : 1;
    const start = Date.parse(from);
    const buckets = Array.from({ length: Math.ceil(length / step) }, (_, i) => {
        const at = start + i * step * DAY_MS;
        const date = new Date(at).toISOString().slice(0, 10);
        // Noon is the same day for every visitor but those furthest away.
        const noon = `${date}T12:00:00Z`;
        return { start: at, sum: 0, name: step === 1 ? day(noon) : `${step} days from ${day(noon)}`, short: shortDay(noon) };
    });
    for (const { key, net } of rows) {
        const bucket = buckets[Math.min(buckets.length - 1, Math.floor((Date.parse(key) - start) / (step * DAY_MS)))];
        if (bucket) bucket.sum += net;
    }
    return buckets;
}

function tile(name, value, more) {
    return h("div", { class: "tile card" }, h("dt", {}, name), h("dd", { class: "tile-value" }, value), h("dd", { class: "sub" }, more));
}

/** Rows as bars, the largest first; what is left over is summed up. */
function bars(rows, named, written) {
    const sorted = rows.filter(({ net }) => net > 0).sort((a, b) => b.net - a.net);
    if (sorted.length === 0) return empty("inbox", "Nothing in this time");
    const shown = sorted.slice(0, MOST_BARS - (sorted.length > MOST_BARS ? 1 : 0)).map(({ key, net }) => [named(key), net]);
    const rest = sorted.slice(shown.length);
    if (rest.length > 0) shown.push([`${rest.length} others`, rest.reduce((sum, { net }) => sum + net, 0)]);
    const most = Math.max(...shown.map(([, value]) => value));
    return h(
        "dl",
        { class: "bars" },
        shown.map(([name, value]) => {
            const bar = h("span", { class: "bar accent", "aria-hidden": "true" });
            bar.style.width = `${Math.max(1, (100 * value) / most)}%`;
            return h("div", { class: "bar-line" }, h("dt", {}, name), h("dd", {}, written(value)), h("dd", { class: "bar-track" }, bar));
        }),
    );
}
