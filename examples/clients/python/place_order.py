"""Places an order with grpcio: python place_order.py [host:port]"""

import datetime
import sys
import uuid
from pathlib import Path

import grpc
from google.rpc.error_details_pb2 import ErrorInfo
from grpc_status import rpc_status

# The generated modules import each other from their own root.
sys.path.insert(0, str(Path(__file__).with_name("gen")))
from oteldemo import (  # noqa: E402
    address_pb2,
    cart_pb2,
    cart_pb2_grpc,
    checkout_pb2,
    checkout_pb2_grpc,
    empty_pb2,
    payment_pb2,
    product_catalog_pb2_grpc,
)


def place_order(address: str) -> None:
    with grpc.insecure_channel(address) as channel:
        catalog = product_catalog_pb2_grpc.ProductCatalogServiceStub(channel)
        cart = cart_pb2_grpc.CartServiceStub(channel)
        checkout = checkout_pb2_grpc.CheckoutServiceStub(channel)

        user_id = str(uuid.uuid4())
        request = checkout_pb2.PlaceOrderRequest(
            user_id=user_id,
            user_currency="EUR",
            email="jo@example.com",
            address=address_pb2.Address(
                street_address="Observatory Street 1",
                city="Heidelberg",
                country="Germany",
                zip_code="69117",
            ),
            credit_card=payment_pb2.CreditCardInfo(
                credit_card_number="4432-8015-6152-0454",
                credit_card_cvv=672,
                credit_card_expiration_year=datetime.date.today().year + 3,
                credit_card_expiration_month=1,
            ),
        )

        products = catalog.ListProducts(empty_pb2.Empty(), timeout=10).products
        product = products[0]
        print(f"{len(products)} products; buying two of {product.name}")

        item = cart_pb2.CartItem(product_id=product.id, quantity=2)
        cart.AddItem(cart_pb2.AddItemRequest(user_id=user_id, item=item), timeout=10)

        # With a key of your own, a call whose answer got lost can be repeated:
        # the order is placed and paid once.
        metadata = [("idempotency-key", str(uuid.uuid4()))]
        order = checkout.PlaceOrder(request, metadata=metadata, timeout=10).order
        print(f"order {order.order_id}, tracking id {order.shipping_tracking_id}")

        again = checkout.PlaceOrder(request, metadata=metadata, timeout=10).order
        if again.order_id != order.order_id:
            raise RuntimeError("The repeated call placed another order.")
        print("repeated with the same key: the same order")

        # The cart is empty now. Programs tell errors apart by their reason.
        try:
            checkout.PlaceOrder(request, timeout=10)
        except grpc.RpcError as error:
            print(f"without a key: {error.code().name}, {reason_of(error)}")
        else:
            raise RuntimeError("An empty cart was ordered.")


def reason_of(error: grpc.RpcError) -> str:
    status = rpc_status.from_call(error)
    for detail in status.details if status is not None else []:
        info = ErrorInfo()
        if detail.Unpack(info):
            return info.reason
    return ""


if __name__ == "__main__":
    place_order(sys.argv[1] if len(sys.argv) > 1 else "localhost:8080")
