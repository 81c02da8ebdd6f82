// Places an order with google.golang.org/grpc:
//
//	go run ./with-grpc [host:port]
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"orrery.example/client/gen/oteldemo"
)

func main() {
	address := "localhost:8080"
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := placeOrder(ctx, address); err != nil {
		log.Fatal(err)
	}
}

func placeOrder(ctx context.Context, address string) error {
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()
	catalog := oteldemo.NewProductCatalogServiceClient(connection)
	cart := oteldemo.NewCartServiceClient(connection)
	checkout := oteldemo.NewCheckoutServiceClient(connection)

	userID := rand.Text()
	request := &oteldemo.PlaceOrderRequest{
		UserId:       userID,
		UserCurrency: "EUR",
		Email:        "jo@example.com",
		Address: &oteldemo.Address{
			StreetAddress: "Observatory Street 1",
			City:          "Heidelberg",
			Country:       "Germany",
			ZipCode:       "69117",
		},
		CreditCard: &oteldemo.CreditCardInfo{
			CreditCardNumber:          "4432-8015-6152-0454",
			CreditCardCvv:             672,
			CreditCardExpirationYear:  int32(time.Now().Year() + 3),
			CreditCardExpirationMonth: 1,
		},
	}

	list, err := catalog.ListProducts(ctx, &oteldemo.Empty{})
	if err != nil {
		return err
	}
	product := list.GetProducts()[0]
	fmt.Printf("%d products; buying two of %s\n", len(list.GetProducts()), product.GetName())

	item := &oteldemo.CartItem{ProductId: product.GetId(), Quantity: 2}
	if _, err := cart.AddItem(ctx, &oteldemo.AddItemRequest{UserId: userID, Item: item}); err != nil {
		return err
	}

	// With a key of your own, a call whose answer got lost can be repeated: the order is placed and paid once.
	withKey := metadata.AppendToOutgoingContext(ctx, "idempotency-key", rand.Text())
	first, err := checkout.PlaceOrder(withKey, request)
	if err != nil {
		return err
	}
	order := first.GetOrder()
	fmt.Printf("order %s, tracking id %s\n", order.GetOrderId(), order.GetShippingTrackingId())

	again, err := checkout.PlaceOrder(withKey, request)
	if err != nil {
		return err
	}
	if again.GetOrder().GetOrderId() != order.GetOrderId() {
		return errors.New("the repeated call placed another order")
	}
	fmt.Println("repeated with the same key: the same order")

	// The cart is empty now. Programs tell errors apart by their reason.
	_, err = checkout.PlaceOrder(ctx, request)
	if err == nil {
		return errors.New("an empty cart was ordered")
	}
	fmt.Printf("without a key: %s, %s\n", status.Code(err), reasonOf(err))
	return nil
}

func reasonOf(err error) string {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			return info.GetReason()
		}
	}
	return ""
}
