// The elements that every view is made of. Text goes in as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element: `on…` properties are listeners, everything else is an attribute; `false` and `null` leave it out. */
export function h(tag, properties = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
        if (value === undefined || value === null || value === false) continue;
        if (typeof value === "function") element.addEventListener(name.slice(2), value);
        else element.setAttribute(name, value === true ? "" : String(value));
    }
    fill(element, children);
    return element;
}

/** Replaces what an element holds. */
export function fill(element, ...children) {
    const nodes = children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false);
    element.replaceChildren(...nodes);
    return element;
}

const PATHS = {
    alert: "M10 6.5v4M10 13.6v.1M8.7 3.2 2.2 14.4a1.5 1.5 0 0 0 1.3 2.3h13a1.5 1.5 0 0 0 1.3-2.3L11.3 3.2a1.5 1.5 0 0 0-2.6 0Z",
    back: "M16 10H4.5M9 5l-5 5 5 5",
    bolt: "M11 2.5 4 11.5h5l-1 6 7-9h-5l1-6Z",
    check: "m4.5 10.5 3.5 3.5 7.5-8",
    chevron: "m5 12.5 5-5 5 5",
    copy: "M7.5 7.5h9v9h-9zM4.5 12.5h-1v-9h9v1",
    close: "m5 5 10 10M15 5 5 15",
    download: "M10 3v9.5m-4-4 4 4 4-4M3.5 14v2.5h13V14",
    inbox: "M3 11.5 5 4h10l2 7.5v4.5H3v-4.5Zm0 0h4l1 2h4l1-2h4",
    key: "M12.5 12a4.5 4.5 0 1 0-4.3-3.2L3 14v3h3v-2h2v-2h1.5l.8-1.1c.6.1 1.4.1 2.2.1ZM13.5 6.5v.1",
    next: "m7.5 5 5 5-5 5",
    plus: "M10 4.5v11M4.5 10h11",
    previous: "m12.5 5-5 5 5 5",
    search: "M9 15A6 6 0 1 0 9 3a6 6 0 0 0 0 12Zm4.3-1.7L17 17",
};

export function icon(name) {
    const svg = document.createElementNS(SVG, "svg");
    const path = document.createElementNS(SVG, "path");
    svg.setAttribute("viewBox", "0 0 20 20");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    path.setAttribute("d", PATHS[name]);
    svg.append(path);
    return svg;
}

const TONES = {
    paid: "green",
    succeeded: "green",
    completed: "green",
    fulfilled: "green",
    partially_paid: "amber",
    partially_fulfilled: "amber",
    pending: "amber",
    unpaid: "red",
    failed: "red",
    refunded: "blue",
    active: "green",
    trialing: "blue",
    scheduled: "blue",
    past_due: "amber",
    incomplete: "amber",
};

export function badge(text, tone = "grey") {
    return h("span", { class: `badge ${tone}` }, text);
}

/** The badge of a status of the API; one that nobody has heard of is grey. */
export function statusBadge(status, labelled) {
    return status ? badge(labelled(status), TONES[status]) : h("span", { class: "faint" }, "–");
}

export function testBadge(record) {
    return record.liveMode === false ? badge("Test") : null;
}

export function button(text, { kind = "secondary", ...properties } = {}, ...children) {
    return h("button", { type: "button", ...properties, class: `button button-${kind}` }, ...children, text);
}

/** A button that copies a text. */
export function copyButton(text, label = `Copy ${text}`) {
    const copy = h("button", { type: "button", class: "copy", "aria-label": label, onclick: run }, icon("copy"));
    async function run() {
        try {
            await navigator.clipboard.writeText(text);
        } catch {
            announce("The browser does not allow copying here");
            return;
        }
        fill(copy, icon("check"));
        announce("Copied");
        setTimeout(() => fill(copy, icon("copy")), 1500);
    }
    return copy;
}

/** An id with a button that copies it. */
export function copyable(text) {
    return h("span", { class: "copyable" }, h("code", {}, text), copyButton(text));
}

