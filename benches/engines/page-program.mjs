// The measurement in a page: whoever drives the browser calls `run`.

import { run } from "../subject.mjs";

globalThis.run = (job) => run(job, (way) => import(new URL(`${way}.js`, location.href).href));
