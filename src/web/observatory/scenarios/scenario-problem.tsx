import { Code, ConnectError } from "@connectrpc/connect";
import { Nothing } from "../live/problem.tsx";
import { Refusal } from "../live/refusal.tsx";

/** Why there are no scenarios to show: a shop without them is no failure, and is told how to have them. */
export function ScenarioProblem({ error }: { readonly error: unknown }) {
  const { code, rawMessage } = ConnectError.from(error);
  if (code === Code.Unimplemented) {
    return (
      <Nothing title="This shop has no service for scenarios">
        It is not there where another flagd hands out the flags. <code>npm start</code> brings it along, and so do the
        containers.
      </Nothing>
    );
  }
  if (code === Code.Unavailable || code === Code.Unknown) {
    return (
      <Nothing title="The service for scenarios does not answer">
        Either this shop runs without it, or it is away. It is asked again every few seconds.
      </Nothing>
    );
  }
  return <Refusal>{rawMessage}</Refusal>;
}
