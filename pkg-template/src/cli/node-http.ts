import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream as NodeStream } from "node:stream/web";

/** A server that has started. */
export interface Listening {
    /** Its address, such as `http://127.0.0.1:8787`. */
    url: string;
    /** Ends it and every connection to it. */
    close(): Promise<void>;
}

/** Where to listen. */
export interface ListenOptions {
    /** The port; 0 takes a free one. */
    port: number;
    /** The address of this machine to listen at; default `127.0.0.1`, which no other machine reaches. */
    host?: string;
}

/**
 * Serves a web handler over HTTP. A handler that never settles leaves the connection open; one that rejects with a
 * `DroppedConnection` breaks it.
 */
export function listen(
    handler: (request: Request) => Promise<Response>,
    { port, host = "127.0.0.1" }: ListenOptions,
): Promise<Listening> {
    const server = createServer((incoming, outgoing) => {
        void answer(handler, incoming, outgoing);
    });
    return new Promise((resolve, reject) => {
        server.once("error", (error: NodeJS.ErrnoException) => {
            reject(error.code === "EADDRINUSE" ? new Error(`port ${port} is taken`, { cause: error }) : error);
        });
        server.listen(port, host, () => {
            const { port: actual } = server.address() as AddressInfo;
            resolve({
                url: `http://${host.includes(":") ? `[${host}]` : host}:${actual}`,
                close: () =>
                    new Promise((closed) => {
                        server.close(() => closed());
                        server.closeAllConnections();
                    }),
            });
        });
    });
}

async function answer(
    handler: (request: Request) => Promise<Response>,
    incoming: IncomingMessage,
    outgoing: ServerResponse,
): Promise<void> {
    const gone = new AbortController();
    outgoing.once("close", () => {
        if (!outgoing.writableFinished) gone.abort();
    });
    let request: Request;
    try {
        request = toRequest(incoming, gone.signal);
    } catch {
        outgoing.writeHead(400, { "content-type": "text/plain", connection: "close" }).end("Bad Request");
        return;
    }
    try {
        const response = await handler(request);
        outgoing.writeHead(response.status, headersOf(response));
        if (response.body === null || request.method === "HEAD") {
            await response.body?.cancel();
            outgoing.end();
        } else {
            await pipeline(Readable.fromWeb(response.body as NodeStream), outgoing);
        }
    } catch (error) {
        const dropped = error instanceof Error && error.name === "DroppedConnection";
        if (dropped || outgoing.headersSent || gone.signal.aborted) {
            incoming.socket.destroy();
            return;
        }
        console.error(error);
        outgoing.writeHead(500, { "content-type": "text/plain", connection: "close" }).end("Internal Server Error");
    }
}

function toRequest(incoming: IncomingMessage, signal: AbortSignal): Request {
    const { method = "GET", url = "/", rawHeaders } = incoming;
    const headers = new Headers();
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
        headers.append(rawHeaders[i] ?? "", rawHeaders[i + 1] ?? "");
    }
    // Joined as text: a path such as `//x` would be taken for another host.
    const target = new URL(`http://${incoming.headers.host ?? "localhost"}${url.startsWith("/") ? url : "/"}`);
    const bodiless = method === "GET" || method === "HEAD";
    const init: RequestInit & { duplex?: "half" } = bodiless
        ? { method, headers, signal }
        : { method, headers, signal, body: Readable.toWeb(incoming) as ReadableStream<Uint8Array>, duplex: "half" };
    return new Request(target, init);
}

function headersOf(response: Response): Record<string, string | string[]> {
    const headers: Record<string, string | string[]> = Object.fromEntries(response.headers);
    const cookies = response.headers.getSetCookie();
    if (cookies.length > 0) headers["set-cookie"] = cookies;
    return headers;
}
