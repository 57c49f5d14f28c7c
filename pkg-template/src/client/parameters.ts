import type * as Core from "../core.js";
import type { CardDetails, ChequeDetails, JsonObject, JsonValue, RecordPaymentFields } from "../core.js";

/**
 * Headers: an object of texts, or whatever iterates over pairs of a name and a text, such as a `Headers` of any library, a
 * Map or an array of pairs. Names that differ only in case are one header, whose values are joined by a comma. Anything
 * else is a ValidationError: no header is left out.
 */
export type HeadersOption = Record<string, string> | Iterable<readonly [name: string, value: string]>;

/** What one call may override. */
export interface CallOptions {
    /** Aborts the call: while it is under way and while it waits to be sent again. */
    signal?: AbortSignal | undefined;
    /** Milliseconds that one attempt may take. */
    timeoutMs?: number | undefined;
    /** Milliseconds that this call may take with all its attempts and waits. */
    deadlineMs?: number | undefined;
    /** Whether other calls go first where the rate limit makes them wait. Pages of an iteration after its first do so. */
    background?: boolean | undefined;
    /** How often this call is sent again at the most. */
    maxRetries?: number | undefined;
    /** Further headers; one of the same name takes the place of the client's. */
    headers?: HeadersOption | undefined;
    /** Instead of the client's `locationId`. */
    locationId?: string | undefined;
    /** Instead of the client's `strict`. */
    strict?: boolean | undefined;
}

/** How a payment that is recorded once is to be known again, besides what any call may override. */
export interface RecordOnceOptions extends CallOptions {
    /**
     * The payment's name, such as the id of the job that records it: 1 to 128 printable ASCII characters without quotes,
     * brackets, `&` and backslashes. It is sent as `meta.reference`. With a name of yours the call can be made again after
     * the process died: a payment of that name is not recorded a second time. Random when left out.
     */
    reference?: string | undefined;
    /**
     * Whether the reference also stands at the end of the payment's notes, as `[ref ...]`: of the notes it is known that
     * HighLevel shows them, of `meta` it is not. Default false.
     */
    referenceInNotes?: boolean | undefined;
    /**
     * When the job first began that the reference names, by HighLevel's clock. Where references are not shown, a payment of
     * the same amount and mode that was made since then may be the job's own, and none is sent. Default: any such payment.
     */
    since?: string | Date | undefined;
}

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
