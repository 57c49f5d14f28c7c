const { NotFoundError, PaymentsClient, PaymentsError } = require("ghl-payments");
const { createSandbox } = require("ghl-payments/sandbox");

const { GHL_BASE_URL: baseUrl, GHL_TOKEN: token, GHL_LOCATION: locationId } = process.env;

test("lists orders over HTTP", async () => {
    const page = await new PaymentsClient({ baseUrl, token, locationId }).orders.list({ limit: 5 });
    const ids = page.data.map((order) => order._id);
    expect(new Set(ids).size).toBe(5);
    process.stdout.write(`orders ${JSON.stringify(ids)}\n`);
});

test("the sandbox stands in for HighLevel, and errors have their classes", async () => {
    const sandbox = createSandbox({ seed: 7, size: 3 });
    const options = { token: sandbox.token(), locationId: sandbox.locationId, fetch: sandbox.fetch };
    const payments = new PaymentsClient(options);
    expect((await payments.orders.list()).totalCount).toBe(3);
    const error = await payments.orders.get("none").catch((error) => error);
    expect(error).toBeInstanceOf(NotFoundError);
    expect(error).toBeInstanceOf(PaymentsError);
});
