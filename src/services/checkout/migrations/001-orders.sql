create table orders (
  order_id text primary key,
  user_id text not null,
  idempotency_key text,
  request_hash bytea not null,
  state text not null check (state in ('pending', 'charged', 'placed', 'declined', 'refunding', 'refunded')),
  owner int not null,
  attempts int not null default 0,
  next_attempt_at timestamptz,
  email text not null,
  result bytea not null,
  total_currency_code text not null,
  total_nanos numeric(40, 0) not null,
  propagated jsonb not null,
  transaction_id text,
  card_fingerprint text,
  card_country text,
  failure_reason text,
  failure_message text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  placed_at timestamptz,
  unique (user_id, idempotency_key)
);

comment on column orders.result is 'oteldemo.OrderResult';
comment on column orders.owner is 'Number of the process that moves the order on, which holds the advisory lock of that number';

create index orders_in_progress on orders (updated_at) where state in ('pending', 'charged', 'refunding');
create index orders_placed on orders (user_id, placed_at desc) where state = 'placed';

create table outbox (
  id bigint generated always as identity primary key,
  topic text not null,
  key text not null,
  value bytea not null,
  headers jsonb not null,
  created_at timestamptz not null default now(),
  attempts int not null default 0,
  next_attempt_at timestamptz not null default now(),
  last_error text
);

create index on outbox (topic, id);
create index on outbox (topic, key, id);
