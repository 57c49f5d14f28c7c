import { Miniflare } from "miniflare";

const { GHL_BASE_URL, GHL_LOCATION, GHL_CLIENT_ID, GHL_CLIENT_SECRET, PORT } = process.env;

const worker = new Miniflare({
    modules: true,
    scriptPath: "dist/worker.js",
    modulesRules: [{ type: "CompiledWasm", include: ["**/*.wasm"] }],
    compatibilityDate: "2025-09-01",
    bindings: { GHL_BASE_URL, GHL_LOCATION, GHL_CLIENT_ID, GHL_CLIENT_SECRET },
    host: "127.0.0.1",
    port: Number(PORT),
});
await worker.ready;
