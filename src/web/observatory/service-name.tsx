import { serviceColor } from "./service-color.ts";
import styles from "./service-name.module.css";

/** A service's name with its colour in front. */
export function ServiceName({ name }: { readonly name: string }) {
  return (
    <span className={styles.name}>
      <span className={styles.swatch} style={{ background: serviceColor(name) }} />
      <bdi className={styles.text}>{name}</bdi>
    </span>
  );
}
