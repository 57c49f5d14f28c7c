// Each way as an application would ship it to an engine: one file, or the reason why there is none.

import { mkdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

export const tool = createRequire(process.env.NPM_TOOLS);

/** Writes the ways for one engine into `folder`, and returns the wasm modules that they import. */
export async function bundle(ways, folder, target) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "package.json"), '{"type":"module"}');
    for (const way of ways) {
        const source = new URL(`ways/${way}.mjs`, import.meta.url).pathname;
        const options = { bundle: true, format: "esm", minify: true, logLevel: "silent", loader: { ".wasm": "copy" } };
        const outfile = join(folder, `${way}.js`);
        try {
            await tool("esbuild").build({ ...options, ...target, entryPoints: [source], outfile });
        } catch (error) {
            const reason = error.errors?.[0]?.text ?? error.message;
            await writeFile(outfile, `throw new Error(${JSON.stringify(`does not bundle: ${reason}`)});`);
        }
    }
}
