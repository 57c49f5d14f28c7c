// A Node process that has nothing loaded yet: milliseconds until a client lets its first request out.

import { pathToFileURL } from "node:url";

const start = performance.now();
const { open } = await import(pathToFileURL(process.argv[2]).href);
const fetch = () => {
    process.stdout.write(String(performance.now() - start), () => process.exit(0));
    return new Promise(() => {});
};
open({ token: "t", locationId: "l", baseUrl: "https://services.leadconnectorhq.com", fetch }).list();
