// What many orders, and one very large page, leave behind in memory. Prints a line for each.

import { page, manyOrders } from "./many.mjs";

const MB = 2 ** 20;
const COUNT = Number(process.argv[2]);
const HEAP_LIMIT = 50;

// The package keeps its memory to itself: it is seen where it is made. Node's own modules are not made this way.
const memories = [];
const Instance = WebAssembly.Instance;
const seen = (instance) => {
    memories.push(...Object.values(instance.exports).filter((value) => value instanceof WebAssembly.Memory));
    return instance;
};
WebAssembly.Instance = new Proxy(Instance, { construct: (target, args) => seen(Reflect.construct(target, args)) });

const { PaymentsClient } = await import("ghl-payments");
const { createSandbox } = await import("ghl-payments/sandbox");

await new PaymentsClient({ token: "t", locationId: "l", fetch: manyOrders(1) }).orders.list();
/** The client's memory: nothing else was started until here. */
const memory = memories.at(-1);
if (memories.length !== 1) throw new Error(`the client has made ${memories.length} memories, not one`);
const rateLimit = { max: 4_000_000_000, daily: 4_000_000_000 };
const sandbox = createSandbox({ seed: 7, size: COUNT, rateLimit });
await iterate("sandbox orders", { fetch: sandbox.fetch, token: sandbox.token(), locationId: sandbox.locationId });
await iterate("orders of a fetch that never yields", { fetch: manyOrders(COUNT), token: "t", locationId: "l" });
await bare();
await largePage();

/** What the client has taken from the system until now; an instance gives nothing back. */
function wasm() {
    if (memories.filter((other) => other !== memory).length > 1) throw new Error("the client has started anew");
    return memory.buffer.byteLength / MB;
}

function heap() {
    globalThis.gc();
    return process.memoryUsage().heapUsed / MB;
}

async function iterate(what, options) {
    const payments = new PaymentsClient({ ...options, limiter: false });
    const before = heap();
    let [count, early, most] = [0, 0, 0];
    for await (const order of payments.orders.list({ limit: 100 })) {
        if (!order._id) throw new Error("an order without an id");
        count++;
        if (count === 1000) early = wasm();
        if (count % (COUNT / 20) === 0) most = Math.max(most, heap() - before);
    }
    const grown = wasm() - early;
    const verdict = `${grown > 0 ? "missed: not flat" : "flat"}; JS heap at most ${most.toFixed(1)} MB more (target ${HEAP_LIMIT}${most > HEAP_LIMIT ? ", missed" : ""})`;
    console.log(`${count.toLocaleString("en")} ${what}: wasm ${early.toFixed(1)} MB after 1,000, ${wasm().toFixed(1)} MB at the end, ${verdict}`);
}

/** The same pages by bare calls: what the engine itself keeps while nobody lets go of the thread. */
async function bare() {
    const fetch = manyOrders(COUNT);
    const before = heap();
    let most = 0;
    for (let offset = 0; offset < COUNT; offset += 100) {
        const response = await fetch(`https://services.leadconnectorhq.com/payments/orders?offset=${offset}`);
        JSON.parse(new TextDecoder().decode(await response.arrayBuffer()));
        if (offset % (COUNT / 20) === 0) most = Math.max(most, heap() - before);
    }
    console.log(`the same by bare calls: JS heap at most ${most.toFixed(1)} MB more`);
}

async function largePage() {
    const body = page(0, 20_000, 20_000);
    const fetch = async () => new Response(body);
    const payments = new PaymentsClient({ token: "t", locationId: "l", limiter: false, fetch, maxResponseBytes: 64 * MB });
    const before = wasm();
    await payments.orders.list({ limit: 100 });
    const after = wasm();
    // A client without calls for 15 s takes a fresh instance in place of a large one.
    await new Promise((resolve) => setTimeout(resolve, 17_000));
    const small = new PaymentsClient({ token: "t", locationId: "l", limiter: false, fetch: manyOrders(100) });
    for (let call = 0; call < 100; call++) await small.orders.list({ limit: 100 });
    const left = memories.at(-1).buffer.byteLength / MB;
    const stays = left - before > 1 ? "missed: it stays" : "it does not stay";
    console.log(`one page of ${(body.length / MB).toFixed(0)} MB: wasm ${before.toFixed(1)} MB before, ${after.toFixed(1)} MB after, ${left.toFixed(1)} MB after 17 s of rest and 100 further calls: ${stays}`);
}
process.exit(0);
