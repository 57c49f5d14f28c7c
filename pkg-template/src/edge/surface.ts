export * from "../client/surface.js";
export { PaymentsClient } from "./client.js";
export type * from "../edge-models.js";
