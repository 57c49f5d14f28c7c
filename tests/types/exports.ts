// Every public name is exported, and none of their types holds an `any`.

import * as library from "ghl-payments";
import type * as P from "ghl-payments";
import {
    connectSandbox,
    createSandbox,
    SandboxConnectionError,
    serveSandbox,
    type CheckoutSession,
    type HighLevel,
    type RemoteSandbox,
    type Sandbox,
    type SandboxFaults,
    type SandboxOptions,
    type SandboxRequest,
    type SandboxState,
    type SandboxWebhooks,
} from "ghl-payments/sandbox";
import { initialize, PaymentsClient as SlimClient } from "ghl-payments/slim";

type IsAny<T> = 0 extends 1 & T ? true : false;
type Leaf = string | number | boolean | bigint | symbol | null | undefined | ((...args: never[]) => unknown);
/** Whether a type holds an `any`, down to a depth that no record of the API reaches. */
type HoldsAny<T, Depth extends 0[] = []> =
    IsAny<T> extends true
        ? true
        : Depth["length"] extends 7
          ? false
          : T extends Leaf
            ? false
            : T extends readonly (infer Item)[]
              ? HoldsAny<Item, [...Depth, 0]>
              : { [K in keyof T]-?: HoldsAny<T[K], [...Depth, 0]> }[keyof T];
function none<T>(_: true extends HoldsAny<T> ? "holds any" : "none"): void {}

// The detector detects.
const found: HoldsAny<{ a: { b: any[] | null }[] }> = true;
const here: IsAny<any> = true;
console.log(found, here);
// @ts-expect-error it holds one
none<{ a?: { b: any } | null }>("none");

none<P.AmountSummary>("none");
none<Omit<P.CallOptions, "signal">>("none");
none<P.CardDetails>("none");
none<P.ChequeDetails>("none");
none<P.ConnectProviderBody>("none");
none<P.Coupon>("none");
none<P.CreateCouponBody>("none");
none<P.CreateFulfillmentBody>("none");
none<P.CreateProviderBody>("none");
none<P.CreateWhitelabelBody>("none");
none<P.CurrencyOptions>("none");
none<P.CustomProviderConfig>("none");
none<P.DeleteCouponResult>("none");
none<P.DisconnectProviderBody>("none");
none<P.FulfilledItem>("none");
none<P.Fulfillment>("none");
none<P.FulfillmentCreated>("none");
none<P.FulfillmentItemBody>("none");
none<P.FulfillmentList>("none");
none<P.FulfillmentTracking>("none");
none<P.FulfillmentTrackingBody>("none");
none<P.FuturePayments>("none");
none<P.FuturePaymentsBody>("none");
none<P.GetCouponParams>("none");
none<P.Issue>("none");
none<P.JsonObject>("none");
none<P.JsonValue>("none");
none<P.ListCouponsParams>("none");
none<P.ListOrdersParams>("none");
none<P.ListSubscriptionsParams>("none");
none<P.ListTransactionsParams>("none");
none<P.ListWhitelabelParams>("none");
none<P.LogLevel>("none");
none<P.MembershipOffer>("none");
none<P.OperationInfo>("none");
none<P.Order>("none");
none<P.OrderItem>("none");
none<P.OrderNote>("none");
none<P.OrderNotes>("none");
none<P.OrderSource>("none");
none<P.OrderSummary>("none");
none<P.PaymentsErrorJson>("none");
none<P.PaymentsEvent>("none");
none<P.Price>("none");
none<P.Product>("none");
none<P.ProductVariant>("none");
none<P.ProviderKeys>("none");
none<P.ProviderResult>("none");
none<P.RateLimit>("none");
none<P.PaymentRecorded>("none");
none<Omit<P.RecordOnceOptions, "signal" | "since">>("none");
none<P.RecordPaymentBody>("none");
none<P.RecordPaymentResult>("none");
none<P.RecurrenceRule>("none");
none<P.Recurring>("none");
none<P.Schedule>("none");
none<P.Subscription>("none");
none<P.SubscriptionSummary>("none");
none<P.Transaction>("none");
none<P.TransactionSummary>("none");
none<P.UpdateCapabilitiesBody>("none");
none<P.UpdateCouponBody>("none");
none<P.WhitelabelProvider>("none");
none<SandboxOptions>("none");
none<SandboxRequest>("none");
none<SandboxState>("none");

none<[P.AltType, P.CardBrand, P.CouponStatus, P.DiscountType, P.DurationType, P.FuturePaymentsType]>("none");
none<[P.OrderPaymentStatus, P.Outcome, P.PaymentMode, P.SourceSubType, P.SourceType, P.WhitelabelGateway]>("none");

