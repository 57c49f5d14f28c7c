// Starts the server beside the measurement.

import { spawn } from "node:child_process";
import { once } from "node:events";

export async function serve(files) {
    const program = new URL("server.mjs", import.meta.url).pathname;
    const child = spawn(process.execPath, [program, files], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = await once(child.stdout, "data");
    return {
        origin: String(line).trim(),
        async close() {
            const ended = once(child, "exit");
            child.kill();
            await ended;
        },
    };
}
