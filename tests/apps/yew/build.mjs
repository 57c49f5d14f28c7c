// As `trunk build` does it: cargo, wasm-bindgen, a page.

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const { CARGO_TARGET_DIR, WASM_BINDGEN } = process.env;
const target = "wasm32-unknown-unknown";
execFileSync("cargo", ["build", "--locked", "--release", "--target", target], { stdio: "inherit" });
const module = join(CARGO_TARGET_DIR, target, "release/app-yew.wasm");
execFileSync(WASM_BINDGEN, ["--target", "web", "--no-typescript", "--out-dir", "dist", module], { stdio: "inherit" });
writeFileSync(
    "dist/index.html",
    `<!doctype html>
<html lang="en">
    <head>
        <meta charset="utf-8" />
        <title>Orders</title>
        <link rel="icon" href="data:," />
    </head>
    <body>
        <script type="module">
            import start from "./app-yew.js";
            start();
        </script>
    </body>
</html>
`,
);