/** What the methods take and give. */
type Methods<R> = {
    [K in keyof R]: R[K] extends (...args: infer A) => PromiseLike<infer T>
        ? [Parameters: IsAny<A>, Result: IsAny<T>]
        : never;
}[keyof R];
function typed<R>(_: Methods<R> extends [false, false] ? "typed" : "any"): void {}
typed<P.Orders>("typed");
typed<P.Transactions>("typed");
typed<P.Subscriptions>("typed");
typed<P.Coupons>("typed");
typed<P.CustomProvider>("typed");
typed<P.Integrations>("typed");
const resources: P.Resources = new library.PaymentsClient({ token: "t" });
console.log(resources);

none<
    Pick<
        P.PaymentsError,
        "code" | "status" | "messages" | "traceId" | "retryable" | "attempts" | "outcome" | "operation" | "body"
    >
>("none");
none<Omit<P.ResponseInfo, "headers">>("none");

const { ApiPromise, Page, PagePromise, PaymentsClient, PaymentsError } = library;
console.log(ApiPromise, Page, PagePromise, PaymentsClient, PaymentsError);

// The sandbox is a `fetch`, and the slim client is the same client.
const sandbox: Sandbox = createSandbox({ seed: 7, now: new Date(), locations: ["l"], size: 10, rateLimit: { max: 5 }, echo: "none" });
const faults: SandboxFaults = sandbox.faults;
const clientId: string = sandbox.app.clientId;
createSandbox({ rotation: "strict", app: { clientId, redirectUris: ["https://app.example.com/callback"] } });
createSandbox({ rotation: 5000 });
// @ts-expect-error there is no such rotation
createSandbox({ rotation: "lax" });
sandbox.install({ company: true, locationIds: ["l"] });
sandbox.uninstall({ locationId: "l" });
const ordered: string = sandbox.createOrder({ paid: true })._id;
const signed: Promise<Request> = sandbox.webhook("OrderCreate", { signature: "both", data: { ordered }, timestamp: null });
void sandbox.webhook("ContactCreate");
// @ts-expect-error there is no such signature
void sandbox.webhook("OrderCreate", { signature: "hmac" });
const [renewed]: { status?: string | null }[] = sandbox.records({ stream: "subscriptions", locationId: "l" });
const coupon: { code?: string | null } = sandbox.changeRecord({ stream: "coupons", id: "c" });
const gone: Promise<{ _id: string }> = connectSandbox("http://127.0.0.1:8787").deleteRecord({ stream: "orders" });
// @ts-expect-error: contacts are no stream of the Payments API
sandbox.records({ stream: "contacts" });
console.log(renewed, coupon, gone);
const sending: SandboxWebhooks = sandbox.webhooks({ url: "https://app.example.com/hooks", tries: 2 });
const pem: Promise<string> = sandbox.webhookKeys.ed25519();
// @ts-expect-error an address is needed
sandbox.webhooks({});
console.log(signed, sending.deliveries[0]?.status, pem);
// HighLevel's side of a custom provider is the same interface in this process and behind HTTP.
export const nobody = (error: unknown): string | undefined => (error instanceof SandboxConnectionError ? error.url : undefined);
const remote: RemoteSandbox = connectSandbox("http://127.0.0.1:8787", { secret: "s", fetch });
// What one has and the other has not, or under another name, as the README says it.
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_: Equal<A, B>): void {}
type OwnOnly = "webhook" | "webhooks" | "webhookKeys" | "checks";
same<Exclude<keyof Sandbox, keyof RemoteSandbox>, "fetch" | "locationId" | "companyId" | "app" | "faults" | OwnOnly>(true);
same<Exclude<keyof RemoteSandbox, keyof Sandbox>, "url" | "info" | "addFault" | "clearFaults">(true);
const sides: HighLevel[] = [sandbox, remote];
const opened: Promise<CheckoutSession>[] = sides.map((side) => side.checkout({ quirks: { props: "late" }, faults: ["verify-twice"] }));
const now: number = sandbox.now();
const later: Promise<number> = remote.now();
const due: string | undefined = sandbox.advance(1000)[0]?.subscriptionId;
const { meaning } = sandbox.checks.answer({ type: "verify" }, { status: 200, text: "{}" });
console.log(opened, now, later, due, meaning === "success", serveSandbox(sandbox, { cors: true }));
// @ts-expect-error there is no such fault
void sandbox.checkout({ faults: ["verify-thrice"] });
// @ts-expect-error a state is one of those that there are
void opened[0]?.then((session) => session.state === "paid");
// @ts-expect-error a charge has an amount
void sandbox.charge({ contactId: "c", paymentMethodId: "p" });
faults.add("status=500", { operation: "orders.list", times: 2 });
initialize(new Uint8Array());
initialize(new WebAssembly.Module(new Uint8Array()));
export const slim = new SlimClient({ token: sandbox.token(), locationId: sandbox.locationId, fetch: sandbox.fetch });
export const page: Promise<P.Page<P.OrderSummary>> = slim.orders.list().then((page) => page);
// @ts-expect-error bytes or a compiled module are needed
initialize();
// @ts-expect-error a seed is a number
createSandbox({ seed: "7" });
