// The measurement in a Node process: the job comes as an argument, the results go to standard output.

import { run } from "../subject.mjs";

const { folder, ...job } = JSON.parse(process.argv[2]);
const results = await run(job, (way) => import(`${folder}/${way}.js`));
process.stdout.write(JSON.stringify({ engine: `Node ${process.versions.node}`, results }));
