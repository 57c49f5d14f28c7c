// The page on another account: the base URL of one's own proxy, never a token.

import { account, connectTo } from "./account.js";
import { openDialog } from "./form.js";
import { button, fill, h, notice } from "./ui.js";

/** Asks for the account; `done()` is told once the page works on it. */
export function openConnect(done) {
    const leave = new AbortController();
    const base = h("input", {
        id: "connect-base",
        type: "text",
        inputmode: "url",
        autocomplete: "off",
        value: account.apiBase ?? "",
        placeholder: "/api",
    });
    const place = h("input", { id: "connect-location", type: "text", autocomplete: "off", value: account.locationId });
    const problems = h("div", { class: "notices" });
    const field = (text, control, hint) => {
        const hintLine = h("p", { class: "sub", id: `${control.id}-hint` }, hint);
        control.setAttribute("aria-describedby", hintLine.id);
        return h("div", { class: "field" }, h("label", { for: control.id }, text), control, hintLine);
    };
    const form = h(
        "form",
        { class: "form", novalidate: true, onsubmit: run },
        problems,
        h(
            "p",
            {},
            "There is no field for a token, on purpose: everyone who opens a page can read what it holds, and so can every script and extension in it. ",
            "A token may move money. Let a server or a Worker of yours hold it, add it to each call, and decide who may call: ",
            h("code", {}, "createProxy"),
            " of ",
            h("code", {}, "ghl-payments/edge"),
            " does that.",
        ),
        field(
            "Base URL of your proxy",
            base,
            "A path on this host, or an address that this page's policy (connect-src) allows",
        ),
        field("Location id", place, "The sub-account; it is no secret"),
        h(
            "div",
            { class: "actions actions-end" },
            button("Cancel", { onclick: () => close() }),
            h("button", { type: "submit", class: "button button-primary" }, "Use it"),
        ),
    );
    const { close } = openDialog(
        { title: "Your own account", intro: "Kept in memory until this page is reloaded.", signal: leave.signal },
        form,
    );
    base.focus();

    function run(event) {
        event.preventDefault();
        const apiBase = base.value.trim();
        try {
            connectTo({
                apiBase,
                locationId: place.value.trim(),
                sandbox: apiBase === account.apiBase && account.sandbox,
            });
        } catch (error) {
            fill(problems, notice("red", "That does not work", error.message));
            return;
        }
        close();
        done();
    }
}
