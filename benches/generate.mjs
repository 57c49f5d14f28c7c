// The clients that hey-api generates from this repository's own description of the API: plain, and with either validator.
// The published description will not do: by it both validators refuse what HighLevel answers.

import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createClient } from "@hey-api/openapi-ts";

const VALIDATORS = { plain: undefined, valibot: "valibot", zod: "zod" };

/** Writes them into `folder`, unless they are there already. */
export async function generate(input, lock, folder) {
    const stamp = join(folder, "made-of");
    const source = `${await readFile(lock, "utf8")}${await readFile(input, "utf8")}`;
    if ((await readFile(stamp, "utf8").catch(() => "")) === source) return;
    await rm(folder, { recursive: true, force: true });
    for (const [name, validator] of Object.entries(VALIDATORS)) {
        const response = validator ?? false;
        await createClient({
            input,
            output: { path: join(folder, name) },
            logs: { level: "silent", file: false },
            plugins: [
                "@hey-api/client-fetch",
                "@hey-api/typescript",
                ...(validator ? [validator] : []),
                { name: "@hey-api/sdk", validator: { request: false, response } },
            ],
        });
    }
    await writeFile(stamp, source);
}
