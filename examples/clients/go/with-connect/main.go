// Places an order with connectrpc.com/connect:
//
//	go run ./with-connect [address] [connect | grpc | grpc-web]
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	"orrery.example/client/gen/oteldemo"
	"orrery.example/client/gen/oteldemo/oteldemoconnect"
)

func main() {
	address, protocol := "http://localhost:8080", "connect"
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	if len(os.Args) > 2 {
		protocol = os.Args[2]
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := placeOrder(ctx, address, protocol); err != nil {
		log.Fatal(err)
	}
}

func placeOrder(ctx context.Context, address, protocol string) error {
	// HTTP/2 without TLS, which gRPC needs.
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	client := &http.Client{Transport: &http.Transport{Protocols: protocols}}

	var options []connect.ClientOption
	switch protocol {
	case "connect":
	case "grpc":
		options = append(options, connect.WithGRPC())
	case "grpc-web":
		options = append(options, connect.WithGRPCWeb())
	default:
		return fmt.Errorf("%q is none of connect, grpc, grpc-web", protocol)
	}
	catalog := oteldemoconnect.NewProductCatalogServiceClient(client, address, options...)
	cart := oteldemoconnect.NewCartServiceClient(client, address, options...)
	checkout := oteldemoconnect.NewCheckoutServiceClient(client, address, options...)

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
	withKey, info := connect.NewClientContext(ctx)
	info.RequestHeader().Set("idempotency-key", rand.Text())
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
	fmt.Printf("without a key: %s, %s\n", connect.CodeOf(err), reasonOf(err))
	return nil
}

func reasonOf(err error) string {
	var refused *connect.Error
	if !errors.As(err, &refused) {
		return ""
	}
	for _, detail := range refused.Details() {
		value, err := detail.Value()
		if info, ok := value.(*errdetails.ErrorInfo); err == nil && ok {
			return info.GetReason()
		}
	}
	return ""
}
