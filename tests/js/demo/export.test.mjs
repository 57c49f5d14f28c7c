// What the demo writes into files.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { readAll, ROOT } from "./server.mjs";
import { form, PICKED, rows, url, walk } from "./walk.mjs";

/** The parts of a CSV text, by RFC 4180. */
function parseCsv(text) {
    const rows = [[]];
    for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g)) {
        rows.at(-1).push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
        if (end === "\r\n") rows.push([]);
        if (end === "") break;
    }
    return rows.slice(0, -1);
}

test("writes CSV that a spreadsheet does not run, and quotes by RFC 4180", async () => {
    const { csvRow, fieldsOf, rest } = await import(pathToFileURL(join(ROOT, "www/csv.js")));
    const texts = ["=1+1", "+1202", "-2", "@SUM(A1)", "\t=1", "\r=1", "＝1", 'a "b"', "c,d", "e\r\nf", " =1", ""];
    const [cells] = parseCsv(csvRow(texts));
    assert.deepEqual(cells, [
        "'=1+1",
        "'+1202",
        "'-2",
        "'@SUM(A1)",
        "'\t=1",
        "'\r=1",
        "'＝1",
        'a "b"',
        "c,d",
        "e\r\nf",
        " =1",
        "",
    ]);
    assert.equal(csvRow([-2.5, true, null, undefined, { a: [1] }, "x"]), '-2.5,true,,,"{""a"":[1]}",x\r\n');
    const fields = fieldsOf([{ a: 1 }, { b: 2 }]);
    assert.deepEqual(fields, ["a", "b"]);
    assert.deepEqual(rest({ a: 1, c: 3 }, fields), { c: 3 }, "nothing is lost");
    assert.equal(rest({ a: 1 }, fields), undefined);
});

walk(
    "saves every record as CSV where pages may not write files",
    { init: "delete window.showSaveFilePicker" },
    async (page) => {
        await page.getByLabel("Payment", { exact: true }).selectOption("paid");
        await page.locator(".range", { hasText: /of 2\d\d orders/ }).waitFor();
        const all = (await readAll(url, "/payments/orders", { paymentStatus: "paid" })).map(({ _id }) => _id);
        await page.getByRole("button", { name: "Export" }).click();
        const download = page.waitForEvent("download");
        await form(page).getByRole("button", { name: "Export" }).click();
        const file = await download;
        assert.match(file.suggestedFilename(), /^orders-\d{4}-\d\d-\d\d\.csv$/);
        const [head, ...lines] = parseCsv(readFileSync(await file.path(), "utf8"));
        assert.deepEqual(
            lines.map((line) => line[head.indexOf("_id")]),
            all,
        );
        assert.ok(lines.every((line) => line.length === head.length));
        await form(page).getByText(`${all.length} records`).first().waitFor();
    },
);

walk("streams NDJSON into a file", { hash: "#/transactions", init: PICKED }, async (page) => {
    await rows(page).first().waitFor();
    const all = await readAll(url, "/payments/transactions");
    await page.getByRole("button", { name: "Export" }).click();
    await form(page)
        .getByRole("radio", { name: /NDJSON/ })
        .check();
    await form(page).getByRole("button", { name: "Export" }).click();
    await form(page)
        .getByText(/saved$/)
        .waitFor({ timeout: 40_000 });
    const text = await page.evaluate(async () => (await window.picked.getFile()).text());
    const lines = text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line));
    assert.deepEqual(
        lines.map(({ _id }) => _id),
        all.map(({ _id }) => _id),
    );
    assert.equal(
        await form(page)
            .getByRole("progressbar")
            .evaluate((bar) => bar.value / bar.max),
        1,
    );
});

walk("can be cancelled, and leaves no half file when it fails", { init: PICKED }, async (page) => {
    await rows(page).first().waitFor();
    let asked = 0;
    await page.route("**/api/payments/orders?**", async (route) => {
        asked += 1;
        if (asked === 2) await new Promise((resolve) => setTimeout(resolve, 2000));
        await (asked === 4 ? route.fulfill({ status: 200, body: "<html>Down</html>" }) : route.continue());
    });
    await page.getByRole("button", { name: "Export" }).click();
    await form(page).getByRole("button", { name: "Export" }).click();
    await form(page)
        .getByText(/^100 of/)
        .waitFor();
    await page.keyboard.press("Escape");
    await form(page).getByRole("button", { name: "Cancel" }).click();
    await form(page).waitFor({ state: "detached" });
    const size = () => page.evaluate(async () => (await window.picked.getFile()).size);
    assert.equal(await size(), 0);
    await page.getByRole("button", { name: "Export" }).click();
    await form(page).getByRole("button", { name: "Export" }).click();
    await form(page).getByText("The answer is not what HighLevel promises; no file was written").waitFor();
    assert.equal(await size(), 0);
});
