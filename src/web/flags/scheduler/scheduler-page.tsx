import { usePageTitle } from "../layout/page-title.ts";
import { useWatched } from "../live/watch.ts";
import { ScheduleForm } from "./schedule-form.tsx";
import { ScheduleStatus } from "./schedule-status.tsx";

/** Lets flags be switched on and off by chance. */
export function SchedulerPage() {
  usePageTitle("Scheduler");
  const schedule = useWatched((all) => all.now?.schedule);
  return (
    <>
      <div className="page-head">
        <h1>Scheduler</h1>
        <p className="dimmed">
          Switches flags on and off by chance, and always reverts. A flag that you switch yourself is left alone.
        </p>
      </div>
      {schedule === undefined ? (
        <p className="dimmed">Loading</p>
      ) : (
        <>
          <ScheduleStatus schedule={schedule} />
          <ScheduleForm schedule={schedule} />
        </>
      )}
    </>
  );
}
