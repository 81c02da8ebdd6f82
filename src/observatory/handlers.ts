import type { ServiceImpl } from "@connectrpc/connect";
import type { ObservatoryService } from "../../gen/orrery/observatory/v1/observatory_pb.ts";
import { rpcError } from "../platform/rpc/errors.ts";
import { observatoryErrors } from "./errors.ts";
import { Refusal } from "./store/refusal.ts";
import type { StoreClient } from "./store/store-client.ts";
import type { Watchers } from "./watch.ts";

export function observatoryHandlers(store: StoreClient, watchers: Watchers): ServiceImpl<typeof ObservatoryService> {
  return {
    getMap: ({ $typeName: _, $unknown: __, ...request }) => store.ask("getMap", request),
    listServices: () => store.ask("listServices"),
    searchTraces: ({ $typeName: _, $unknown: __, ...search }) => store.ask("searchTraces", search),
    async getTrace({ traceId }) {
      const trace = await store.ask("getTrace", traceId);
      if (trace.spans?.length || trace.logs?.length) return trace;
      throw rpcError(observatoryErrors.TRACE_NOT_FOUND, `There is no trace ${traceId.toLowerCase()} in the store.`);
    },
    listMetrics: ({ service }) => store.ask("listMetrics", service),
    async queryMetric({ $typeName: _, $unknown: __, ...query }) {
      const found = await store.ask("queryMetric", query);
      if (found !== undefined) return found;
      throw rpcError(
        observatoryErrors.METRIC_NOT_FOUND,
        `There is no metric ${JSON.stringify(query.name)} in the store.`,
      );
    },
    searchLogs: ({ $typeName: _, $unknown: __, ...search }) => store.ask("searchLogs", search),
    measureObjectives: ({ range }) => store.ask("measureObjectives", range),
    listObjectives: () => store.ask("listObjectives"),
    listAlerts: ({ limit }) => store.ask("listAlerts", limit),
    listMarks: ({ range }) => store.ask("listMarks", range),
    async runQuery({ sql, maxRows }) {
      try {
        return await store.ask("runQuery", sql, maxRows);
      } catch (error) {
        if (error instanceof Refusal) throw rpcError(observatoryErrors.QUERY_REFUSED, error.message);
        throw error;
      }
    },
    getSchema: () => store.ask("getSchema"),
    getStatus: () => store.ask("getStatus"),
    watch: (request, context) => watchers.watch(request, context.signal),
  };
}
