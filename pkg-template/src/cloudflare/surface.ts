export type * from "../edge-models.js";
