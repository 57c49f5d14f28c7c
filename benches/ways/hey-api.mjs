// How all three clients that hey-api generates are called.

export const over = ({ createClient }, { listOrders, getOrderById }) => ({ token, locationId, orderId, baseUrl, fetch }) => {
    const headers = { Version: "2021-07-28", Accept: "application/json" };
    const client = createClient({ baseUrl, headers, auth: token, throwOnError: true, ...(fetch && { fetch }) });
    const query = { altId: locationId, altType: "location" };
    return {
        list: async () => (await listOrders({ client, query: { ...query, limit: 100 } })).data,
        get: async () => (await getOrderById({ client, path: { orderId }, query })).data,
    };
};
