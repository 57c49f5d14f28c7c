// All records of a list into a file, page after page, without holding them.

import { logged } from "./account.js";
import { follow, held } from "./calls.js";
import { csvRow, fieldsOf, rest } from "./csv.js";
import { summaryOf, titleOf } from "./errors.js";
import { openDialog } from "./form.js";
import { count, fileSize, number } from "./format.js";
import { announce, button, fill, h, notice, radios } from "./ui.js";

const PAGE_SIZE = 100;
/** Long exports meet the rate limit more than once. */
const MAX_RETRIES = 8;

const FORMATS = [
    ["csv", "CSV, for spreadsheets"],
    ["ndjson", "NDJSON, one record a line"],
];
const TYPES = { csv: "text/csv", ndjson: "application/x-ndjson" };

/** Straight into a file where the browser lets pages do so, else into a blob that it keeps outside the page's memory. */
async function openFile(name, type) {
    if (window.showSaveFilePicker) {
        const accept = { [type]: [name.slice(name.lastIndexOf("."))] };
        const handle = await window.showSaveFilePicker({ suggestedName: name, types: [{ accept }] });
        const writable = await handle.createWritable();
        return {
            name: handle.name,
            write: (text) => writable.write(text),
            close: () => writable.close(),
            abort: () => writable.abort(),
        };
    }
    let blob = new Blob([], { type });
    return {
        name,
        write: (text) => (blob = new Blob([blob, text], { type })),
        close() {
            const link = h("a", { href: URL.createObjectURL(blob), download: name, hidden: true });
            document.body.append(link);
            link.click();
            link.remove();
            // The download has to begin first.
            setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
        },
        abort: () => (blob = undefined),
    };
}

/** Writes the pages; `progress(records, total, bytes)` is told after each. */
async function write(pages, format, file, progress) {
    const encoder = new TextEncoder();
    let fields;
    let records = 0;
    let bytes = 0;
    for await (const page of pages) {
        let text = "";
        if (format === "csv" && !fields) {
            fields = fieldsOf(page.data);
            text = csvRow([...fields, "more"]);
        }
        for (const record of page.data) {
            if (format === "csv") text += csvRow([...fields.map((field) => record[field]), rest(record, fields)]);
            else text += `${JSON.stringify(record)}\n`;
        }
        await file.write(text);
        records += page.data.length;
        bytes += encoder.encode(text).length;
        progress(records, page.totalCount, bytes);
    }
}

/** The dialog. `list(params, options)` is the client's method with the filters of the view. */
export function openExport({ name, known, filtered, signal, list }) {
    const stop = new AbortController();
    let running = false;
    const format = radios("format", "Format", FORMATS, { value: "csv" });
    const bar = h("progress", { max: known || 1, value: 0, "aria-label": "Records written" });
    const told = h(
        "p",
        { class: "muted", role: "status" },
        known === undefined
            ? ""
            : `${count(known, "record", "records")}${filtered ? " with the filters of the list" : ""}`,
    );
    const where = window.showSaveFilePicker
        ? "Written to the file as it arrives: any number of records takes the same memory."
        : "This browser lets no page write to a file as it goes: the parts are collected outside the page's memory, then saved.";
    const problems = h("div", { class: "notices" });
    const cancel = button("Close", { onclick: leave });
    const start = h("button", { type: "submit", class: "button button-primary" }, "Export");
    const form = h(
        "form",
        { class: "form", onsubmit: run },
        problems,
        format.element,
        h("div", { class: "export-progress" }, bar, told),
        h(
            "p",
            { class: "sub" },
            where,
            " In CSV, texts that a spreadsheet would run as a formula get an apostrophe in front.",
        ),
        h("div", { class: "actions actions-end" }, cancel, start),
    );
    const { close } = openDialog(
        { title: `Export ${name}`, intro: "Every record of the list, newest first.", signal, keep: () => running },
        form,
    );
    signal.addEventListener("abort", () => stop.abort());
    start.focus();

    function leave() {
        if (running) stop.abort();
        else close();
    }

    function busy(is) {
        running = is;
        start.disabled = is;
        for (const input of form.querySelectorAll("input")) input.disabled = is;
        fill(cancel, is ? "Cancel" : "Close");
    }

    async function run(event) {
        event.preventDefault();
        const ending = format.value();
        const fileName = `${name}-${new Date().toISOString().slice(0, 10)}.${ending}`;
        let file;
        try {
            file = await openFile(fileName, TYPES[ending]);
        } catch (error) {
            if (error.name !== "AbortError") fill(problems, notice("red", "The file cannot be written", error.message));
            return;
        }
        fill(problems);
        busy(true);
        let written = 0;
        let size = 0;
        let total = known;
        const tell = () => {
            const sofar = `${number(written)} of ${number(total ?? 0)}, ${fileSize(size)}`;
            fill(told, held ? `${sofar}; waiting for the rate limit` : sofar);
        };
        const unfollow = follow(tell);
        try {
            const pages = list({ limit: PAGE_SIZE }, { signal: stop.signal, maxRetries: MAX_RETRIES }).pages();
            await logged(
                write(pages, ending, file, (records, all, bytes) => {
                    [written, total, size] = [records, all, bytes];
                    bar.max = Math.max(total, 1);
                    bar.value = records;
                    tell();
                }),
            );
            await file.close();
        } catch (error) {
            await Promise.resolve(file.abort()).catch(() => {});
            busy(false);
            if (stop.signal.aborted) {
                close();
                announce("The export was cancelled");
                return;
            }
            fill(problems, notice("red", `${titleOf(error)}; no file was written`, summaryOf(error)));
            return;
        } finally {
            unfollow();
        }
        busy(false);
        start.hidden = true;
        fill(
            problems,
            notice("green", `${file.name} saved`, `${count(written, "record", "records")}, ${fileSize(size)}`),
        );
        cancel.focus();
    }
}