/** A choice of a few; `quiet` leaves the legend to screen readers. */
export function radios(name, legend, choices, { value: chosen, onchange, quiet } = {}) {
    const inputs = choices.map(([value]) =>
        h("input", {
            type: "radio",
            name,
            value,
            id: `${name}-${value}`,
            checked: value === chosen,
            onchange: () => onchange?.(value),
        }),
    );
    const options = choices.map(([value, text], index) =>
        h("span", { class: "option" }, inputs[index], h("label", { for: `${name}-${value}` }, text)),
    );
    return {
        element: h(
            "fieldset",
            { class: "choice" },
            h("legend", { class: quiet ? "visually-hidden" : null }, legend),
            h("div", { class: "choices" }, options),
        ),
        value: () => inputs.find((input) => input.checked).value,
        set(value) {
            for (const input of inputs) input.checked = input.value === value;
        },
    };
}

/** Pairs of a term and its description; those without a description are left out. */
export function facts(pairs) {
    const known = pairs.filter(([, value]) => value !== undefined && value !== null && value !== "" && value !== false);
    return h(
        "dl",
        { class: "facts" },
        known.map(([term, value]) => h("div", {}, h("dt", {}, term), h("dd", {}, value))),
    );
}

/** A titled part of a page. */
export function card(title, ...children) {
    const id = `card-${title.toLowerCase().replace(/\W+/g, "-")}`;
    return h(
        "section",
        { class: "card", "aria-labelledby": id },
        h("h2", { class: "card-title", id }, title),
        ...children,
    );
}

/** What a payment provider sent, as it is. */
export function snapshotCard(snapshot) {
    if (!snapshot) return null;
    return card(
        "Provider's record",
        h("p", { class: "card-text muted" }, "As the payment provider sent it, in the provider's own units."),
        h("pre", { class: "body", tabindex: 0 }, JSON.stringify(snapshot, null, 2)),
    );
}

/** A table; the roles stay when a narrow screen lays the rows out as cards. */
export function table(caption, columns, rows) {
    const cells = (row) => columns.map((column) => h("td", { role: "cell", class: column.class }, row(column)));
    return h(
        "table",
        { class: "table", role: "table" },
        h("caption", { class: "visually-hidden" }, caption),
        h(
            "thead",
            { role: "rowgroup" },
            h(
                "tr",
                { role: "row" },
                columns.map((column) =>
                    h("th", { scope: "col", role: "columnheader", class: column.class }, column.label),
                ),
            ),
        ),
        h(
            "tbody",
            { role: "rowgroup" },
            rows.map((row) => h("tr", { role: "row" }, cells(row))),
        ),
    );
}

/** A grey bar where text will be; `size` is short, medium or long. */
export function bone(size = "medium") {
    return h("span", { class: `bone bone-${size}`, "aria-hidden": "true" });
}

/** Where a card will be. */
export function cardSkeleton(title, lines) {
    const bones = Array.from({ length: lines }, (_, line) => bone(line % 2 ? "medium" : "long"));
    return h(
        "div",
        { class: "card", "aria-hidden": "true" },
        h("p", { class: "card-title" }, title),
        h("div", { class: "bones" }, bones),
    );
}

export function empty(iconName, title, text, ...actions) {
    return h(
        "div",
        { class: "empty" },
        h("span", { class: "empty-icon" }, icon(iconName)),
        h("p", { class: "empty-title" }, title),
        text && h("p", { class: "muted" }, text),
        ...actions,
    );
}

/** Something that happened, above the content. */
export function notice(tone, title, text, ...children) {
    return h(
        "div",
        { class: `notice ${tone}`, role: tone === "red" || tone === "amber" ? "alert" : "status", tabindex: -1 },
        h("p", { class: "notice-title" }, title),
        text && h("p", {}, text),
        ...children,
    );
}

/** The way back to a list. */
export function backLink(href, text) {
    return h("a", { class: "back", href }, icon("back"), text);
}

const live = document.getElementById("live");

/** Tells screen readers what changed on screen. */
export function announce(text) {
    live.textContent = "";
    // The same text twice is a change only when something stood between.
    requestAnimationFrame(() => (live.textContent = text));
}

const worn = new Set();

/** Gives the document the styles of a view that is a bundle of its own, once. */
export function dress(style) {
    if (worn.has(style)) return;
    worn.add(style);
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(style);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}
