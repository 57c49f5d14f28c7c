// The least that any way has to do, and the measure of all: the bytes, their text, its values.

export function open({ token, locationId, orderId, baseUrl, fetch = globalThis.fetch.bind(globalThis) }) {
    const headers = { Authorization: `Bearer ${token}`, Version: "2021-07-28", Accept: "application/json" };
    const decoder = new TextDecoder();
    const read = async (path) => {
        const response = await fetch(`${baseUrl}${path}`, { headers });
        return JSON.parse(decoder.decode(await response.arrayBuffer()));
    };
    return {
        list: () => read(`/payments/orders?altId=${locationId}&altType=location&limit=100`),
        get: () => read(`/payments/orders/${orderId}?altId=${locationId}&altType=location`),
    };
}
