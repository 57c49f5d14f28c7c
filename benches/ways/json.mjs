// What most people write by hand.

export function open({ token, locationId, orderId, baseUrl, fetch = globalThis.fetch.bind(globalThis) }) {
    const headers = { Authorization: `Bearer ${token}`, Version: "2021-07-28", Accept: "application/json" };
    const read = async (path) => (await fetch(`${baseUrl}${path}`, { headers })).json();
    return {
        list: () => read(`/payments/orders?altId=${locationId}&altType=location&limit=100`),
        get: () => read(`/payments/orders/${orderId}?altId=${locationId}&altType=location`),
    };
}
