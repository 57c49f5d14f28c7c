// Typed by a description of the API, unchecked.

import createClient from "openapi-fetch";

export function open({ token, locationId, orderId, baseUrl, fetch }) {
    const headers = { Authorization: `Bearer ${token}`, Version: "2021-07-28", Accept: "application/json" };
    const client = createClient({ baseUrl, headers, ...(fetch && { fetch }) });
    const query = { altId: locationId, altType: "location" };
    const data = async (call) => {
        const { data, error } = await call;
        if (error !== undefined) throw new Error("an error of openapi-fetch", { cause: error });
        return data;
    };
    return {
        list: () => data(client.GET("/payments/orders", { params: { query: { ...query, limit: 100 } } })),
        get: () => data(client.GET("/payments/orders/{orderId}", { params: { path: { orderId }, query } })),
    };
}
