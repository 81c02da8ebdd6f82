import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  createRegistry,
  type DescExtension,
  type DescFile,
  type DescService,
  type Registry,
  toBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, type ConnectRouter } from "@connectrpc/connect";
import {
  ServerReflection as ReflectionV1,
  type ServerReflectionRequest,
  type ServerReflectionResponseSchema,
} from "../../../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ReflectionV1Alpha } from "../../../gen/grpc/reflection/v1alpha/reflection_pb.ts";

type Answer = NonNullable<MessageInitShape<typeof ServerReflectionResponseSchema>["messageResponse"]>;

/**
 * `grpc.reflection.v1` and `v1alpha`, which differ in name only. Describes every service of `registry`, served behind
 * this port or not, so that one port behind a proxy answers for all.
 */
export function reflectionRoutes(registry: Registry): (router: ConnectRouter) => void {
  const catalogue = new Catalogue(registry);
  async function* answer(requests: AsyncIterable<ServerReflectionRequest>) {
    for await (const request of requests) {
      yield {
        validHost: request.host,
        originalRequest: request,
        messageResponse: catalogue.answer(request.messageRequest),
      };
    }
  }
  return (router) => {
    router.service(ReflectionV1, { serverReflectionInfo: answer });
    router.service(ReflectionV1Alpha, {
      serverReflectionInfo: (requests) =>
        answer(requests as AsyncIterable<unknown> as AsyncIterable<ServerReflectionRequest>) as never,
    });
  };
}

class Catalogue {
  readonly #files = new Map<string, DescFile>();
  readonly #symbols = new Map<string, DescFile>();
  readonly #extensions: DescExtension[] = [];
  readonly #services: DescService[] = [];

  constructor(registry: Registry) {
    for (const type of registry) {
      this.#addFile(type.file);
      if (type.kind === "service") this.#services.push(type);
    }
    for (const type of createRegistry(...this.#files.values())) {
      this.#symbols.set(type.typeName, type.file);
      if (type.kind === "extension") this.#extensions.push(type);
      const members =
        type.kind === "service"
          ? type.methods
          : type.kind === "message"
            ? type.fields
            : type.kind === "enum"
              ? type.values
              : [];
      for (const member of members) this.#symbols.set(`${type.typeName}.${member.name}`, type.file);
    }
  }

  answer(request: ServerReflectionRequest["messageRequest"]): Answer {
    switch (request.case) {
      case "listServices":
        return {
          case: "listServicesResponse",
          value: { service: this.#services.map(({ typeName }) => ({ name: typeName })) },
        };
      case "fileByFilename":
        return this.#file(this.#files.get(request.value), request.value);
      case "fileContainingSymbol":
        return this.#file(this.#symbols.get(request.value), request.value);
      case "fileContainingExtension": {
        const { containingType, extensionNumber } = request.value;
        const found = this.#extensions.find(
          (extension) => extension.extendee.typeName === containingType && extension.number === extensionNumber,
        );
        return this.#file(found?.file, `extension ${extensionNumber} of ${containingType}`);
      }
      case "allExtensionNumbersOfType":
        return {
          case: "allExtensionNumbersResponse",
          value: {
            baseTypeName: request.value,
            extensionNumber: this.#extensions
              .filter((extension) => extension.extendee.typeName === request.value)
              .map((extension) => extension.number),
          },
        };
      case undefined:
        return error(Code.InvalidArgument, "The request asks for nothing.");
    }
  }

  #addFile(file: DescFile): void {
    const name = `${file.name}.proto`;
    if (this.#files.has(name)) return;
    this.#files.set(name, file);
    for (const dependency of file.dependencies) this.#addFile(dependency);
  }

  /** The file and everything that it imports, each before what it needs, so that one answer is enough for a client. */
  #file(file: DescFile | undefined, wanted: string): Answer {
    if (file === undefined) return error(Code.NotFound, `${wanted} is not known here.`);
    const seen = new Set<DescFile>();
    const visit = (next: DescFile): void => {
      if (seen.has(next)) return;
      for (const dependency of next.dependencies) visit(dependency);
      seen.add(next);
    };
    visit(file);
    return {
      case: "fileDescriptorResponse",
      value: {
        fileDescriptorProto: [...seen].reverse().map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto)),
      },
    };
  }
}

function error(errorCode: Code, errorMessage: string): Answer {
  return { case: "errorResponse", value: { errorCode, errorMessage } };
}
