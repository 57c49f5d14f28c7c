import { cloudflareTest } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";

const { GHL_BASE_URL, GHL_TOKEN, GHL_LOCATION } = process.env;

export default defineConfig({
    plugins: [
        cloudflareTest({
            // From there come the rules that make a module of a wasm file, as in every project of wrangler.
            wrangler: { configPath: "./wrangler.jsonc" },
            miniflare: { bindings: { GHL_BASE_URL, GHL_TOKEN, GHL_LOCATION } },
        }),
    ],
    test: { include: ["orders.test.js"] },
});
