"use client";

import { PaymentsClient } from "ghl-payments";
import { useEffect, useState } from "react";
import { orderIds } from "../orders.js";
import { OrderList } from "./order-list.jsx";

export function ClientOrders({ settings }) {
    const [ids, setIds] = useState([]);
    useEffect(() => {
        orderIds(PaymentsClient, settings).then(setIds);
    }, [settings]);
    return <OrderList id="client" ids={ids} />;
}
