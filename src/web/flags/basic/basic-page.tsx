import { VisuallyHidden } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import type { Flag } from "../../../../gen/orrery/flags/v1/flags_pb.ts";
import { flagService, reasonOf, writer } from "../api.ts";
import { env } from "../env.ts";
import { usePageTitle } from "../layout/page-title.ts";
import { Problem } from "../layout/problem.tsx";
import { useWatched } from "../live/watch.ts";
import styles from "./basic-page.module.css";
import { FlagCard } from "./flag-card.tsx";
import { groupFlags } from "./group-flags.ts";

/** Every flag, with what it does; a choice is in force at once. */
export function BasicPage() {
  usePageTitle("Flags");
  const { find = "" } = useSearch({ from: "/" });
  const navigate = useNavigate({ from: "/" });
  const flags = useWatched((all) => all.now?.flags?.flags);
  const version = useWatched((all) => all.now?.flags?.version);
  const isLost = useWatched((all) => all.connection === "lost");
  const [said, setSaid] = useState("");
  const [problem, setProblem] = useState<string>();
  const on = flags?.filter(({ isAtRest }) => !isAtRest) ?? [];
  const groups = groupFlags(flags ?? [], find);

  /** Does something, and says what has become of it. */
  const act = async (work: () => Promise<string>) => {
    setProblem(undefined);
    try {
      setSaid(await work());
    } catch (error) {
      setSaid("");
      setProblem(reasonOf(error));
    }
  };
  const set = (flag: Flag, variant: string) =>
    act(async () => {
      const { flag: after } = await flagService.setFlag({ key: flag.key, variant, writer });
      return `${flag.key} is ${after?.variant ?? variant} now.`;
    });
  const rest = (keys: readonly string[]) =>
    act(async () => {
      const { keys: cleared } = await flagService.clearFlags({ keys: [...keys], writer });
      return cleared.length === 0 ? "They were at rest." : `At rest now: ${cleared.join(", ")}.`;
    });

  return (
    <>
      <div className="page-head">
        <h1>Flags and faults</h1>
        <p className={on.length > 0 ? styles.on : "dimmed"}>
          {flags === undefined ? "" : on.length === 0 ? "All are at rest." : `Not at rest: ${on.length}`}
        </p>
      </div>
      <div className={styles.actions}>
        <input
          type="search"
          aria-label="Find flags"
          placeholder="Find by key, service or effect"
          value={find}
          onChange={({ currentTarget }) =>
            void navigate({ search: currentTarget.value === "" ? {} : { find: currentTarget.value }, replace: true })
          }
        />
        <button type="button" className="button" disabled={on.length === 0} onClick={() => void rest([])}>
          All faults off
        </button>
        <p role="status" className={styles.said}>
          {said}
        </p>
      </div>
      {problem !== undefined && (
        <Problem>
          <p>{problem}</p>
        </Problem>
      )}
      {flags === undefined && <p className="dimmed">{isLost ? "The flags cannot be had; trying again." : "Loading"}</p>}
      {flags !== undefined && groups.length === 0 && <p className="dimmed">No flag is like that.</p>}
      <div className={styles.groups}>
        {groups.map(({ service, flags: ofService }) => (
          <section
            key={service}
            className={styles.group}
            style={{ "--flags": ofService.length } as React.CSSProperties}
            aria-label={service || "Of no service"}
          >
            <h2 className={styles.service}>
              {service || "Of no service"}
              {service !== "" && env.OBSERVATORY_URL && (
                <a className={styles.look} href={`${env.OBSERVATORY_URL}?node=${encodeURIComponent(service)}`}>
                  on the map<VisuallyHidden> of the Observatory: {service}</VisuallyHidden>
                </a>
              )}
            </h2>
            <div className={styles.cards}>
              {ofService.map((flag) => (
                <FlagCard
                  key={flag.key}
                  flag={flag}
                  version={version ?? ""}
                  onSet={(variant) => void set(flag, variant)}
                  onRest={() => void rest([flag.key])}
                  onSaid={setSaid}
                />
              ))}
            </div>
          </section>
        ))}
      </div>
    </>
  );
}
