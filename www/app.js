// The router: a hash names a view, the query behind it the state of that view.

import { account, connect } from "./account.js";
import { showActivity } from "./activity.js";
import { FAULTS, followSwitches, OFTEN, setSwitches, switches } from "./faults.js";
import { announce, button, empty, fill, h, icon } from "./ui.js";
import { orders } from "./views/orders.js";

const HOME = "#/overview";

/** The view of an address and the id in it. The list that most come for is here at once, the others when one is opened. */
async function find(path) {
    if (path === "/orders") return { open: orders, id: undefined };
    if (path === "/checkout") {
        // Bundled by itself: it brings HighLevel's side and a gateway along, which no other view needs.
        const { checkout } = await import("./checkout/checkout.js");
        return { open: (context) => checkout({ ...context, account, config: settings }), id: undefined };
    }
    if (path === "/agency") {
        const { agency } = await import("./agency/agency.js");
        return { open: (context) => agency({ ...context, config: settings }), id: undefined };
    }
    const { VIEWS } = await others();
    const [, name, id] = /^\/([^/]+)(?:\/([^/]+))?$/.exec(path) ?? [];
    const address = id === undefined ? name : `${name}/:id`;
    return { open: Object.hasOwn(VIEWS, address) ? VIEWS[address] : missing, id };
}

const main = document.getElementById("main");
const banner = document.getElementById("banner");
const links = document.querySelectorAll("#nav a");

let current;
let turn = 0;
/** What `config.json` says. */
let settings;

/** Leads to another address; `replace` keeps the current one out of the history. */
function go(hash, { replace = false } = {}) {
    if (replace) {
        history.replaceState(null, "", hash);
        route();
    } else {
        location.hash = hash;
    }
}

async function route({ first = false } = {}) {
    // Any other fragment belongs to the page itself.
    if (!location.hash.startsWith("#/")) return;
    const own = ++turn;
    const [path, search = ""] = location.hash.slice(1).split("?");
    const query = Object.fromEntries(new URLSearchParams(search));
    if (current && current.path === path && current.view.update) {
        current.view.update(query);
        return;
    }
    const { open, id } = await find(path);
    if (own !== turn) return;
    current?.leave.abort();
    const leave = new AbortController();
    const view = open({ id: decode(id), query, signal: leave.signal, go, others, title: setTitle });
    current = { path, view, leave };
    for (const link of links) {
        if (open !== missing && link.hash === `#/${path.split("/")[1]}`) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
    }
    document.querySelector("#nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
    setTitle(view.title);
    fill(main, view.element);
    if (!first) {
        window.scrollTo(0, 0);
        main.querySelector("h1")?.focus({ preventScroll: true });
        announce(view.title);
    }
}

function setTitle(text) {
    document.title = `${text} · ghl-payments demo`;
}

function decode(text) {
    try {
        return text && decodeURIComponent(text);
    } catch {
        return text;
    }
}

function missing() {
    const home = h("a", { class: "button button-secondary", href: HOME }, "Overview");
    const element = h(
        "div",
        { class: "view" },
        h("h1", { class: "visually-hidden", tabindex: -1 }, "Page not found"),
        empty("search", "There is no such page", null, home),
    );
    return { title: "Page not found", element };
}

/** What is switched on follows the visitor around. */
function drawBanner() {
    const names = FAULTS.filter(({ id }) => switches.on.has(id)).map(({ title }) => title);
    banner.hidden = names.length === 0;
    const often = OFTEN.find(([value]) => value === switches.often)[1].toLowerCase();
    const off = button("Turn off", { onclick: () => setSwitches({ on: new Set() }) });
    fill(banner, icon("bolt"), h("p", {}, h("strong", {}, names.join("; ")), ` · ${often}`), off);
}

function drawAccount() {
    fill(document.getElementById("place"), account.name);
}

/** The views hold records of the account: begin again. */
function reconnected() {
    drawAccount();
    current?.leave.abort();
    current = undefined;
    if (location.hash === HOME) route();
    else location.hash = HOME;
}

/** All that the first view does without. A view that needs some of it is handed this: they do not import each other. */
function others() {
    return import("./views/others.js");
}

export async function start(module, config) {
    // Its own fragment would be taken for a view.
    document.getElementById("skip").addEventListener("click", (event) => {
        event.preventDefault();
        main.focus();
    });
    document.getElementById("connect").addEventListener("click", async () => {
        const { openConnect } = await others();
        openConnect(reconnected);
    });
    showActivity(document.getElementById("activity"));
    followSwitches(drawBanner);
    settings = config;
    await connect(module, config);
    drawAccount();
    if (!location.hash.startsWith("#/")) history.replaceState(null, "", HOME);
    window.addEventListener("hashchange", () => route());
    await route({ first: true });
}
