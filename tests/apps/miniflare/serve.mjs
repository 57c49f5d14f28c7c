import { Miniflare } from "miniflare";

const { GHL_BASE_URL, GHL_TOKEN, GHL_LOCATION, PORT } = process.env;

const worker = new Miniflare({
    modules: true,
    scriptPath: "dist/worker.js",
    modulesRules: [{ type: "CompiledWasm", include: ["**/*.wasm"] }],
    // Before 2025-06-01 a Worker cannot compile bytes even while it starts.
    compatibilityDate: "2024-01-01",
    bindings: { GHL_BASE_URL, GHL_TOKEN, GHL_LOCATION },
    host: "127.0.0.1",
    port: Number(PORT),
});
await worker.ready;
