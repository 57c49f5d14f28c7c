import { PaymentsClient } from "ghl-payments";
import { fromEnvironment, orderIds } from "../../orders.js";

export const runtime = "edge";
export const dynamic = "force-dynamic";

export async function GET() {
    return Response.json(await orderIds(PaymentsClient, fromEnvironment()));
}
