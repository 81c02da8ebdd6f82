create table verdicts (
  order_id text primary key,
  user_id text,
  card_fingerprint text,
  card_country text,
  address_country text,
  currency_code text not null,
  nanos numeric(40, 0) not null,
  ordered_at timestamptz not null,
  points int not null,
  verdict text not null check (verdict in ('accept', 'review', 'reject')),
  reasons jsonb not null,
  scored_at timestamptz not null default now()
);

create index on verdicts (user_id, ordered_at);
create index on verdicts (card_fingerprint, ordered_at);
