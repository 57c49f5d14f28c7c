import { expect, test, vi } from "vitest";
import { print } from "./orders.js";

test("the page lists orders", async () => {
    document.body.innerHTML = `<ol id="orders"></ol>`;
    await import("./main.js");
    const items = await vi.waitUntil(() => {
        const found = document.querySelectorAll("#orders li");
        return found.length > 0 && found;
    });
    const ids = Array.from(items, (item) => item.textContent);
    expect(new Set(ids).size).toBe(5);
    print(ids);
});
