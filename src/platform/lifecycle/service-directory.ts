import type { DescService } from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import { type Address, address, ConfigError, type Environment } from "../config/environment.ts";
import { httpJsonTransport } from "../rpc/http-json.ts";
import { type LocalServices, localTransport } from "../rpc/local-services.ts";
import { replicatedTransport } from "../rpc/replicas.ts";
import type { ServiceDeclaration } from "./service.ts";

export interface DirectoryOptions {
  /** Every service of the system. */
  readonly declarations: readonly ServiceDeclaration[];
  /** The names of those that run in this process. */
  readonly run: readonly string[];
  readonly environment: Environment;
  /** Puts something around every outgoing call, under deadlines and retries. */
  readonly aroundCalls?: (transport: Transport) => Transport;
}

/** Knows who offers what, and how each is reached from this process: directly, by gRPC, or by JSON over HTTP. */
export class ServiceDirectory {
  readonly #options: DirectoryOptions;
  readonly #local: LocalServices;
  readonly #transports = new Map<string, Transport>();

  constructor(options: DirectoryOptions, local: LocalServices) {
    this.#options = options;
    this.#local = local;
  }

  get declarations(): readonly ServiceDeclaration[] {
    return this.#options.declarations;
  }

  /** @throws ConfigError when there is none of that name */
  declaration(name: string): ServiceDeclaration {
    const found = this.#options.declarations.find((declaration) => declaration.name === name);
    if (found !== undefined) return found;
    const names = this.#options.declarations.map((declaration) => declaration.name).join(", ");
    throw new ConfigError(`There is no service ${JSON.stringify(name)}; there are ${names}.`);
  }

  ownerOf(service: DescService): ServiceDeclaration {
    const owner = this.#options.declarations.find(({ rpc }) => rpc.includes(service));
    if (owner === undefined) throw new Error(`No service declares ${service.typeName}`);
    return owner;
  }

  /** The names of the services of this process. */
  get here(): readonly string[] {
    return this.#options.run;
  }

  isHere({ name }: ServiceDeclaration): boolean {
    return this.#options.run.includes(name);
  }

  /** Where a service of another process is: what its variable says, else this machine. */
  addressOf(owner: ServiceDeclaration): Address {
    const given = owner.address === undefined ? undefined : address(this.#options.environment, owner.address);
    return given ?? { kind: "rpc", origins: [`http://localhost:${owner.port.fallback}`] };
  }

  transportTo(owner: ServiceDeclaration): Transport {
    let transport = this.#transports.get(owner.name);
    if (transport === undefined) {
      transport = this.#around(this.#makeTransport(owner));
      this.#transports.set(owner.name, transport);
    }
    return transport;
  }

  /** Calls what is at an address, whoever that is. */
  transportAt(origin: string): Transport {
    return this.#around(replicatedTransport([origin]));
  }

  #around(transport: Transport): Transport {
    return this.#options.aroundCalls?.(transport) ?? transport;
  }

  #makeTransport(owner: ServiceDeclaration): Transport {
    if (this.isHere(owner)) return localTransport(this.#local);
    const at = this.addressOf(owner);
    if (at.kind === "rpc") return replicatedTransport(at.origins);
    if (owner.httpJson === undefined) {
      throw new ConfigError(
        `${owner.address}=${at.origin} is a URL, but ${owner.name} speaks RPC only: give host:port.`,
      );
    }
    const [service] = owner.rpc;
    if (service === undefined) throw new Error(`${owner.name} declares no RPC service`);
    return httpJsonTransport(service, at.origin, owner.httpJson);
  }
}
