/** The operation that a call was about. */
export interface OperationInfo {
    /** HighLevel's operationId, such as `get-order-by-id`. */
    id: string;
    /** The method of this client, such as `orders.get`. */
    name: string;
    /** The HTTP method. */
    method: "GET" | "POST" | "PUT" | "DELETE";
    /** The path template, such as `/payments/orders/{orderId}`. */
    path: string;
}

/** The limits that an answer named (100 requests in 10 s and 200,000 a day for an app and a location). */
export interface RateLimit {
    /** Requests allowed in one interval. */
    limit?: number;
    /** Requests left in this interval. */
    remaining?: number;
    /** Length of the interval in milliseconds. */
    intervalMs?: number;
    /** Requests allowed in a day. */
    dailyLimit?: number;
    /** Requests left today. */
    dailyRemaining?: number;
}

/** Something that happened during a call. It never holds the token. Later versions may know further types. */
export type PaymentsEvent = {
    /** The operation that the call is about. */
    operation: OperationInfo;
} & (
    | {
          /** A request leaves; there is none of a call that was aborted before. */
          type: "request";
          /** Which attempt it is, counted from 1. */
          attempt: number;
      }
    | {
          /** An answer came, whatever its status. */
          type: "response";
          /** Which attempt it answers. */
          attempt: number;
          /** Its HTTP status. */
          status: number;
          /** Milliseconds from the request to the answer's end. */
          durationMs: number;
      }
    | ({
          /** An answer named the limits of the app and the location. */
          type: "ratelimit";
      } & RateLimit)
    | {
          /** The call failed and will be sent again. */
          type: "retry";
          /** Which attempt failed. */
          attempt: number;
          /** Milliseconds until it is sent again. */
          delayMs: number;
          /** The `code` of the error that the attempt ended with, such as `rate_limited`. */
          reason: string;
          /** The HTTP status, if there was an answer. */
          status?: number;
      }
    | {
          /**
           * An answer differs from the shape that HighLevel promises. Of one answer the first hundred differences are told, and up
           * to a hundred more that could not be repaired.
           */
          type: "drift";
          /** Where, such as `data[57].amount`. */
          path: string;
          /** What is promised. */
          expected: string;
          /** What came. */
          found: string;
          /** Whether the value was turned into what is promised; otherwise it is passed on as it came. */
          repaired: boolean;
      }
);
