/**
 * The ids of one page of orders: what every application here shows or prints.
 *
 * @param {typeof import("ghl-payments").PaymentsClient} PaymentsClient
 * @param {{ baseUrl: string, token: string, locationId: string }} settings
 */
export async function orderIds(PaymentsClient, { baseUrl, token, locationId }) {
    const payments = new PaymentsClient({ baseUrl, token, locationId });
    const page = await payments.orders.list({ limit: 5 });
    return page.data.map((order) => order._id);
}

/** What a program is told by its environment. */
export function fromEnvironment(variables = globalThis.process.env) {
    const { GHL_BASE_URL: baseUrl = "", GHL_TOKEN: token = "", GHL_LOCATION: locationId = "" } = variables;
    return { baseUrl, token, locationId };
}

/**
 * Tells the driver, which reads the output of a program.
 *
 * @param {string[]} ids
 */
export function print(ids) {
    console.log(`orders ${JSON.stringify(ids)}`);
}
