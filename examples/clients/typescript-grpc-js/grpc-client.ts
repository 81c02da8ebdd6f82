import {
  create,
  type DescMethodUnary,
  type DescService,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { type CallOptions, type ChannelCredentials, Client, Metadata } from "@grpc/grpc-js";

type UnaryCall<M> =
  M extends DescMethodUnary<infer I, infer O>
    ? (request: MessageInitShape<I>, call?: { metadata?: Metadata; options?: CallOptions }) => Promise<MessageShape<O>>
    : never;

type ServiceClient<S extends DescService> = { readonly [K in keyof S["method"]]: UnaryCall<S["method"][K]> };

/** A typed grpc-js client for a service that protoc-gen-es has generated. */
export function grpcClient<S extends DescService>(
  service: S,
  address: string,
  credentials: ChannelCredentials,
): ServiceClient<S> {
  const client = new Client(address, credentials);
  const methods = service.methods.map((method) => [method.localName, unaryCall(client, method)]);
  return Object.fromEntries(methods) as ServiceClient<S>;
}

function unaryCall(client: Client, { parent, name, input, output }: DescService["methods"][number]) {
  return (
    request: MessageInitShape<typeof input>,
    { metadata = new Metadata(), options = {} }: { metadata?: Metadata; options?: CallOptions } = {},
  ) =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        `/${parent.typeName}/${name}`,
        (message) => Buffer.from(toBinary(input, create(input, message))),
        (bytes) => fromBinary(output, bytes),
        request,
        metadata,
        options,
        (error, response) => (error === null ? resolve(response) : reject(error)),
      );
    });
}
