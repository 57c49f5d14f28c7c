import type * as Core from "../core.js";
import type {
    CardDetails,
    ChequeDetails,
    JsonObject,
    JsonValue,
    PlainCallOptions,
    PlainOnceOptions,
    RecordPaymentFields,
} from "../core.js";

/**
 * Headers: an object of texts, or whatever iterates over pairs of a name and a text, such as a `Headers` of any library, a
 * Map or an array of pairs. Names that differ only in case are one header, whose values are joined by a comma. Anything
 * else is a ValidationError: no header is left out.
 */
export type HeadersOption = Record<string, string> | Iterable<readonly [name: string, value: string]>;

/** What one call may override. */
export interface CallOptions extends PlainCallOptions {
    /** Aborts the call: while it is under way and while it waits to be sent again. */
    signal?: AbortSignal | undefined;
    /** Further headers; one of the same name takes the place of the client's. */
    headers?: HeadersOption | undefined;
}

/** How a payment that is recorded once is to be known again, besides what any call may override. */
export interface RecordOnceOptions extends PlainOnceOptions, CallOptions {}

/** What every recorded payment may say. */
type WithoutMode = Omit<RecordPaymentFields, "mode" | "card" | "cheque">;

/**
 * A payment made outside HighLevel: `card` goes with `mode: "card"` only, `cheque` with `mode: "cheque"` only.
 *
 * ```ts
 * import type { RecordPaymentBody } from "ghl-payments";
 *
 * const body: RecordPaymentBody = { mode: "card", card: { type: "visa", last4: "4242" }, amount: 59.5 };
 * ```
 */
export type RecordPaymentBody = WithoutMode &
    (
        | {
              /** By a card that was charged elsewhere. */
              mode: "card";
              /** The card. */
              card?: CardDetails | undefined;
              /** Goes with `mode: "cheque"` only. */
              cheque?: never;
          }
        | {
              /** By a cheque. */
              mode: "cheque";
              /** The cheque. */
              cheque?: ChequeDetails | undefined;
              /** Goes with `mode: "card"` only. */
              card?: never;
          }
        | {
              /** In any other way. */
              mode: "cash" | "bank_transfer" | "other";
              /** Goes with `mode: "card"` only. */
              card?: never;
              /** Goes with `mode: "cheque"` only. */
              cheque?: never;
          }
    );

/** At least one of these fields of `T`; the others as they are. */
export type OneOf<T, Names extends keyof T> = Omit<T, Names> &
    { [Name in Names]: { [Given in Name]: Exclude<T[Given], undefined> } & Pick<T, Exclude<Names, Name>> }[Names];

/** The coupon to read: its `id`, its `code`, or both. */
export type GetCouponParams = OneOf<Core.GetCouponParams, "id" | "code">;

/** The keys to connect: of the live mode, of the test mode, or of both. */
export type ConnectProviderBody = OneOf<Core.ConnectProviderBody, "live" | "test">;

/** What your payment provider can do, in one location or in all locations of a company. */
export type UpdateCapabilitiesBody = OneOf<Core.UpdateCapabilitiesBody, "companyId" | "locationId">;

/** A note on an order. HighLevel publishes no schema. */
export interface OrderNote {
    /** Id of the note, where it has one. */
    _id?: string | null | undefined;
    /** Whatever else HighLevel sends. */
    [field: string]: JsonValue | undefined;
}

/** The notes of an order as HighLevel sends them: a list, or an object that holds one. */
export type OrderNotes = OrderNote[] | JsonObject;
