import { expect, test } from "@jest/globals";
import { NotFoundError, PaymentsClient } from "ghl-payments";
import { createSandbox } from "ghl-payments/sandbox";

const { GHL_BASE_URL: baseUrl, GHL_TOKEN: token, GHL_LOCATION: locationId } = process.env;

test("lists orders over HTTP", async () => {
    const page = await new PaymentsClient({ baseUrl, token, locationId }).orders.list({ limit: 5 });
    const ids = page.data.map((order) => order._id);
    expect(new Set(ids).size).toBe(5);
    process.stdout.write(`orders ${JSON.stringify(ids)}\n`);
});

test("the sandbox stands in for HighLevel", async () => {
    const sandbox = createSandbox({ seed: 7, size: 3 });
    const payments = new PaymentsClient({ token: sandbox.token(), locationId: sandbox.locationId, fetch: sandbox.fetch });
    expect((await payments.orders.list()).totalCount).toBe(3);
    await expect(payments.orders.get("none")).rejects.toBeInstanceOf(NotFoundError);
});
