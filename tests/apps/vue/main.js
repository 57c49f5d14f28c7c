import { PaymentsClient } from "ghl-payments";
import { createApp, h, onMounted, reactive, ref } from "vue";

const settings = Object.fromEntries(new URLSearchParams(location.search));

// Vue hands out what it holds behind proxies: the client, its resources, the page.
const Orders = {
    setup() {
        const payments = reactive(new PaymentsClient(settings));
        const page = ref();
        onMounted(async () => {
            page.value = await payments.orders.list({ limit: 5 });
            const next = await page.value.getNextPage();
            if (!page.value.hasNextPage() || next.data.length === 0) throw new Error("there is no next page");
            payments.close();
        });
        return () => page.value?.data.map((order) => h("li", { key: order._id }, order._id));
    },
};

createApp(Orders).mount("#orders");
