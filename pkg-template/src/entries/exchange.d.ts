// What the edge uses of src/transport/exchange.js, which the client's module brings along.

/** How a wait ended. */
export interface End {
    /** 3: as it should; 1: the time was over; anything else: it failed. */
    how: number;
    /** What it failed with. */
    cause?: unknown;
}

/** How a request ended. */
export interface Exchanged extends End {
    /** The answer, once its head has come. */
    response?: Response;
    /** Its headers, each as text or `null`. */
    headers?: { get(name: string): string | null };
    /** Its body, up to the length that was asked for. */
    body?: Uint8Array;
    /** Whether it is longer. */
    cut?: boolean;
}

/** Sends a request and reads its answer, up to `max` bytes of it; `headers` is a JSON object. Never rejects. */
export function exchange(
    fetch: unknown,
    method: string,
    url: string,
    headers: string,
    body: string | undefined,
    ms: number,
    signal: AbortSignal | undefined,
    max: number,
): Promise<Exchanged>;

/** Waits. */
export function pause(ms: number, signal?: AbortSignal): Promise<End>;

/** Calls a function for a token, once for all who want the same; whoever asked may be gone. Never rejects. */
export function shared(
    call: (wanted: { locationId: string; refused?: string }) => Promise<string>,
    locationId: string,
    refused: string | undefined,
    signal: AbortSignal | undefined,
    ms: number,
): Promise<End & { token?: string }>;
