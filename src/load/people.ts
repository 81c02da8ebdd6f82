/** Somebody who orders, in the fields of the web API. */
export interface Person {
  readonly email: string;
  readonly userCurrency: string;
  readonly address: {
    readonly streetAddress: string;
    readonly zipCode: string;
    readonly city: string;
    readonly state: string;
    readonly country: string;
  };
  readonly creditCard: {
    readonly creditCardNumber: string;
    readonly creditCardExpirationMonth: number;
    readonly creditCardExpirationYear: number;
    readonly creditCardCvv: number;
  };
}

type Row = readonly [
  email: string,
  street: string,
  zip: string,
  city: string,
  state: string,
  card: string,
  cvv: number,
];

/** Nobody of these exists: the cards are Visa's by number and Luhn's check digit only, the addresses are made up. */
const americans: readonly Row[] = [
  ["vera.halley", "17 Comet Lane", "85719", "Tucson", "AZ", "4000-1112-2233-3442", 118],
  ["tobias.orion", "402 Belt Street", "96720", "Hilo", "HI", "4012-8807-7665-5410", 274],
  ["ines.cassiopeia", "9 Throne Court", "79734", "Fort Davis", "TX", "4024-0071-9283-7465", 391],
  ["samuel.parallax", "2838 Baseline Road", "80302", "Boulder", "CO", "4117-5301-9264-8572", 452],
  ["mina.perihelion", "61 Ellipse Avenue", "22903", "Charlottesville", "VA", "4417-0028-3746-5199", 538],
  ["leo.analemma", "730 Meridian Way", "86001", "Flagstaff", "AZ", "4532-7711-0293-8474", 609],
  ["greta.albedo", "5 Moonrise Terrace", "04609", "Bar Harbor", "ME", "4556-9288-3746-1203", 777],
  ["hugo.zenith", "1180 Summit Drive", "95140", "Mount Hamilton", "CA", "4716-1102-9384-7566", 845],
];

/** The only one whom slow shipping abroad concerns. */
const canadian: Row = [
  "noor.aurora",
  "88 Northern Lights Road",
  "X1A 2N6",
  "Yellowknife",
  "NT",
  "4916-5647-3829-1012",
  963,
];

function person([name, streetAddress, zipCode, city, state, creditCardNumber, creditCardCvv]: Row, index: number) {
  return {
    email: `${name}@example.com`,
    userCurrency: "USD",
    address: { streetAddress, zipCode, city, state, country: "United States" },
    creditCard: {
      creditCardNumber,
      creditCardExpirationMonth: index + 1,
      creditCardExpirationYear: 2039,
      creditCardCvv,
    },
  };
}

function fromCanada(row: Row, index: number): Person {
  const made = person(row, index);
  return { ...made, userCurrency: "CAD", address: { ...made.address, country: "Canada" } };
}

/** Who orders: eight from the United States who pay in US dollars, and one from Canada, as in the OpenTelemetry Demo. */
export const people: readonly [Person, ...Person[]] = [fromCanada(canadian, 8), ...americans.map(person)];
