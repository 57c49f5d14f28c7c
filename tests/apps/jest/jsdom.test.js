const { PaymentsClient } = require("ghl-payments");
const { createSandbox } = require("ghl-payments/sandbox");

const { GHL_BASE_URL: baseUrl, GHL_TOKEN: token, GHL_LOCATION: locationId } = process.env;

test("jsdom has no text decoder, no encoder and no fetch of its own", () => {
    expect([typeof TextDecoder, typeof TextEncoder, typeof fetch]).toEqual(Array(3).fill("undefined"));
});

test("a client is made and can be given a fetch", async () => {
    const fetch = async () => ({
        status: 200,
        headers: { get: () => null },
        arrayBuffer: async () => Uint8Array.from(`{"_id":"a","currency":"EUR"}`, (c) => c.charCodeAt(0)).buffer,
    });
    const payments = new PaymentsClient({ token, locationId, fetch });
    expect(await payments.orders.get("a")).toEqual({ _id: "a", currency: "EUR" });
});

test("the sandbox says what it lacks", () => {
    expect(() => createSandbox()).toThrow(expect.objectContaining({ code: "unsupported_runtime", outcome: "not_sent" }));
});

test("lists orders over HTTP with a fetch that is made of XMLHttpRequest", async () => {
    require("whatwg-fetch");
    const page = await new PaymentsClient({ baseUrl, token, locationId }).orders.list({ limit: 5 });
    const ids = page.data.map((order) => order._id);
    expect(new Set(ids).size).toBe(5);
    process.stdout.write(`orders ${JSON.stringify(ids)}\n`);
});
