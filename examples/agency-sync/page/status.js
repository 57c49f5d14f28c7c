// The page: asks every second how far the run is, and shows it. Who may see it the Worker decides.

const STATES = ["running", "waiting", "done", "failed", "revoked"];
const LABELS = { running: "at work", waiting: "waiting", done: "done", failed: "failed", revoked: "refused" };
const MODES = { full: "everything", window: "what is new" };
const RUN_LABELS = { running: "running", stalled: "stands still", ended: "ended" };
const EVERY_MS = 1000;
const PAGE = 50;
const MONEY_DAYS = 30;
const DAY_MS = 86_400_000;

const element = (id) => document.getElementById(id);
const count = new Intl.NumberFormat("en");

/** What is looked at: the run, which of its locations, and behind which id the page begins. */
const view = { run: location.hash.slice(1), state: undefined, after: undefined };
/** The last answer, for whom it was, and when it was there. */
let shown;

class Refused extends Error {
    constructor(status, { code, message, issues = [], run }) {
        super([message, ...issues.map(({ path, message }) => `${path} ${message}`)].join("; "));
        Object.assign(this, { status, code, run });
    }
}

async function ask(name, { body, ...query } = {}) {
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    const init = body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    const response = await fetch(`/api/${name}?${new URLSearchParams(given)}`, init);
    const value = await response.json();
    if (!response.ok) throw new Refused(response.status, value);
    return value;
}

function make(name, content, className = "") {
    const node = document.createElement(name);
    node.append(content ?? "");
    node.className = className;
    return node;
}

/** Puts rows in place of others without losing the focus of a button. */
function replace(parent, nodes) {
    const key = document.activeElement?.dataset?.key;
    parent.replaceChildren(...nodes);
    if (key) parent.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
}

function say(text) {
    element("notice").textContent = text;
}

/** Does what a button stands for, once, and looks at the run that comes of it. */
async function act(button, name, body) {
    button.disabled = true;
    say("");
    try {
        const { run } = await ask(name, { body });
        look(run);
    } catch (error) {
        // Another one is at work: that is the one to look at.
        if (error.code === "run_active" && error.run) look(error.run);
        say(error.message);
    } finally {
        button.disabled = false;
    }
    await refresh();
}

function look(run) {
    if (run !== view.run) Object.assign(view, { run, state: undefined, after: undefined });
    history.replaceState(null, "", `#${run}`);
}

function ago(ms) {
    const seconds = Math.round(ms / 1000);
    if (seconds < 100) return `${seconds} s`;
    if (seconds < 6000) return `${Math.round(seconds / 60)} min`;
    return `${Math.round(seconds / 3600)} h`;
}

/** How much of a list was read, from 0 to 1; HighLevel says how much there is only with its first page. */
function part({ done, records, total }) {
    if (done) return 1;
    return total > 0 ? Math.min(records / total, 1) : 0;
}

/** How far the lists of a location are. */
function lists(entry) {
    const { location, state, streams } = entry;
    const all = Object.entries(streams);
    const cell = make("td", "", "lists");
    if (all.length === 0) return cell;
    const progress = document.createElement("progress");
    progress.max = all.length;
    progress.value = all.reduce((sum, [, stream]) => sum + part(stream), 0);
    progress.setAttribute("aria-label", `Progress of ${location}`);
    const texts = all.map(([name, { done, records, deleted }]) => {
        const gone = deleted > 0 ? `, ${count.format(deleted)} deleted` : "";
        return make("span", `${name} ${count.format(records)}${gone}${done ? " ✓" : ""}`);
    });
    if (state !== "done") cell.append(progress);
    cell.append(...texts);
    return cell;
}

function row(entry, now) {
    const tr = document.createElement("tr");
    const state = make("td", make("span", LABELS[entry.state], `state ${entry.state}`));
    if (entry.due > now) state.append(` again in ${ago(entry.due - now)}`);
    const again = document.createElement("td");
    if (entry.state === "failed" || entry.state === "revoked") {
        const button = make("button", "Retry");
        button.dataset.key = entry.location;
        button.setAttribute("aria-label", `Retry ${entry.location}`);
        button.onclick = () => act(button, "retry", { run: view.run, locations: [entry.location] });
        again.append(button);
    }
    tr.append(
        make("td", make("code", entry.location)),
        state,
        lists(entry),
        make("td", count.format(entry.records), "number"),
        make("td", entry.reason ?? "", "why"),
        make("td", entry.heard > 0 ? `${ago(Math.max(0, now - entry.heard))} ago` : "", "heard"),
        again,
    );
    return tr;
}

function filters(counts) {
    return [undefined, ...STATES].map((state) => {
        const number = state === undefined ? Object.values(counts).reduce((sum, value) => sum + value, 0) : counts[state];
        const button = make("button", `${state === undefined ? "all" : LABELS[state]} ${count.format(number)}`);
        button.dataset.key = `filter ${state}`;
        button.setAttribute("aria-pressed", `${view.state === state}`);
        button.onclick = () => {
            Object.assign(view, { state, after: undefined });
            return refresh();
        };
        return button;
    });
}

