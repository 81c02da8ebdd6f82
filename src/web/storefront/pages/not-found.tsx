import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Empty } from "../feedback/empty.tsx";
import page from "../layout/page.module.css";
import { usePageTitle } from "../page-title.ts";

type NotFoundPageProps = { readonly title?: string; readonly text?: string };

/** For an address that leads nowhere, and for things that are not in the shop. */
export function NotFoundPage({
  title = "There is nothing in this part of the sky",
  text = "The address may be mistyped, or the page has moved on.",
}: NotFoundPageProps) {
  usePageTitle("Page Not Found");
  return (
    <div className={page.page}>
      <Empty title={title} text={text}>
        <Button size="md" renderRoot={(props) => <Link {...props} to="/" />}>
          Go to the front page
        </Button>
      </Empty>
    </div>
  );
}
