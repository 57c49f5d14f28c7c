// The router: a hash names a view, the query behind it the state of that view.

import { showActivity } from "./activity.js";
import { connect } from "./api.js";
import { announce, empty, fill, h } from "./ui.js";
import { faults } from "./views/faults.js";
import { order } from "./views/order.js";
import { orders } from "./views/orders.js";
import { transaction } from "./views/transaction.js";
import { transactions } from "./views/transactions.js";

const HOME = "#/orders";

const ROUTES = [
    { path: /^\/orders$/, view: orders, section: "orders" },
    { path: /^\/orders\/([^/]+)$/, view: order, section: "orders" },
    { path: /^\/transactions$/, view: transactions, section: "transactions" },
    { path: /^\/transactions\/([^/]+)$/, view: transaction, section: "transactions" },
    { path: /^\/break-it$/, view: faults, section: "break-it" },
];

const main = document.getElementById("main");
const links = document.querySelectorAll("#nav a");

let current;

/** Leads to another address; `replace` keeps the current one out of the history. */
function go(hash, { replace = false } = {}) {
    if (replace) {
        history.replaceState(null, "", hash);
        route();
    } else {
        location.hash = hash;
    }
}

function route({ first = false } = {}) {
    // Any other fragment belongs to the page itself.
    if (!location.hash.startsWith("#/")) return;
    const [path, search = ""] = location.hash.slice(1).split("?");
    const query = Object.fromEntries(new URLSearchParams(search));
    const found = ROUTES.find((candidate) => candidate.path.test(path));
    if (current && current.path === path && current.view.update) {
        current.view.update(query);
        return;
    }
    current?.leave.abort();
    const leave = new AbortController();
    const id = decode(found?.path.exec(path)[1]);
    const view = found ? found.view({ id, query, signal: leave.signal, go, title: setTitle }) : missing();
    current = { path, view, leave };
    for (const link of links) {
        if (link.hash === `#/${found?.section}`) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
    }
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
    const element = h(
        "div",
        { class: "view" },
        h("h1", { class: "visually-hidden", tabindex: -1 }, "Page not found"),
        empty(
            "search",
            "There is no such page",
            null,
            h("a", { class: "button button-secondary", href: HOME }, "Orders"),
        ),
    );
    return { title: "Page not found", element };
}

export async function start() {
    // Its own fragment would be taken for a view.
    document.getElementById("skip").addEventListener("click", (event) => {
        event.preventDefault();
        main.focus();
    });
    showActivity(document.getElementById("activity"));
    await connect();
    if (!location.hash.startsWith("#/")) history.replaceState(null, "", HOME);
    window.addEventListener("hashchange", () => route());
    route({ first: true });
}
