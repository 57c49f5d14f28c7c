export * from "./client.js";
export * from "./errors.js";
export { ApiPromise, Page, PagePromise, type ResponseInfo, type WithResponse } from "./promises.js";
export type * from "./models.js";
