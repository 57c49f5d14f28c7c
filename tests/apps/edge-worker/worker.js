import { edgeIds } from "./edge.js";

export { TokenKeeper } from "ghl-payments/cloudflare";

export default {
    /** @returns {Promise<Response>} */
    async fetch(request, env) {
        return Response.json(await edgeIds(env));
    },
};
