// A recorded fetch in place of the global one while the client's transport is loaded, which takes what it finds then for the
// runtime's own. Whoever imports this puts the global one back; each copy of the package imports one of its own.

import { recordedFetch } from "./recorder.mjs";

/** The global fetch. */
export const global = globalThis.fetch;
/** The same, recorded. */
export const recorded = recordedFetch(global);

globalThis.fetch = recorded;
