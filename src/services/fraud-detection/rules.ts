/** What the rules look at. Where a fact is not known, the rules that need it do not speak. */
export interface Facts {
  /** Orders of the same user in the last {@link velocityWindowMinutes}, this one included. */
  readonly ordersOfUser: number | undefined;
  /** Orders with the same card in the last {@link velocityWindowMinutes}, this one included. */
  readonly ordersWithCard: number | undefined;
  /** Different users that ever ordered with the same card, this one included. */
  readonly usersOfCard: number | undefined;
  /** The order's value in its currency, for comparison only. */
  readonly amount: number;
  /** Earlier orders of the same user in the same currency. */
  readonly history: { readonly count: number; readonly mean: number; readonly deviation: number } | undefined;
  /** ISO 3166-1 alpha-2. */
  readonly cardCountry: string | undefined;
  readonly addressCountry: string | undefined;
}

export type RuleName = "user-velocity" | "card-velocity" | "shared-card" | "unusual-amount" | "country-mismatch";

/** Why an order looks suspicious. */
export interface Reason {
  readonly rule: RuleName;
  readonly points: number;
  readonly explanation: string;
}

export interface Score {
  /** 0 to 100. */
  readonly points: number;
  readonly verdict: "accept" | "review" | "reject";
  readonly reasons: readonly Reason[];
}

export const velocityWindowMinutes = 10;

const reviewFrom = 40;
const rejectFrom = 80;

const manyOrdersOfUser = 5;
const manyOrdersWithCard = 5;
const manyUsersOfCard = 3;
/** An amount is unusual this many standard deviations, and this many times, above the mean of so many orders. */
const unusual = { deviations: 3, times: 3, leastHistory: 5 };

/** The sum of what each rule adds, at most 100. */
export function scoreOrder(facts: Facts): Score {
  const reasons = [userVelocity, cardVelocity, sharedCard, unusualAmount, countryMismatch].flatMap(
    (rule) => rule(facts) ?? [],
  );
  const points = Math.min(
    100,
    reasons.reduce((total, reason) => total + reason.points, 0),
  );
  const verdict = points >= rejectFrom ? "reject" : points >= reviewFrom ? "review" : "accept";
  return { points, verdict, reasons };
}

function userVelocity({ ordersOfUser }: Facts): Reason | undefined {
  if (ordersOfUser === undefined || ordersOfUser < manyOrdersOfUser) return undefined;
  return {
    rule: "user-velocity",
    points: 40,
    explanation: `${ordersOfUser} orders of this user within ${velocityWindowMinutes} minutes`,
  };
}

function cardVelocity({ ordersWithCard }: Facts): Reason | undefined {
  if (ordersWithCard === undefined || ordersWithCard < manyOrdersWithCard) return undefined;
  return {
    rule: "card-velocity",
    points: 30,
    explanation: `${ordersWithCard} orders with this card within ${velocityWindowMinutes} minutes`,
  };
}

function sharedCard({ usersOfCard }: Facts): Reason | undefined {
  if (usersOfCard === undefined || usersOfCard < manyUsersOfCard) return undefined;
  return { rule: "shared-card", points: 20, explanation: `${usersOfCard} users have ordered with this card` };
}

function unusualAmount({ amount, history }: Facts): Reason | undefined {
  if (history === undefined || history.count < unusual.leastHistory) return undefined;
  const isFarOut = amount > history.mean + unusual.deviations * history.deviation;
  if (!isFarOut || amount <= history.mean * unusual.times) return undefined;
  const times = (amount / history.mean).toFixed(1);
  return {
    rule: "unusual-amount",
    points: 40,
    explanation: `${times} times the mean of the user's ${history.count} earlier orders in this currency`,
  };
}

function countryMismatch({ cardCountry, addressCountry }: Facts): Reason | undefined {
  if (cardCountry === undefined || addressCountry === undefined || cardCountry === addressCountry) return undefined;
  return {
    rule: "country-mismatch",
    points: 40,
    explanation: `The card is from ${cardCountry}, the address in ${addressCountry}`,
  };
}
