// OAuth as an application in TypeScript uses it.

import {
    createOAuth,
    d1Store,
    durableStore,
    memoryStore,
    OAuthError,
    PaymentsClient,
    type Installed,
    type OAuth,
    type TokenRow,
    type TokenStore,
} from "ghl-payments/edge";

const rows = new Map<string, TokenRow>();
/** A store of one's own, as the documentation describes it. */
const own: TokenStore = {
    run: (id, work) => work({ get: async () => rows.get(id) ?? null, put: async (row) => void rows.set(id, row) }),
};

const settings = {
    clientId: "app",
    clientSecret: "secret",
    redirectUri: "https://app.example/callback",
    scopes: ["payments/orders.readonly"] as const,
};
const oauth: OAuth = createOAuth({ ...settings, store: own, encryptionKey: ["new-key-new-key-new", new Uint8Array(32)] });
createOAuth({ ...settings, store: memoryStore(), apiVersion: "v3", userType: "Company", unsolicited: true, fetch, now: Date.now });
// @ts-expect-error: a store is needed.
createOAuth(settings);
// @ts-expect-error: KV gives no store.
createOAuth({ ...settings, store: new Map() });
// @ts-expect-error: one of two.
createOAuth({ ...settings, store: own, userType: "Agency" });

declare const env: {
    DB: { prepare(query: string): { bind(...values: unknown[]): any; all(): Promise<any> } };
    TOKENS: { idFromName(name: string): { id: string }; get(id: { id: string }): { fetch(): Promise<Response> } };
};
const stores: TokenStore[] = [d1Store(env.DB, { leaseMs: 20_000 }), durableStore(env.TOKENS)];
console.log(stores.length);

new PaymentsClient({ token: oauth.token, locationId: "l" });

export async function routes(request: Request): Promise<Response | undefined> {
    const { pathname } = new URL(request.url);
    if (pathname === "/install") return (await oauth.authorizeUrl({ state: "/orders" })).redirect();
    if (pathname === "/callback") {
        return oauth.callback(request, { redirectTo: ({ locationId = "", state = "/" }) => `${state}?at=${locationId}` });
    }
    const { url, headers } = await oauth.authorizeUrl();
    const cookie: string | null = headers.get("set-cookie");
    console.log(url.length, cookie);
    const installed: Installed = await oauth.callback(request);
    const ids: string[] = installed.approvedLocations;
    const token: string = await oauth.token(ids[0] ?? "l", { refused: "t", companyId: installed.companyId });
    await oauth.token({ companyId: "c" });
    await oauth.onInstall({ type: "INSTALL", locationId: "l", companyId: "c" });
    await oauth.reconnect({ companyId: "c" });
    await oauth.forget(token);
    try {
        await oauth.token("l");
    } catch (error) {
        if (OAuthError.is(error) && error.code === "needs_install") return Response.json(error.toJSON(), { status: error.status ?? 409 });
        // @ts-expect-error: there is no such code.
        if (OAuthError.is(error) && error.code === "gone") return undefined;
    }
    return undefined;
}
