import { NativeSelect, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import type { ReactNode } from "react";
import styles from "./checkout-form.module.css";
import { type CheckoutValues, expirationYears, groupCardNumber } from "./checkout-values.ts";

const months = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
].map((label, index) => ({ label, value: String(index + 1) }));

export const checkoutFormId = "checkout";

type CheckoutFormProps = {
  readonly form: UseFormReturnType<CheckoutValues>;
  readonly onSubmit: (values: CheckoutValues) => void;
  readonly disabled: boolean;
  /** What the shop said about the card, shown above its fields. */
  readonly cardNotice: ReactNode;
};

/** Where the order goes and how it is paid. Its button stands beside the total and names this form. */
export function CheckoutForm({ form, onSubmit, disabled, cardNotice }: CheckoutFormProps) {
  const field = (name: keyof CheckoutValues) => ({ ...form.getInputProps(name), name, disabled, size: "md" as const });
  const submit = form.onSubmit(onSubmit, (errors) => {
    const first = (Object.keys(form.values) as (keyof CheckoutValues)[]).find((name) => errors[name]);
    if (first) form.getInputNode(first)?.focus();
  });
  return (
    <form id={checkoutFormId} className={styles.form} onSubmit={submit} noValidate>
      <fieldset className={styles.group}>
        <legend>Ship to</legend>
        <div className={styles.fields}>
          <TextInput
            {...field("email")}
            id="email"
            type="email"
            label="E-mail address"
            autoComplete="email"
            required
            withAsterisk={false}
            className={styles.wide}
          />
          <TextInput
            {...field("streetAddress")}
            id="street_address"
            label="Street address"
            autoComplete="street-address"
            required
            withAsterisk={false}
            className={styles.wide}
          />
          <TextInput
            {...field("zipCode")}
            id="zip_code"
            label="ZIP code"
            autoComplete="postal-code"
            required
            withAsterisk={false}
          />
          <TextInput
            {...field("city")}
            id="city"
            label="City"
            autoComplete="address-level2"
            required
            withAsterisk={false}
          />
          <TextInput {...field("state")} id="state" label="State (optional)" autoComplete="address-level1" />
          <TextInput
            {...field("country")}
            id="country"
            label="Country"
            autoComplete="country-name"
            required
            withAsterisk={false}
          />
        </div>
      </fieldset>
      <fieldset className={styles.group}>
        <legend>Pay with</legend>
        {cardNotice}
        <div className={styles.fields}>
          <TextInput
            {...field("creditCardNumber")}
            id="credit_card_number"
            label="Card number"
            placeholder="0000-0000-0000-0000"
            inputMode="numeric"
            autoComplete="cc-number"
            maxLength={30}
            required
            withAsterisk={false}
            className={styles.wide}
            onBlur={(event) => form.setFieldValue("creditCardNumber", groupCardNumber(event.currentTarget.value))}
          />
          <div className={styles.card}>
            <NativeSelect
              {...field("creditCardExpirationMonth")}
              id="credit_card_expiration_month"
              label="Expires, month"
              data={months}
              autoComplete="cc-exp-month"
            />
            <NativeSelect
              {...field("creditCardExpirationYear")}
              id="credit_card_expiration_year"
              label="Year"
              data={expirationYears(new Date())}
              autoComplete="cc-exp-year"
            />
            <TextInput
              {...field("creditCardCvv")}
              id="credit_card_cvv"
              type="password"
              label="CVV"
              inputMode="numeric"
              autoComplete="cc-csc"
              maxLength={4}
              required
              withAsterisk={false}
            />
          </div>
        </div>
      </fieldset>
    </form>
  );
}
