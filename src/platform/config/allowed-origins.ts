import { ConfigError, type Environment, text } from "./environment.ts";

/**
 * Which web pages of other origins may call the services: ALLOWED_ORIGINS, separated by commas; without it, pages
 * served from this machine.
 */
export function allowedOrigins(environment: Environment): (origin: string) => boolean {
  const given = text(environment, "ALLOWED_ORIGINS");
  if (given === undefined) {
    return (origin) => URL.canParse(origin) && ["localhost", "127.0.0.1", "[::1]"].includes(new URL(origin).hostname);
  }
  const origins = given.split(",").map((origin) => origin.trim().replace(/\/$/, ""));
  const wrong = origins.find((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin);
  if (wrong !== undefined) {
    throw new ConfigError(
      `ALLOWED_ORIGINS=${given} is not valid: ${JSON.stringify(wrong)} is not an origin such as https://shop.example.`,
    );
  }
  return (origin) => origins.includes(origin);
}
