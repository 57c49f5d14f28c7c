// How both builds of this package are called.

export const over = (PaymentsClient) => ({ token, locationId, orderId, baseUrl, fetch }) => {
    const client = new PaymentsClient({ token, locationId, baseUrl, ...(fetch && { fetch }) });
    return {
        list: () => client.orders.list({ limit: 100 }),
        get: () => client.orders.get(orderId),
    };
};
