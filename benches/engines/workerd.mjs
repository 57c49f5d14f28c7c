// workerd, the runtime of Cloudflare Workers, as Miniflare starts it.

import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { tool } from "../bundle.mjs";

export const name = "workerd";
export const target = { platform: "browser", conditions: ["workerd", "worker", "browser"] };
/** Its clock counts whole milliseconds, so that a sample has to last longer; the start of a sample falls anywhere within one. */
export const sampleMs = 6;

export async function open({ ways }) {
    const script = await tool("esbuild").build({
        entryPoints: [new URL("workerd-program.mjs", import.meta.url).pathname],
        bundle: true,
        format: "esm",
        write: false,
    });
    const names = await readdir(ways);
    const of = (ending) => names.filter((name) => name.endsWith(ending));
    const read = (type) => async (path) => ({ type, path, contents: await readFile(join(ways, path)) });
    const worker = new (tool("miniflare").Miniflare)({
        modules: [
            { type: "ESModule", path: "worker.js", contents: script.outputFiles[0].text },
            ...(await Promise.all(of(".js").map(read("ESModule")))),
            ...(await Promise.all(of(".wasm").map(read("CompiledWasm")))),
        ],
        compatibilityDate: "2025-09-01",
    });
    await worker.ready;
    const { version } = createRequire(tool.resolve("miniflare"))("workerd/package.json");
    return {
        async run({ only, ...job }) {
            const results = [];
            // One request for each case: what runs for minutes would be more than a Worker does.
            for (const name of only) {
                const body = JSON.stringify({ ...job, only: [name] });
                const response = await worker.dispatchFetch("http://worker.test/", { method: "POST", body });
                if (!response.ok) throw new Error(await response.text());
                results.push(...(await response.json()));
            }
            return { engine: `workerd ${version}`, results };
        },
        close: () => worker.dispose(),
    };
}