function show(status) {
    const { state, canceled, mode, counts, records, recordsPerSecond, startedAt, endedAt, locations, next } = status;
    const now = Date.now();
    const all = Object.values(counts).reduce((sum, value) => sum + value, 0);
    element("run").hidden = false;
    element("state").textContent = state === "ended" && canceled ? "canceled" : RUN_LABELS[state];
    element("state").className = `state ${state}`;
    element("about").textContent = `${MODES[mode]} of ${status.streams.join(", ")}, since ${new Date(startedAt).toLocaleString("en")}`;
    element("records").textContent = count.format(records);
    element("pace").textContent = count.format(Math.round(recordsPerSecond));
    element("time").textContent = ago((endedAt ?? now) - startedAt);
    const over = counts.done + counts.failed + counts.revoked;
    element("count").textContent = `${count.format(over)} of ${count.format(all)}`;
    const bar = ["done", "failed", "revoked", "running", "waiting"].filter((name) => counts[name] > 0);
    element("bar").replaceChildren(
        ...bar.map((name) => {
            const part = make("i", "", name);
            part.style.flex = `${counts[name]} 1 0`;
            return part;
        }),
    );
    element("bar").setAttribute("aria-label", bar.map((name) => `${counts[name]} ${LABELS[name]}`).join(", "));
    element("retry").hidden = counts.failed + counts.revoked === 0;
    element("resume").hidden = state === "ended";
    element("cancel").hidden = state === "ended";
    replace(element("filters"), filters(counts));
    replace(element("locations"), locations.map((entry) => row(entry, now)));
    element("first").hidden = view.after === undefined;
    element("more").hidden = next === undefined;
    shown = { run: view.run, next };
}

function money(minor, currency) {
    const format = new Intl.NumberFormat("en", { style: "currency", currency });
    return format.format(minor / 10 ** format.resolvedOptions().maximumFractionDigits);
}

async function showMoney() {
    const to = Math.ceil(Date.now() / DAY_MS) * DAY_MS;
    const day = (at) => new Date(at).toISOString().slice(0, 10);
    const { rows } = await ask("money", { from: day(to - MONEY_DAYS * DAY_MS), to: day(to), by: "currency" });
    const cells = rows.filter(({ currency }) => currency !== null).map((entry) => {
        const tr = document.createElement("tr");
        tr.append(make("td", entry.currency), make("td", count.format(entry.count), "number"));
        for (const name of ["amount", "refunded", "net"]) tr.append(make("td", money(entry[name], entry.currency), "number"));
        return tr;
    });
    element("money").replaceChildren(...cells);
    element("paid").hidden = cells.length === 0;
}

async function showRuns() {
    const { company, runs } = await ask("runs");
    document.title = `Agency sync ${company}`;
    if (view.run === "" && runs.length > 0) look(runs[0].run);
    const known = runs.some(({ run }) => run === view.run) || view.run === "" ? runs : [{ run: view.run, startedAt: Date.now() }, ...runs];
    const options = known.map(({ run, mode, startedAt, endedAt, records }) => {
        // How much it is while it runs, the page says.
        const about = endedAt ? `, ${MODES[mode]}, ${count.format(records)} records` : "";
        const option = make("option", `${new Date(startedAt).toLocaleString("en")}${about}`);
        option.value = run;
        option.selected = run === view.run;
        return option;
    });
    element("pick").hidden = known.length === 0;
    // Not while somebody chooses.
    if (document.activeElement !== element("runs")) element("runs").replaceChildren(...options);
}

let rounds = 0;
async function refresh() {
    const round = ++rounds;
    const wanted = { ...view };
    try {
        const status = wanted.run === "" ? undefined : await ask("status", { ...wanted, limit: PAGE });
        // Somebody has chosen something else meanwhile.
        if (round !== rounds) return;
        if (status) show(status);
    } catch (error) {
        if (error.status === 401) return signedOut();
        say(error instanceof Refused ? error.message : "The Worker does not answer; it is asked again.");
    }
}

function signedOut() {
    element("begin").hidden = false;
    element("sync").hidden = true;
    element("pick").hidden = true;
}

async function others() {
    try {
        await showRuns();
        element("begin").hidden = true;
        element("sync").hidden = false;
        await showMoney();
    } catch (error) {
        if (error.status === 401) signedOut();
        else if (!(error instanceof TypeError)) say(error.message);
    }
}

element("full").onclick = () => act(element("full"), "start", { mode: "full" });
element("window").onclick = () => act(element("window"), "start", { mode: "window" });
element("retry").onclick = () => act(element("retry"), "retry", { run: view.run });
element("resume").onclick = () => act(element("resume"), "resume", { run: view.run });
element("cancel").onclick = () => act(element("cancel"), "cancel", { run: view.run });
element("runs").onchange = () => {
    look(element("runs").value);
    return refresh();
};
element("more").onclick = () => {
    view.after = shown?.next;
    return refresh();
};
element("first").onclick = () => {
    view.after = undefined;
    return refresh();
};
addEventListener("hashchange", () => {
    look(location.hash.slice(1));
    return refresh();
});

await others();
await refresh();
setInterval(refresh, EVERY_MS);
setInterval(others, 5 * EVERY_MS);
