import { defineConfig } from "vitest/config";
import { fromEnvironment } from "./orders.js";

export default defineConfig({
    test: {
        environment: "jsdom",
        environmentOptions: { jsdom: { url: `http://127.0.0.1/?${new URLSearchParams(fromEnvironment())}` } },
        include: ["orders.test.js"],
    },
});
