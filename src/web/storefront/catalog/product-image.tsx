import { useEffect, useState } from "react";
import { fetchDelayedImage } from "../api.ts";
import styles from "./product-image.module.css";
import { useImageDelay } from "./use-image-delay.ts";

/** Widths that the shop's pictures come in, px; they are 4:3. */
const widths = [320, 640, 1280];

type ProductImageProps = {
  /** File name below `/images/products/`; empty when the product has none. */
  readonly picture: string;
  readonly alt: string;
  /** How wide it is shown, as in the HTML attribute. */
  readonly sizes: string;
  /** Visible without scrolling: loaded at once. */
  readonly eager?: boolean;
};

/** Holds the place of a picture that is not there. */
function Blank() {
  return <div className={`${styles.image} ${styles.blank}`} />;
}

export function ProductImage({ picture, alt, sizes, eager = false }: ProductImageProps) {
  const [broken, setBroken] = useState(false);
  if (picture === "" || broken) return <Blank />;
  const url = `/images/products/${encodeURIComponent(picture)}`;
  return (
    <img
      className={styles.image}
      src={url}
      srcSet={widths.map((width) => `${url}?w=${width} ${width}w`).join(", ")}
      sizes={sizes}
      alt={alt}
      width={1280}
      height={960}
      loading={eager ? "eager" : "lazy"}
      decoding="async"
      onError={() => setBroken(true)}
    />
  );
}

/** The picture of a product card: the plain one, unless the slow-image flag holds it back. */
export function ProductCardImage(props: ProductImageProps) {
  const delayMs = useImageDelay();
  if (delayMs === undefined) return <Blank />;
  return delayMs > 0 ? <DelayedImage {...props} delayMs={delayMs} /> : <ProductImage {...props} />;
}

function DelayedImage({ picture, alt, delayMs }: ProductImageProps & { readonly delayMs: number }) {
  const [source, setSource] = useState<string>();
  useEffect(() => {
    if (picture === "") return;
    const gone = new AbortController();
    let url: string | undefined;
    fetchDelayedImage(`/images/products/${encodeURIComponent(picture)}`, delayMs, gone.signal).then(
      (blob) => {
        if (gone.signal.aborted) return;
        url = URL.createObjectURL(blob);
        setSource(url);
      },
      () => {
        // The card keeps its empty frame, as it does for a broken picture.
      },
    );
    return () => {
      gone.abort();
      if (url) URL.revokeObjectURL(url);
    };
  }, [picture, delayMs]);
  if (!source) return <Blank />;
  return <img className={styles.image} src={source} alt={alt} width={1280} height={960} />;
}
