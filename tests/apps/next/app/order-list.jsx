export function OrderList({ id, ids }) {
    return (
        <ol id={id}>
            {ids.map((order) => (
                <li key={order}>{order}</li>
            ))}
        </ol>
    );
}
