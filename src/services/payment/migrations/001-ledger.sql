create table charges (
  charge_id uuid primary key,
  charge_key text unique,
  request_hash bytea,
  outcome text not null check (outcome in ('charged', 'declined', 'voided')),
  currency_code text,
  nanos numeric(40, 0),
  card_brand text,
  card_fingerprint text,
  card_country text,
  decline_reason text,
  decline_message text,
  created_at timestamptz not null default now(),
  check (outcome <> 'charged' or (currency_code is not null and nanos >= 0 and card_fingerprint is not null)),
  check (outcome <> 'declined' or decline_reason is not null)
);

comment on column charges.nanos is 'Amount in billionths of the currency''s unit';

create table refunds (
  refund_id uuid primary key,
  charge_id uuid not null unique references charges,
  currency_code text not null,
  nanos numeric(40, 0) not null,
  reason text not null,
  created_at timestamptz not null default now()
);

-- What customers have paid and not got back, by currency.
create view balance as
  select charges.currency_code, sum(charges.nanos) as charged_nanos, coalesce(sum(refunds.nanos), 0) as refunded_nanos,
    sum(charges.nanos) - coalesce(sum(refunds.nanos), 0) as nanos
  from charges left join refunds using (charge_id)
  where charges.outcome = 'charged'
  group by charges.currency_code;
