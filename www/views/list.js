// A list with filters and pages; its state lives in the address, so that back, reload and sharing work.

import { logged, wasLeft } from "../account.js";
import { errorCard } from "../errors.js";
import { count, day, label, number, time } from "../format.js";
import { announce, bone, button, empty, fill, h, icon, table } from "../ui.js";

const PAGE_SIZE = 20;

/** Choices of a filter, named as people write them. */
export const choices = (...values) => values.map((value) => [value, label(value)]);

/** Where payments come from. */
export const SOURCES = choices(
    "funnel",
    "website",
    "invoice",
    "calendar",
    "membership",
    "payment_link",
    "form",
    "point_of_sale",
    "mobile_app",
    "external",
    "manual",
);

/** From one day to another, both included. */
export const PERIOD = [
    { name: "startAt", label: "From", type: "date" },
    { name: "endAt", label: "To", type: "date" },
];

export const MODE = { name: "paymentMode", label: "Mode", choices: choices("live", "test") };

/** The customer of a record, which is the link to it. */
export function customerColumn(path) {
    return {
        label: "Customer",
        class: "col-main",
        bone: () => [bone("medium"), bone("long")],
        cell: (record) => [
            h("a", { class: "row-link", href: `#${path}/${record._id}` }, record.contactName || record._id),
            h("span", { class: "sub" }, record.contactEmail ?? ""),
        ],
    };
}

export const createdColumn = {
    label: "Created",
    class: "col-date",
    cell: ({ createdAt }) => [
        h("time", { datetime: createdAt }, day(createdAt)),
        h("span", { class: "sub" }, time(createdAt)),
    ],
};

/**
 * `list(params, options)` is the client's method; `filters` are `{ name, label, choices }` or, for text,
 * `{ name, label, type, placeholder }`; `columns` are `{ label, class, cell(record) }`; `actions({ signal, go })` are
 * further buttons.
 */
export function listView({ path, title, one, many, intro, filters, columns, list, actions }) {
    return ({ query: first, signal, go, others }) => {
        let query = first;
        let reading;
        let page;

        const total = h("span", { class: "total" }, bone("short"));
        const heading = h("h1", { tabindex: -1 }, title, " ", total);
        const rows = h("div", { class: "card card-table" });
        const range = h("p", { class: "range" });
        const previous = pageButton("previous", "Previous", -1);
        const next = pageButton("next", "Next", 1);
        const pageInput = h("input", {
            class: "page-input",
            inputmode: "numeric",
            "aria-label": "Page",
            onchange: jump,
        });
        const pageTotal = h("span", { class: "muted" });
        const jumper = h("span", { class: "jumper" }, pageInput, pageTotal);
        const pages = h("nav", { class: "pages", "aria-label": "Pages" }, range, previous, jumper, next);
        const form = filterForm(filters, (name, value, typed) => move({ ...query, [name]: value, page: "" }, typed));
        const element = h(
            "div",
            { class: "view" },
            h(
                "div",
                { class: "head" },
                h("div", {}, heading, h("p", { class: "muted" }, intro)),
                h(
                    "div",
                    { class: "actions" },
                    button("Export", { onclick: save }, icon("download")),
                    actions?.({ signal, go }),
                ),
            ),
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

        const lastPage = () => Math.max(1, Math.ceil((page?.totalCount ?? 1) / PAGE_SIZE));

        function jump() {
            const wanted = Number.parseInt(pageInput.value, 10);
            if (wanted >= 1) move({ ...query, page: String(Math.min(wanted, lastPage())) });
            else pageInput.value = String(pageNumber());
        }

        function filtered() {
            return Object.fromEntries(filters.map(({ name }) => [name, query[name]]).filter(([, value]) => value));
        }

        function parameters() {
            return { ...filtered(), limit: PAGE_SIZE, offset: (pageNumber() - 1) * PAGE_SIZE };
        }

        async function save() {
            const { openExport } = await others();
            if (signal.aborted) return;
            openExport({
                name: many,
                known: page?.totalCount,
                filtered: Object.keys(filtered()).length > 0,
                signal,
                list: (params, options) => list({ ...filtered(), ...params }, options),
            });
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
                pages.hidden = true;
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
            pageInput.value = String(shown);
            fill(pageTotal, `of ${number(lastPage())}`);
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
            if (pageNumber() > 1) {
                const back = button("First page", { onclick: () => move({ ...query, page: "" }) });
                return empty("inbox", `No ${many} on this page`, null, back);
            }
            if (Object.keys(filtered()).length === 0)
                return empty("inbox", `No ${many} yet`, "They appear here as soon as there are some.");
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
    const fields = filters.map(({ name, label, choices, type = "search", placeholder }) => {
        const id = `filter-${name}`;
        const control = choices
            ? h(
                  "select",
                  { id, name, onchange: () => changed(name, control.value) },
                  h("option", { value: "" }, `Any`),
                  choices.map(([value, text]) => h("option", { value }, text)),
              )
            : h("input", { id, name, type, placeholder, autocomplete: "off", spellcheck: "false", oninput: typed });
        function typed() {
            clearTimeout(timer);
            timer = setTimeout(() => changed(name, control.value.trim(), true), TYPING_MS);
        }
        controls.set(name, control);
        return h(
            "div",
            { class: type === "search" && !choices ? "filter filter-search" : "filter" },
            h("label", { for: id }, label),
            type === "search" && !choices ? h("span", { class: "search" }, icon("search"), control) : control,
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
