// For `node --import`: puts the recorder between the package and the world, in every process of a test.

import { register } from "node:module";

register("./hooks.mjs", import.meta.url);
