import { ExportResultCode } from "@opentelemetry/core";
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-grpc";
import { expect, test } from "vitest";
import { freePort } from "../lifecycle/free-port.ts";
import { AwaitingExporter } from "./awaiting-exporter.ts";

test("what waits for a backend is offered once more and given up when the waiting ends, and later is offered once", async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const exporter = new AwaitingExporter(new OTLPLogExporter({ url }), 3_600_000);
  const codes: ExportResultCode[] = [];
  const exported = () =>
    new Promise<void>((resolve) =>
      exporter.export([], ({ code }) => {
        codes.push(code);
        resolve();
      }),
    );
  const waiting = exported();
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(codes).toEqual([]);
  exporter.stopWaiting();
  await waiting;
  await exported();
  expect(codes).toEqual([ExportResultCode.FAILED, ExportResultCode.FAILED]);
  await exporter.shutdown();
});
