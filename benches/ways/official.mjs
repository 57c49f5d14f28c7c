// HighLevel's own SDK. Its HTTP library takes a fetch where one is to be used; otherwise it does as it always does.

import { HighLevel } from "@gohighlevel/api-client";

export function open({ token, locationId, orderId, baseUrl, fetch }) {
    const client = new HighLevel({ privateIntegrationToken: token, apiVersion: "2021-07-28", logLevel: "error" });
    const options = { baseURL: baseUrl, ...(fetch && { adapter: "fetch", env: { fetch } }) };
    return {
        list: () => client.payments.listOrders({ altId: locationId, altType: "location", limit: 100 }, options),
        get: () => client.payments.getOrderById({ orderId, altId: locationId, altType: "location" }, options),
    };
}
