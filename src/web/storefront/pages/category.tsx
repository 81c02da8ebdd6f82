import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { Empty } from "../feedback/empty.tsx";
import { usePageTitle } from "../page-title.ts";
import * as queries from "../queries.ts";
import { useCurrencyCode } from "../session.ts";
import { Listing } from "./listing.tsx";

export function CategoryPage() {
  const { name } = useParams({ from: "/category/$name" });
  const title = name.charAt(0).toUpperCase() + name.slice(1);
  usePageTitle(title);
  const products = useQuery(queries.productsOfCategory(name, useCurrencyCode()));
  return (
    <Listing
      title={title}
      products={products}
      empty={
        <Empty title="Nothing on this shelf" text={`The shop has no products in “${name}”.`}>
          <Button size="md" renderRoot={(props) => <Link {...props} to="/" />}>
            See all products
          </Button>
        </Empty>
      }
    />
  );
}
