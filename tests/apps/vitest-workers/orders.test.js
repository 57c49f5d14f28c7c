import { env } from "cloudflare:test";
import { PaymentsClient } from "ghl-payments";
import { createSandbox } from "ghl-payments/sandbox";
import { expect, test } from "vitest";
import { fromEnvironment, orderIds, print } from "./orders.js";

test("lists orders over HTTP, in workerd", async () => {
    expect(navigator.userAgent).toBe("Cloudflare-Workers");
    const ids = await orderIds(PaymentsClient, fromEnvironment(env));
    expect(new Set(ids).size).toBe(5);
    print(ids);
});

test("the sandbox stands in for HighLevel", async () => {
    const sandbox = createSandbox({ seed: 7, size: 3 });
    const payments = new PaymentsClient({ token: sandbox.token(), locationId: sandbox.locationId, fetch: sandbox.fetch });
    expect((await payments.orders.list()).totalCount).toBe(3);
});
