// A list with filters and pages; its state lives in the address, so that back, reload and sharing work.

import { logged, wasLeft } from "../api.js";
import { errorCard } from "../errors.js";
import { count, number } from "../format.js";
import { announce, bone, button, empty, fill, h, icon, table } from "../ui.js";

const PAGE_SIZE = 20;

/**
 * `list(params, options)` is the client's method; `filters` are `{ name, label, choices }` or, for text,
 * `{ name, label, placeholder }`; `columns` are `{ label, class, cell(record) }`.
 */
export function listView({ path, title, one, many, intro, filters, columns, list }) {
    return ({ query: first, signal, go }) => {
        let query = first;
        let reading;
        let page;

        const total = h("span", { class: "total" }, bone("short"));
        const heading = h("h1", { tabindex: -1 }, title, " ", total);
        const rows = h("div", { class: "card card-table" });
        const range = h("p", { class: "range" });
        const previous = pageButton("previous", "Previous", -1);
        const next = pageButton("next", "Next", 1);
        const pages = h("nav", { class: "pages", "aria-label": "Pages" }, range, previous, next);
        const form = filterForm(filters, (name, value, typed) => move({ ...query, [name]: value, page: "" }, typed));
        const element = h(
            "div",
            { class: "view" },
            h("div", { class: "head" }, h("div", {}, heading, h("p", { class: "muted" }, intro))),
            form.element,
            rows,
            pages,
        );

        function move(changes, replace) {
            const kept = Object.entries(changes).filter(([, value]) => value);
            const search = new URLSearchParams(kept).toString();
            go(`#${path}${search && `?${search}`}`, { replace });
        }

        function pageButton(picture, text, step) {
            const label = h("span", {}, text);
            const children = step < 0 ? [icon(picture), label] : [label, icon(picture)];
            // Not `disabled`: a button that is disabled while it has the focus loses it.
            const control = h(
                "button",
                { type: "button", class: "button button-secondary", "aria-disabled": "true", onclick: turn },
                children,
            );
            function turn() {
                const possible = control.getAttribute("aria-disabled") === "false";
                if (possible) move({ ...query, page: String(pageNumber() + step) });
            }
            return control;
        }

        function pageNumber() {
            return Math.max(1, Number.parseInt(query.page, 10) || 1);
        }

        function parameters() {
            const wanted = filters.map(({ name }) => [name, query[name]]).filter(([, value]) => value);
            return { ...Object.fromEntries(wanted), limit: PAGE_SIZE, offset: (pageNumber() - 1) * PAGE_SIZE };
        }

        async function show() {
            reading?.abort();
            const own = new AbortController();
            reading = own;
            const shown = pageNumber();
            // The button that asked for it (clear, try again) goes, so the focus has to go somewhere.
            if (rows.contains(document.activeElement)) heading.focus({ preventScroll: true });
            rows.setAttribute("aria-busy", "true");
            if (!page) fill(rows, skeleton(columns));
            try {
                page = await logged(list(parameters(), { signal: own.signal }));
            } catch (error) {
                if (wasLeft(error, own.signal)) return;
                page = undefined;
                fill(total);
                fill(range);
                enable(previous, false);
                enable(next, false);
                rows.removeAttribute("aria-busy");
                fill(rows, errorCard(error, button("Try again", { kind: "primary", onclick: show })));
                announce(`${title} could not be read`);
                return;
            }
            if (own.signal.aborted) return;
            rows.removeAttribute("aria-busy");
            draw(shown);
        }

        function draw(shown) {
            const from = (shown - 1) * PAGE_SIZE + 1;
            const { data, totalCount } = page;
            fill(total, number(totalCount));
            enable(previous, shown > 1);
            enable(next, page.hasNextPage());
            pages.hidden = data.length === 0;
            if (data.length === 0) {
                fill(range);
                fill(rows, nothing());
                announce(`No ${many} found`);
                return;
            }
            const text = `${number(from)}–${number(from + data.length - 1)} of ${count(totalCount, one, many)}`;
            fill(range, text);
            fill(
                rows,
                table(
                    title,
                    columns,
                    data.map((record) => (column) => column.cell(record)),
                ),
            );
            announce(`${title} ${text}`);
        }

        function nothing() {
            const filtered = filters.some(({ name }) => query[name]);
            if (pageNumber() > 1) {
                const back = button("First page", { onclick: () => move({ ...query, page: "" }) });
                return empty("inbox", `No ${many} on this page`, null, back);
            }
            if (!filtered) return empty("inbox", `No ${many} yet`, "They appear here as soon as there are some.");
            const clear = button("Clear filters", { onclick: () => move({}) });
            return empty("search", `No ${many} match`, "Try another search or fewer filters.", clear);
        }

        function update(changed) {
            const turned = (changed.page ?? "") !== (query.page ?? "");
            query = changed;
            form.show(query);
            if (turned) window.scrollTo(0, 0);
            show();
        }

        signal.addEventListener("abort", () => {
            form.stop();
            reading?.abort();
        });
        form.show(query);
        show();
        return { title, element, update };
    };
}

function enable(control, possible) {
    control.setAttribute("aria-disabled", String(!possible));
}

function skeleton(columns) {
    const bones = ["medium", "short", "short", "short"];
    const row = (column) => (column.bone ? column.bone() : bone(bones[columns.indexOf(column) % bones.length]));
    return table(
        "Loading",
        columns,
        Array.from({ length: PAGE_SIZE }, () => row),
    );
}

const TYPING_MS = 250;

function filterForm(filters, changed) {
    const controls = new Map();
    let timer;
    const fields = filters.map(({ name, label, choices, placeholder }) => {
        const id = `filter-${name}`;
        const control = choices
            ? h(
                  "select",
                  { id, name, onchange: () => changed(name, control.value) },
                  h("option", { value: "" }, `Any`),
                  choices.map(([value, text]) => h("option", { value }, text)),
              )
            : h("input", {
                  id,
                  name,
                  type: "search",
                  placeholder,
                  autocomplete: "off",
                  spellcheck: "false",
                  oninput: typed,
              });
        function typed() {
            clearTimeout(timer);
            timer = setTimeout(() => changed(name, control.value.trim(), true), TYPING_MS);
        }
        controls.set(name, control);
        return h(
            "div",
            { class: choices ? "filter" : "filter filter-search" },
            h("label", { for: id }, label),
            choices ? control : h("span", { class: "search" }, icon("search"), control),
        );
    });
    const element = h(
        "form",
        { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() },
        fields,
    );
    return {
        element,
        stop: () => clearTimeout(timer),
        /** Puts the filters of the address into the form, but not into what is being typed. */
        show(query) {
            for (const [name, control] of controls) {
                if (control !== document.activeElement || control.tagName === "SELECT")
                    control.value = query[name] ?? "";
            }
        },
    };
}
