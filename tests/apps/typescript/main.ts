import { PaymentsClient, type FetchFunction, type ListOrdersParams, type OrderSummary, type ResponseInfo } from "ghl-payments";
import { frameHeaders, openCheckout, type Checkout, type CheckoutError } from "ghl-payments/checkout";
import { createSandbox, type Sandbox } from "ghl-payments/sandbox";
import { initialize } from "ghl-payments/slim";
import { fromEnvironment, orderIds, print } from "./orders.js";

const settings = fromEnvironment();
const watched: FetchFunction = (url, init) => fetch(url, init);
const payments = new PaymentsClient({ ...settings, fetch: watched });
const params: ListOrdersParams = { limit: 5 };
const { data, response } = await payments.orders.list(params, { signal: AbortSignal.timeout(30_000) }).withResponse();
const { status, headers }: ResponseInfo = response;
const type: string | null = headers.get("content-type");
if (status !== 200 || type === null) throw new Error(`unexpected answer: ${status} ${type}`);

const ids = await orderIds(PaymentsClient, settings);
if (data.data.some((order: OrderSummary, index) => order._id !== ids[index])) throw new Error("two lists differ");

const sandbox: Sandbox = createSandbox({ seed: 1, size: 1 });
const local = new PaymentsClient({ token: sandbox.token(), locationId: sandbox.locationId, fetch: sandbox.fetch });
if ((await local.orders.list()).totalCount !== 1) throw new Error("a sandbox of one order holds another number");

const start: (module: Uint8Array<ArrayBuffer>) => void = initialize;
if (typeof start !== "function") throw new Error("the slim entry has no initialize");

const page: Promise<Checkout> = openCheckout();
const refused = await page.catch((error: CheckoutError) => error.code);
if (refused !== "not_framed") throw new Error(`a program is in no frame: ${JSON.stringify(refused)}`);
const policy: string | undefined = frameHeaders({ origins: ["https://*.example.com"] })["content-security-policy"];
if (policy !== "frame-ancestors https://*.example.com") throw new Error(`unexpected headers: ${policy}`);

print(ids);
