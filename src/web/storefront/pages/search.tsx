import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { Empty } from "../feedback/empty.tsx";
import { usePageTitle } from "../page-title.ts";
import * as queries from "../queries.ts";
import { useCurrencyCode } from "../session.ts";
import { Listing } from "./listing.tsx";

export function SearchPage() {
  const { q } = useSearch({ from: "/search" });
  usePageTitle(q === "" ? "Search" : `Search: ${q}`);
  const products = useQuery(queries.productsFound(q, useCurrencyCode()));
  return (
    <Listing
      title={q === "" ? "All products" : `Results for “${q}”`}
      products={products}
      empty={
        <Empty title={`Nothing found for “${q}”`} text="Try fewer or other words, such as “telescope” or “filter”.">
          <Button size="md" renderRoot={(props) => <Link {...props} to="/" />}>
            See all products
          </Button>
        </Empty>
      }
    />
  );
}
