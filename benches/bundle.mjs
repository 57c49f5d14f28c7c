// Each way as an application would ship it to an engine: one file, or the reason why there is none.

import { mkdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

export const tool = createRequire(process.env.NPM_TOOLS);

const PAGE = '<!doctype html><meta charset=utf-8><link rel=icon href=data:,><script type=module src="page.js"></script>';

/** Writes the ways for one engine into `folder`, with the page in which a browser runs them. */
export async function bundle(ways, folder, target) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "package.json"), '{"type":"module"}');
    await writeFile(join(folder, "page.html"), PAGE);
    const { build } = tool("esbuild");
    const source = (path) => new URL(path, import.meta.url).pathname;
    const options = { bundle: true, format: "esm", minify: true, logLevel: "silent", ...target };
    await build({ ...options, entryPoints: [source("engines/page-program.mjs")], outfile: join(folder, "page.js") });
    // In Node a package is imported as it is installed.
    const packages = target.platform === "node" ? "external" : "bundle";
    for (const way of ways) {
        const outfile = join(folder, `${way}.js`);
        const wasm = { loader: { ".wasm": "copy" } };
        try {
            await build({ ...options, ...wasm, packages, entryPoints: [source(`ways/${way}.mjs`)], outfile });
        } catch (error) {
            const reason = error.errors?.[0]?.text ?? error.message;
            await writeFile(outfile, `throw new Error(${JSON.stringify(`does not bundle: ${reason}`)});`);
        }
    }
}
