import { edgeIds } from "./edge.js";
import { print } from "./orders.js";

print(await edgeIds());
