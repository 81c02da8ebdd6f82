import { Link } from "@tanstack/react-router";
import styles from "./back-link.module.css";

/** Leads from one scenario or one run to the list of all. */
export function BackLink() {
  return (
    <p className={styles.back}>
      <Link to="/scenarios" className="tap">
        All scenarios
      </Link>
    </p>
  );
}
