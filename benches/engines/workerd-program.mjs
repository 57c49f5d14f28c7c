// The measurement in a Worker: the job comes as a request.

import { run } from "../subject.mjs";

export default {
    async fetch(request) {
        const job = await request.json();
        // Not a pattern that the bundler would look for: the ways are modules of the Worker, beside this one.
        const load = (way) => {
            const path = `./${way}.js`;
            return import(path);
        };
        try {
            return Response.json(await run(job, load));
        } catch (error) {
            return new Response(String(error.stack), { status: 500 });
        }
    },
};
