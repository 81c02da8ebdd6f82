/** The store will not answer what was asked; the message tells the asker why. */
export class Refusal extends Error {
  override readonly name = "Refusal";
}
