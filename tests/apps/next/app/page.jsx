import { PaymentsClient } from "ghl-payments";
import { fromEnvironment, orderIds } from "../orders.js";
import { ClientOrders } from "./client-orders.jsx";
import { OrderList } from "./order-list.jsx";

// Asked for anew with each visit, not once at build time.
export const dynamic = "force-dynamic";

export default async function Page() {
    const settings = fromEnvironment();
    return (
        <>
            <OrderList id="server" ids={await orderIds(PaymentsClient, settings)} />
            <ClientOrders settings={settings} />
        </>
    );
}
