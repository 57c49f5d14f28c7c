// What a proxy adds to a call: the page's client before it, and the same client straight before the same stand-in for
// HighLevel. Prints a line for each call.

import { PaymentsClient } from "ghl-payments";
import { createProxy } from "ghl-payments/edge";
import { page } from "./many.mjs";
import { spread } from "./rounds.mjs";

const ROUNDS = 400;
const WARM_UP = 100;
const TARGET_MS = 1;
const location = "ve9EPM428h8vShlRW1KT";
const operations = ["orders.get", "orders.list", "orders.recordPayment"];

const order = `{"_id":"653f6ba4d84bcc7b3d5bb8a1","altId":"${location}","altType":"location","amount":5,"status":"pending"}`;
const whole = page(0, 100, 100);
/** HighLevel, which takes no time. */
const upstream = async (url, { method }) => {
    const body = method === "POST" ? '{"success":true}' : url.includes("/orders?") ? whole : order;
    return new Response(body, { headers: { "content-type": "application/json" } });
};
const straight = new PaymentsClient({ token: "pit-secret", locationId: location, limiter: false, fetch: upstream });
const behind = (trustIds) => {
    const proxy = createProxy({
        authorize: () => ({ locationId: location, operations }),
        token: () => "pit-secret",
        limiter: false,
        trustIds,
        fetch: upstream,
    });
    const fetch = (url, init) => proxy(new Request(url, init));
    return new PaymentsClient({ baseUrl: "https://app.example/api", locationId: location, limiter: false, fetch });
};

const [checking, trusting] = [behind(false), behind(true)];
const pay = (client) => client.orders.recordPayment("653f6ba4d84bcc7b3d5bb8a1", { mode: "cash", amount: 5 });
for (const [what, through, call] of [
    ["one order", checking, (client) => client.orders.get("653f6ba4d84bcc7b3d5bb8a1")],
    [`a page of 100 orders, ${Math.round(whole.length / 1000)} kB`, checking, (client) => client.orders.list({ limit: 100 })],
    ["a payment", trusting, pay],
    ["a payment whose order is read first", checking, pay],
]) {
    const more = [];
    for (let round = -WARM_UP; round < ROUNDS; round++) {
        // In turn, one round after the other: what slows the machine slows both.
        const time = async (client) => {
            const start = performance.now();
            await call(client);
            return performance.now() - start;
        };
        const without = await time(straight);
        const difference = (await time(through)) - without;
        if (round >= 0) more.push(difference);
    }
    const { median, low, high } = spread(more);
    const verdict = median > TARGET_MS ? ", missed" : "";
    console.log(
        `${what}: ${median.toFixed(3)} ms more through the proxy (middle half ${low.toFixed(3)} to ${high.toFixed(3)}; target ${TARGET_MS}${verdict})`,
    );
}
process.exit(0);
