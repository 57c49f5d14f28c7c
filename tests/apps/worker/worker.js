import { PaymentsClient } from "ghl-payments";
import { fromEnvironment, orderIds } from "./orders.js";

export default {
    /** @returns {Promise<Response>} */
    async fetch(request, env) {
        return Response.json(await orderIds(PaymentsClient, fromEnvironment(env)));
    },
};
